"""The map of a story: its tree as lists and as a drawing, both leading to every part."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from dream.service import Service
from dream.store import models
from dream.web.pages.tree import Place, walk
from tests.web.reading import begin, post


def scene(id_: str, parent: str | None = None) -> models.Scene:
    return models.Scene(id=id_, parent_id=parent, direction="", text="")


def drawn(scenes: list[models.Scene]) -> str:
    return "".join(f"<li>{step.scene.id}" if isinstance(step, Place) else step for step in walk(scenes))


def test_a_story_told_straight_on_is_one_list() -> None:
    assert drawn([scene("a"), scene("b", "a"), scene("c", "b")]) == "<ol><li>a</li><li>b</li><li>c</li></ol>"


def test_ways_nest_where_the_story_forks() -> None:
    scenes = [scene("a"), scene("b", "a"), scene("c", "a"), scene("d", "b")]
    ways = "<ul><li><ol><li>b</li><li>d</li></ol></li><li><ol><li>c</li></ol></li></ul>"
    assert drawn(scenes) == f"<ol><li>a{ways}</li></ol>"
    assert drawn([scene("a"), scene("b")]) == "<ul><li><ol><li>a</li></ol></li><li><ol><li>b</li></ol></li></ul>"


def test_each_way_has_a_column_of_its_own() -> None:
    scenes = [scene("a"), scene("b", "a"), scene("c", "a"), scene("d", "b"), scene("e", "b"), scene("f", "c")]
    places = {step.scene.id: (step.part, step.column) for step in walk(scenes) if isinstance(step, Place)}
    assert places == {"a": (1, 0), "b": (2, 0), "d": (3, 0), "e": (3, 1), "c": (2, 2), "f": (3, 2)}


def test_a_story_of_thousands_of_parts_has_a_map() -> None:
    scenes = [scene("0"), *(scene(str(number), str(number - 1)) for number in range(1, 5000))]
    assert [step.part for step in walk(scenes) if isinstance(step, Place)][-1] == 5000


def test_the_map_leads_to_every_part_and_marks_the_way_here(shelf: Service, reader: FlaskClient) -> None:
    _, first = begin(reader, shelf)
    scenes = [first]
    for action in ("continue", "again"):
        answer = post(reader, f"{scenes[-1]}/{action}", first, direction="The lamp goes <out>.")
        scenes.append(urlsplit(answer.location).path)
        list(shelf.log.follow(scenes[-1].rsplit("/", 1)[1]))
    read = reader.get(scenes[1]).text
    assert f'href="{scenes[1]}/map"' in read
    assert re.search(rf'class="back" href="{scenes[0]}#scene-\w+">Undo, back to the part before</a>', read)
    assert re.search(rf'href="{scenes[0]}#scene-\w+">Branch from here</a>', read)
    page = reader.get(f"{scenes[1]}/map").text
    drawing, listed = page.split("</svg>")
    for address in scenes:
        assert f'href="{address}#scene-' in drawing
        assert f'href="{address}#scene-' in listed
    assert re.findall(r'<a href="([^"#]+)#[^"]+" aria-current="page">', listed) == [scenes[1]]
    assert re.findall(r'<a class="(\w+)" href="([^"#]+)#', drawing) == [("way", scenes[0]), ("here", scenes[1])]
    assert "The lamp goes &lt;out&gt;." in listed
    assert reader.application.test_client().get(f"{scenes[1]}/map").status_code == 404
