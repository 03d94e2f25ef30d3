"""The pages as a browser without scripts gets them."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from dream.language.sentences import Span, sentences
from dream.service import Service
from dream.store import models
from dream.storytelling.prose import Run, Tied, runs
from dream.web import build_app
from dream.web.pages import assets
from tests.accounts.test_gate import account
from tests.conftest import TALES, OpenService
from tests.fakes.client import FakeUpstream
from tests.web.reading import PREMISE, WORKS, begin, post, text_of


def test_home_asks_one_question_and_offers_three_beginnings_from_the_shelf(shelf: Service, reader: FlaskClient) -> None:
    home = reader.get("/").text
    assert home.count("<h1>") == 1
    assert "Told by dream’s own loom" in home
    corpus = shelf.corpus(None)
    summaries = {work.summary for work in shelf.library.works.works(corpus.id) if work.language == "en"}
    offered = re.findall(r'<a href="([^"]+)" data-premise>(.*?)</a>', home)
    assert len(offered) == 3
    assert {unescape(premise) for _, premise in offered} == summaries
    for address, premise in offered:
        assert parse_qs(urlsplit(unescape(address)).query) == {"premise": [unescape(premise)]}
        assert f">{premise}</textarea>" in reader.get(unescape(address)).text
    korean = reader.get("/", headers={"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"}).text
    assert '<li lang="ko"><a href="/?premise=' in korean
    reader.set_cookie("look", "..ko")
    assert '<li lang="ko"><a href="/?premise=' in reader.get("/", headers={"Accept-Language": "en"}).text


def test_an_empty_shelf_is_said_plainly(service: Service) -> None:
    reader = build_app(service).test_client()
    assert "This shelf is still empty" in reader.get("/").text
    assert "The shelf is empty" in reader.get("/works").text
    story, _ = begin(reader, service)
    told = reader.get(story).text
    assert '<p class="none">Nothing on the shelf fits: this is told from your words alone.</p>' in told


def test_a_shelf_that_is_not_there_is_said_with_what_was_typed(reader: FlaskClient) -> None:
    refused = post(reader, "/", premise=PREMISE, corpus="nowhere")
    assert refused.status_code == 404
    assert "There is no corpus named nowhere" in refused.text
    assert f">{PREMISE}</textarea>" in refused.text


def test_the_shelf_that_a_story_draws_on_is_the_one_that_was_chosen(shelf: Service, reader: FlaskClient) -> None:
    assert "Which shelf" not in reader.get("/").text
    shelf.library.corpora.make("empty", "Empty", account(shelf, "mara").id, public=True)
    for name in ("another", "the-last"):
        list(shelf.ingest.files([TALES / "en" / "eleven-coats.md"], name))
    for asked, chosen in {"": "starter", "?corpus=the-last": "the-last", "?corpus=empty": "empty"}.items():
        assert re.findall(r'<option value="([^"]+)" selected>', reader.get(f"/{asked}").text) == [chosen]


def test_where_the_default_shelf_is_empty_one_that_is_not_is_chosen(service: Service) -> None:
    reader = build_app(service).test_client()
    list(service.ingest.files([TALES / "en" / "eleven-coats.md"], "coats"))
    home = reader.get("/").text
    assert "This shelf is still empty" not in home
    assert '<option value="coats" selected>' in home


@pytest.mark.parametrize(
    ("fields", "at_fault", "sentence"),
    [
        ({"premise": ""}, "premise", "Please write a few words"),
        ({"premise": "?!"}, "premise", "Please write a few words"),
        ({"premise": "a bell " * 400}, "premise", "Please keep this to 2,000 characters; it has 2,800."),
        ({"premise": "A bell\x07 rings."}, "premise", "It holds control characters"),
        ({"premise": PREMISE, "hero": "h" * 201}, "hero", "Please keep this to 200 characters; it has 201."),
    ],
)
def test_a_brief_that_needs_a_change_comes_back_with_what_was_typed(
    reader: FlaskClient, fields: dict[str, str], at_fault: str, sentence: str
) -> None:
    answer = post(reader, "/", **fields, tone="wry", grounding="strict")
    assert answer.status_code == 422
    assert f'id="{at_fault}-wrong">{sentence}' in answer.text
    assert re.search(
        rf'name="{at_fault}"[^>]* aria-invalid="true" aria-describedby="{at_fault}-wrong" autofocus', answer.text
    )
    assert f">{fields['premise']}</textarea>" in answer.text
    assert 'name="tone" value="wry"' in answer.text
    assert 'value="strict" checked' in answer.text
    assert re.search(rf'<details class="wishes"{"" if at_fault == "premise" else " open"}>', answer.text)


def test_line_ends_of_a_form_count_once(reader: FlaskClient) -> None:
    assert post(reader, "/", premise="bell\r\n" * 390).status_code == 303


def test_a_told_story_names_what_each_sentence_leans_on(shelf: Service, reader: FlaskClient) -> None:
    story, address = begin(reader, shelf)
    page = reader.get(story).text
    assert 'data-state="told"' in page
    assert "noscript" not in page
    scene = shelf.library.scenes.scene(address.rsplit("/", 1)[1])
    assert scene
    prose = re.search(r'<div class="prose" lang="en">(.*?)</div>', page, re.DOTALL)
    assert prose
    unmarked = re.sub(r"<sup.*?</sup>", "", prose[1])
    shown = [text_of(paragraph) for paragraph in re.findall(r"<p[^>]*>(.*?)</p>", unmarked, re.DOTALL)]
    assert "\n\n".join(shown) == scene.text
    marks = re.findall(r'<a href="#([^"]+)" data-source="\d+"', prose[1])
    assert marks
    notes = re.findall(r'<li class="[^"]*" tabindex="-1" id="([^"]+)"', page)
    assert set(marks) <= set(notes)
    passages = re.findall(r'data-slot="title" lang="en" href="(/works/\w+)#(f\d+)"', page)
    assert len(passages) == len(shelf.library.scenes.sources(scene.id))
    for work, anchor in passages:
        assert f'id="{anchor}"' in reader.get(work).text


def test_a_story_goes_on_is_told_again_and_branches(shelf: Service, reader: FlaskClient) -> None:
    story, first = begin(reader, shelf)
    answer = post(reader, f"{first}/continue", page=first, direction="The lamp goes out & stays out.")
    assert answer.status_code == 303
    second = urlsplit(answer.location).path
    list(shelf.log.follow(second.rsplit("/", 1)[1]))
    page = reader.get(second).text
    assert page.count('<article class="scene"') == 2
    assert "Part 2: <span" in page
    assert "The lamp goes out &amp; stays out." in page
    again = urlsplit(post(reader, f"{second}/again", page=second).location).path
    list(shelf.log.follow(again.rsplit("/", 1)[1]))
    page = reader.get(again).text
    assert "Told 2 times" in page
    assert f'href="{second}#scene-' in page
    shown = re.findall(r'<article class="scene" id="([^"]+)"', page)
    assert re.findall(r'<article class="scene" id="([^"]+)"', reader.get(story).text) == shown
    assert reader.get(first).text.count('<article class="scene"') == 1


def test_a_direction_that_is_too_long_comes_back(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    answer = post(reader, f"{scene}/continue", page=scene, direction="on " * 200)
    assert answer.status_code == 422
    assert 'id="direction-wrong">Please say in at most 500 characters' in answer.text
    assert f">{'on ' * 200}</textarea>" in answer.text


def test_a_story_is_found_by_its_reader_alone(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    assert story in reader.get("/").text
    stranger = reader.application.test_client()
    assert story not in stranger.get("/").text
    for address in (story, scene, f"{scene}/read"):
        assert stranger.get(address).status_code == 404
    for action in ("stop", "continue", "again"):
        refused = post(stranger, f"{scene}/{action}")
        assert refused.status_code == 404
        assert "There is no such story here" in refused.text


@pytest.mark.parametrize("ending", ["epub", "md", "txt"])
def test_a_told_story_can_be_kept_as_a_book(shelf: Service, reader: FlaskClient, ending: str) -> None:
    _, scene = begin(reader, shelf)
    assert f"{scene}/book.{ending}" in reader.get(scene).text
    kept = reader.get(f"{scene}/book.{ending}")
    assert kept.status_code == 200
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert "A%20keeper%20of%20the%20lamp" in kept.headers["Content-Disposition"]
    if ending != "epub":
        shown = text_of(reader.get(scene).text)
        assert "Ask Him on the Stairs" in kept.text or "Ask Him on the Stairs" not in shown
        assert kept.text.count(PREMISE) == 1
    assert build_app(shelf).test_client().get(f"{scene}/book.{ending}").status_code == 404
    assert reader.get(f"{scene}/book.exe").status_code == 404


def test_a_book_numbers_its_notes_through_all_its_parts(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    post(reader, f"{scene}/continue", scene, direction="The tide comes in.")
    last = shelf.library.scenes.of_story(story.removeprefix("/stories/"))[-1]
    assert [event for event in shelf.log.follow(last.id) if event][-1].name == "told"
    book = shelf.book(last.id)
    marks = [n for c in book.chapters for paragraph in c.paragraphs for run in paragraph for n in run.mark]
    assert list(dict.fromkeys(marks)) == [note.number for note in book.notes] == list(range(1, len(book.notes) + 1))
    assert [chapter.heading for chapter in book.chapters] == ["", "The tide comes in."]


def test_a_scene_of_another_story_is_not_shown_in_this_one(shelf: Service, reader: FlaskClient) -> None:
    story, _ = begin(reader, shelf)
    _, elsewhere = begin(reader, shelf)
    scene = elsewhere.rsplit("/", 1)[1]
    assert reader.get(f"{story}/scenes/{scene}").status_code == 404
    assert post(reader, f"{story}/scenes/{scene}/stop").status_code == 404


def test_what_was_written_survives_a_page_that_was_open_too_long(reader: FlaskClient) -> None:
    reader.get("/")
    refused = reader.post("/", data={"csrf_token": "old", "premise": PREMISE, "tone": "wry"})
    assert refused.status_code == 403
    assert "What you wrote is kept" in refused.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', refused.text))
    assert fields["tone"] == "wry"
    assert f">{PREMISE}</textarea>" in refused.text
    assert reader.post("/", data={**fields, "premise": PREMISE}).status_code == 303


@pytest.mark.parametrize("path", ["/nowhere", "/works/nowhere", "/stories/nowhere", "/static/nowhere/nothing.js"])
def test_what_is_not_there_is_said_on_a_page(reader: FlaskClient, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert 'href="/">Begin a story</a>' in answer.text


def test_too_large_a_form_is_answered_without_reading_it(reader: FlaskClient) -> None:
    reader.get("/")
    answer = reader.post("/", data={"premise": "a" * 300_000})
    assert answer.status_code in (403, 413)
    assert "Begin a story" in answer.text


def test_without_scripts_the_page_is_streamed_as_it_is_told(open_service: OpenService, upstream: FakeUpstream) -> None:
    pieces = ["The bell <b>rang", ".\n", "\nIt rang & rang.\n\n", "Then it ", "stopped."]
    upstream.script(pieces=pieces, after=3, latch="half")
    service = open_service(storyteller="openai", openai_base_url=upstream.base_url, model="fake")
    service.library.works.corpus_named("starter")
    reader = build_app(service).test_client()
    story = urlsplit(post(reader, "/", premise=PREMISE).location).path
    live = reader.get(story).text
    assert 'data-state="telling"' in live or 'data-state="queued"' in live
    refresh = re.search(r'<noscript><meta http-equiv="refresh" content="0; url=([^"]+)"></noscript>', live)
    assert refresh
    answer = reader.get(refresh[1])
    stream, page = answer.iter_encoded(), ""
    while "It rang" not in page:
        page += next(stream).decode()
    assert 'stop"' in page
    assert "Continue" not in page
    upstream.release("half")
    rest = b"".join(stream).decode()
    page += rest
    assert "<p>The bell &lt;b&gt;rang.</p>\n<p>It rang &amp; rang.</p>\n<p>Then it stopped.</p>" in page
    assert 'data-state="told"' in rest
    assert 'Told by <span data-slot="teller">fake</span>' in rest
    assert "Continue" in rest
    assert rest.count('name="direction" value="') == 3
    answer.close()
    assert reader.get(refresh[1]).status_code == 302


def test_streamed_pages_and_event_streams_share_the_seats(open_service: OpenService, upstream: FakeUpstream) -> None:
    upstream.script(after=1, latch="half")
    service = open_service(storyteller="openai", openai_base_url=upstream.base_url, model="fake", followers=1)
    service.library.works.corpus_named("starter")
    reader = build_app(service).test_client()
    story = urlsplit(post(reader, "/", premise=PREMISE).location).path
    scene = service.library.scenes.of_story(story.removeprefix("/stories/"))[-1]
    held = reader.get(f"{story}/scenes/{scene.id}/read", buffered=False)
    crowded = reader.get(f"{story}/scenes/{scene.id}/read")
    assert crowded.status_code == 503
    assert crowded.headers["Retry-After"]
    assert "Try again" in crowded.text
    held.close()
    upstream.release("half")
    assert 'data-state="told"' in reader.get(f"{story}/scenes/{scene.id}/read", follow_redirects=True).text


def test_a_withdrawn_inspiration_is_gone_from_stories_told_before(shelf: Service, reader: FlaskClient) -> None:
    story, address = begin(reader, shelf)
    cited = shelf.sources.of(address.rsplit("/", 1)[1])[0]["work"]
    assert cited["title"] in reader.get(story).text
    with shelf.database.write() as session:
        session.execute(update(models.Work).where(models.Work.id == cited["id"]).values(live_version_id=None))
    page = reader.get(story).text
    assert "An inspiration that its author has taken back." in page
    assert cited["title"] not in page
    assert reader.get(f"/works/{cited['id']}").status_code == 404


def test_a_work_is_shown_whole_with_an_anchor_for_each_fragment(shelf: Service, reader: FlaskClient) -> None:
    listed = re.findall(r'href="(/works/\w+)"', reader.get("/works").text)
    assert len(listed) == len(WORKS)
    for address in listed:
        page = reader.get(address).text
        work = shelf.library.works.work(address.rsplit("/", 1)[1])
        assert work
        assert work.live_version_id
        prose = re.search(r'<div class="prose" lang="(\w+)">(.*?)</div>', page, re.DOTALL)
        assert prose
        assert prose[1] == work.language
        paragraphs = [text_of(paragraph) for paragraph in re.findall(r"<p[^>]*>(.*?)</p>", prose[2], re.DOTALL)]
        assert "\n\n".join(paragraphs) == shelf.library.works.text(work.live_version_id).strip()
        anchors = re.findall(r'id="f(\d+)"', page)
        fragments = shelf.library.fragments.of(work.live_version_id)
        assert [int(anchor) for anchor in anchors] == [fragment.position for fragment in fragments]


def test_no_page_has_style_or_script_inside(shelf: Service, reader: FlaskClient) -> None:
    story, _ = begin(reader, shelf)
    for path in ("/", story, "/works", "/nowhere"):
        page = reader.get(path).text
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]* src=)|\son\w+=", page)


def test_static_files_are_kept_for_ever_under_their_own_build_only(reader: FlaskClient) -> None:
    address = re.search(r'href="(/static/[^"]+\.css)"', reader.get("/").text)
    assert address
    with reader.get(address[1]) as own:
        assert "immutable" in own.headers["Cache-Control"]
    with reader.get(address[1].replace(assets.build(), "0" * 12)) as other:
        assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-cache")
    assert reader.get(f"/static/{assets.build()}/..%2f..%2fauth.py").status_code == 404


TEXT = "One 🌊 came. Two came. Three came.\n\nFour came, and five."


def test_runs_join_to_the_text_and_neighbours_share_a_mark() -> None:
    one, two, three, four = sentences(TEXT)
    ties = [Tied(*one, (1,)), Tied(*two, (1,)), Tied(*three, (2, 1)), Tied(*four, (3,))]
    [first, second] = runs(TEXT, ties, [])
    assert "".join(run.text for run in first) == TEXT[: three.end]
    assert [(run.text, run.mark) for run in first if run.mark] == [("Two came.", (1,)), ("Three came.", (2, 1))]
    assert second == [Run("Four came, and five.", (3,), mark=(3,))]


def test_a_copied_run_may_end_inside_a_sentence_and_begin_in_another() -> None:
    one, two, *_ = sentences(TEXT)
    [first, _] = runs(TEXT, [Tied(*two, (4,))], [Span(one.start + 4, two.start + 3)])
    assert first == [
        Run("One "),
        Run("🌊 came. ", copied=True),
        Run("Two", (4,), copied=True),
        Run(" came.", (4,), mark=(4,)),
        Run(" Three came."),
    ]
