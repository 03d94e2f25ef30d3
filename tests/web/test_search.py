"""The search page as a browser without scripts gets it, and the search of the API."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from dream.service import Service
from dream.web import build_app
from dream.web.pages.excerpt import excerpt
from tests.retrieval.test_retriever import WHATEVER

QUERY = "the keeper of the lamp"


@pytest.fixture
def reader(stocked: Service) -> FlaskClient:
    return build_app(stocked).test_client()


def page(reader: FlaskClient, status: int = 200, **query: Any) -> str:
    answer = reader.get("/search", query_string=query)
    assert answer.status_code == status
    return answer.text


def titles(html: str) -> list[str]:
    return [unescape(title) for title in re.findall(r"<h3[^>]*><a[^>]*>(.*?)</a>", html)]


def test_every_page_leads_to_search(reader: FlaskClient) -> None:
    assert '<a href="/search">Search</a>' in reader.get("/").text


def test_an_empty_search_says_what_to_do(reader: FlaskClient) -> None:
    html = page(reader)
    assert "There are 4 works to look through." in html
    assert " autofocus" in html
    assert titles(html) == []


def test_passages_come_with_their_work_and_the_words_they_were_found_by(reader: FlaskClient) -> None:
    html = page(reader, q=QUERY)
    assert titles(html)[0] == "Ask Him on the Stairs"
    assert re.search(r"<mark>lamp</mark>", html)
    assert "Found by its words: " in html
    assert f'value="{QUERY}"' in html
    address, anchor = re.findall(r'<h3[^>]*><a href="(/works/\w+)#(f\d+)"', html)[0]
    assert f'id="{anchor}"' in reader.get(address).text
    assert "CC0-1.0" in html
    assert 'class="stages"' not in html


def test_why_a_passage_was_found_is_said_in_korean_and_names_no_meaning_where_none_was_heard(
    reader: FlaskClient,
) -> None:
    def reasons(query: str) -> str:
        answer = reader.get("/search", query_string={"q": query}, headers={"Accept-Language": "ko"})
        return " ".join(re.findall(r'<p class="why"><span>(.*?)</span>', answer.text))

    assert "낱말로 찾았습니다: " in reasons("서로 말을 모르는 두 뱃사공")
    assert "뜻" not in reasons("서로 말을 모르는 두 뱃사공")
    assert "뜻" in reasons(QUERY)


def test_the_steps_scores_are_shown_to_who_asks_in_their_own_words(reader: FlaskClient) -> None:
    html = page(reader, q=QUERY, stages=1)
    assert "<dt>each word’s nearest, rare words first</dt>" in html
    assert 'name="stages" value="1" checked' in html
    korean = reader.get("/search", query_string={"q": QUERY, "stages": 1}, headers={"Accept-Language": "ko"}).text
    named = re.findall("<dt>(.*?)</dt>", korean)
    assert "앞뒤까지 본 낱말" in named
    assert not re.search("[a-z]", "".join(named))


def test_pages_follow_each_other_without_gap_or_repetition(stocked: Service, reader: FlaskClient) -> None:
    hits = stocked.search(QUERY, limit=200).hits
    assert len(hits) > 10
    shown: list[str] = []
    address: str | None = f"/search?q={QUERY}"
    while address:
        html = reader.get(address).text
        assert f'<ol class="hits" start="{len(shown) + 1}">' in html
        shown += re.findall(r'<h3[^>]*><a href="/works/(\w+#f\d+)"', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        address = unescape(following[1]) if following else None
    assert shown == [f"{hit.fragment.work_id}#f{hit.fragment.position}" for hit in hits]
    html = page(reader, q=QUERY, page=9)
    assert "There is nothing more that fits." in html
    assert 'rel="prev"' in html


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999", "٣"])
def test_a_page_that_is_none_is_the_nearest(reader: FlaskClient, number: str) -> None:
    page(reader, q=QUERY, page=number)


def test_filters_keep_to_a_work_a_language_and_a_licence(stocked: Service, reader: FlaskClient) -> None:
    work = next(w for w in stocked.library.works.works(stocked.corpus(None).id) if w.title == "Eleven Coats")
    html = page(reader, q="a lamp and a coat", work=work.id)
    assert set(titles(html)) == {"Eleven Coats"}
    assert f'<option value="{work.id}" selected>Eleven Coats</option>' in html
    assert "Look on the whole shelf" in html
    assert set(titles(page(reader, q="a ferryman, 뱃사공", language="ko"))) == {"짧은 노"}
    html = page(reader, q=QUERY, licence="none such")
    assert "Nothing there fits that." in html
    assert 'name="licence" value="none such"' in html


def test_what_nothing_fits_is_said(reader: FlaskClient) -> None:
    assert "Nothing on this shelf fits that." in page(reader, q="qwzx vbnm")
    assert "Please write a word or two." in page(reader, q="?!")


def test_what_is_too_long_is_looked_for_in_part(reader: FlaskClient) -> None:
    html = page(reader, q="lamp " * 4000)
    assert "Only the first 500 characters were looked for." in html
    assert titles(html)


def test_a_shelf_that_is_not_there_is_said_with_what_was_typed(reader: FlaskClient) -> None:
    html = page(reader, 404, q=QUERY, corpus="nowhere")
    assert "There is no corpus named nowhere" in html
    assert f'value="{QUERY}"' in html


def test_what_is_typed_is_shown_as_typed(reader: FlaskClient) -> None:
    html = page(reader, q='"><script>lamp</script>', work="'\"<b>")
    assert "<script>" not in html
    assert "<b>" not in html


def test_a_search_by_words_alone_says_so(service: Service) -> None:
    reader = build_app(service).test_client()
    assert "This shelf is still empty" in page(reader, q=QUERY)
    path = service.settings.home / "lamp.txt"
    path.write_text("The lamp at Cold Point.")
    list(service.ingest.files([path], "starter"))
    assert "Found by words alone" in page(reader, q="lamp")


def test_a_search_with_a_part_of_the_index_gone_says_so(stocked: Service, reader: FlaskClient) -> None:
    stocked.mending.close()
    with stocked.database.write() as session:
        session.execute(text("DELETE FROM postings"))
    html = page(reader, q=QUERY)
    assert "A part of the index is being made anew" in html
    assert titles(html)[0] == "Ask Him on the Stairs"


def test_the_api_pages_and_names_the_next(stocked: Service, reader: FlaskClient) -> None:
    found: list[str] = []
    offset: int | None = 0
    while offset is not None:
        answer = reader.get("/api/v1/search", query_string={"q": QUERY, "limit": 7, "offset": offset}).json
        assert answer
        found += [hit["fragment"] for hit in answer["hits"]]
        offset = answer["next"]
    assert found == [hit.fragment.id for hit in stocked.search(QUERY, limit=200).hits]


@pytest.mark.parametrize(
    ("query", "note"),
    [
        (QUERY, None),
        ("?!", "Please write a word or two."),
        ("qwzx vbnm", "Nothing on this shelf fits that."),
        ("lamp " * 4000, "Only the first 4,800 characters were looked for."),
    ],
    ids=["found", "no word", "nothing", "long"],
)
def test_the_api_says_why_there_is_nothing_or_less(reader: FlaskClient, query: str, note: str | None) -> None:
    answer = reader.get("/api/v1/search", query_string={"q": query}).json
    assert answer
    assert answer["note"] == note
    assert reader.get("/api/v1/search", query_string={"q": "x" * 100_001}).status_code == 422


def test_the_api_says_what_is_missing(stocked: Service, reader: FlaskClient) -> None:
    stocked.mending.close()
    with stocked.database.write() as session:
        session.execute(text("DELETE FROM postings"))
    answer = reader.get("/api/v1/search", query_string={"q": QUERY}).json
    assert answer
    assert answer["missing"] == ["words"]
    assert answer["note"].startswith("A part of the index is being made anew")
    assert answer["hits"]


@pytest.mark.parametrize(
    ("passage", "spans", "shown"),
    [
        ("A lamp.", [(2, 6)], "A [lamp]."),
        ("A lamp.", [], "A lamp."),
        ("", [], ""),
        ("뱃사공이", [(0, 2), (1, 3), (2, 4)], "[뱃사공이]"),
        ("so " * 30 + "the lamp went out" + " so" * 30, [(94, 98)], "… the [lamp] went out so so so so so so …"),
        ("x" * 200, [], "x" * 40 + " …"),
        ("x" * 100 + "lamp" + "x" * 100, [(100, 104)], "… xxxxxx[lamp]" + "x" * 30 + " …"),
    ],
)
def test_an_excerpt_is_where_the_words_are(passage: str, spans: list[tuple[int, int]], shown: str) -> None:
    stretches = excerpt(passage, spans, 40)
    assert "".join(f"[{one.text}]" if one.marked else one.text for one in stretches) == shown


@pytest.mark.parametrize("query", WHATEVER, ids=range(len(WHATEVER)))
def test_whatever_is_typed_has_an_answer_that_says_something(reader: FlaskClient, query: str) -> None:
    html = page(reader, q=query)
    said = ("fits that", "Please write a word or two", "There are 4 works")
    assert titles(html) or any(sentence in html for sentence in said)
    assert "being made anew" not in html
    answer = reader.get("/api/v1/search", query_string={"q": query})
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["hits"] or answer.json["note"]
