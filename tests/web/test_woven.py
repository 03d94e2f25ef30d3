"""What a story is woven from: shares of works and authors, counted from its threads."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from dream.service import Service
from dream.store import models
from dream.storytelling.influence import Origin, Told, influences
from tests.web.reading import begin, text_of

ONE, TWO = Origin("1", "One", "Ann"), Origin("2", "Two", "Ann")
THREE = Origin("3", "Three", "Bo")


def thread(start: int, end: int, rank: int, fragment: str, strength: float) -> models.Thread:
    return models.Thread(start=start, end=end, rank=rank, fragment_id=fragment, strength=strength)


def test_a_sentence_gives_each_work_as_much_as_it_leans_on_it() -> None:
    origins = {"a": ONE, "b": ONE, "c": TWO, "d": THREE}
    first = Told(100, [thread(0, 50, 1, "a", 0.5), thread(0, 50, 2, "c", 0.25)], origins)
    second = Told(100, [thread(0, 20, 1, "d", 1.0), thread(40, 60, 1, "a", 0.5), thread(40, 60, 2, "b", 0.5)], origins)
    found = influences([first, second])
    shares = {work.origin: (work.share, work.parts) for work in found.works}
    assert shares == {ONE: (0.225, [1, 2]), THREE: (0.1, [2]), TWO: (0.0625, [1])}
    assert [work.origin for work in found.works] == [ONE, THREE, TWO]
    assert found.authors == [("Ann", 0.2875), ("Bo", 0.1)]
    assert found.own == pytest.approx(0.6125)
    assert found.parts == [0, 0.5]
    [third] = found.works[1].stretches
    assert (third.start, third.end, third.strength) == (0.5, 0.6, 1.0)


def test_a_sentence_never_gives_more_than_all_of_itself() -> None:
    found = influences([Told(10, [thread(0, 10, 1, "a", 0.9), thread(0, 10, 2, "c", 0.9)], {"a": ONE, "c": TWO})])
    assert [work.share for work in found.works] == [0.5, 0.5]
    assert found.own == 0


def test_a_story_that_leans_on_nothing_is_its_own() -> None:
    found = influences([Told(0, [], {}), Told(10, [], {})])
    assert (found.works, found.authors, found.own) == ([], [], 1.0)


def test_the_page_names_each_work_with_its_share_and_course(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    assert f'href="{scene}/woven"' in reader.get(scene).text
    page = reader.get(f"{scene}/woven").text
    listed = page[page.index('<ol class="weave">') : page.index("</ol>")]
    shares = [int(share) for share in re.findall(r'<p class="share">(\d+) %', listed)]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == listed.count("<svg") == len(re.findall(r'href="/works/', listed))
    sentences = sum(int(count) for count in re.findall(r"(\d+) sentences? leans? on it", text_of(listed)))
    assert sentences == listed.count("<rect") > 0
    assert reader.application.test_client().get(f"{scene}/woven").status_code == 404


def test_what_was_taken_back_is_not_named(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    title = re.findall(r'<h2><a lang="en" href="/works/\w+">(.*?)</a>', reader.get(f"{scene}/woven").text)[0]
    with shelf.database.write() as session:
        session.execute(update(models.Work).where(models.Work.title == title).values(live_version_id=None))
    page = reader.get(f"{scene}/woven").text
    assert "An inspiration that its author has taken back" in page
    assert title not in page
