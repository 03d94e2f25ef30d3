"""Search: passages of a shelf that fit a query, with the words they were found by."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from dream.errors import CorpusMissing
from dream.retrieval.fragment import Hit
from dream.retrieval.retriever import Filters, Found
from dream.store.library.works import Shelf
from dream.web.access import needs
from dream.web.auth import actor
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.excerpt import LENGTH, LENGTHS, Stretch, excerpt
from dream.wording import worded

LONGEST_QUERY = 500
"""Characters that are looked for; an address cannot hold many more."""
A_PAGE, MOST_PAGES = 10, 10
MOST_WORKS = 200
"""Works that a list to choose from may have; of larger shelves, a work is chosen at one of its passages."""

STEPS = {
    "score": worded("score"),
    "words": worded("words"),
    "words_window": worded("words close together"),
    "words_pairs": worded("pairs of words"),
    "words_local": worded("words, among its work’s passages"),
    "words_work": worded("words of the whole work"),
    "words_around": worded("words with what stands around"),
    "work_words": worded("words of its work’s best passage"),
    "work_words_window": worded("words close together in its work’s best stretch"),
    "place": worded("how early in its work"),
    "meaning": worded("meaning"),
    "meaning_window": worded("meaning of its best stretch"),
    "work_meaning": worded("meaning of its work’s best passage"),
    "work_meaning_window": worded("meaning of its work’s best stretch"),
    "late": worded("each word’s nearest"),
    "late_weighted": worded("each word’s nearest, rare words first"),
    "late_window": worded("each word’s nearest in one stretch"),
    "late_work": worded("each word’s nearest in the work"),
    "late_around": worded("each word’s nearest, around it too"),
    "late_plain": worded("each word’s nearest, names left out"),
    "late_last": worded("the last words’ nearest"),
    "work_late_names": worded("each name’s nearest in the work"),
    "work_late_weighted": worded("each word’s nearest in its work’s best passage, rare words first"),
    "work_late_window": worded("each word’s nearest in its work’s best stretch"),
    "work_late_around": worded("each word’s nearest in its work’s best passage, around it too"),
}
"""What the steps of a search are called for readers, by the names of their columns."""

LANGUAGES = {"en": "English", "ko": "한국어"}
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; "" for any."""

    query: str
    whole: bool
    corpus: str
    work: str
    language: str
    licence: str
    page: int
    stages: bool

    @property
    def filters(self) -> Filters:
        return Filters(self.work or None, self.language or None, self.licence or None)

    @property
    def address(self) -> dict[str, str]:
        """The parameters of this search without its page."""
        named = {name: getattr(self, name) for name in ("corpus", "work", "language", "licence")}
        given = {name: value for name, value in named.items() if value}
        return {"q": self.query, **given, **({"stages": "1"} if self.stages else {})}


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit as the page shows it."""

    hit: Hit
    excerpt: list[Stretch]

    @property
    def reasons(self) -> list[str]:
        words, meant = self.hit.words, {"meaning", "late"} & self.hit.reasons.keys()
        by_words = [gettext("Found by its words: %(words)s.", words=", ".join(words))] if words else []
        return [*by_words, *([gettext("Found by its meaning.")] if meant else [])]


@pages.get("/search")
@needs("read")
def search() -> ResponseReturnValue:
    asked = _asked()
    shelves = [shelf for shelf in service().library.corpora.shelves(actor()) if shelf.works]
    try:
        corpus = service().corpus(asked.corpus or None, actor())
        found = _found(asked) if _LETTER.search(asked.query) else None
        missing = ""
    except CorpusMissing as error:
        corpus, found, missing = None, None, error.sentence
    shelf = next((shelf for shelf in shelves if corpus and shelf.id == corpus.id), None)
    hits = list(found.hits[(asked.page - 1) * A_PAGE :]) if found else []
    shown = {
        "asked": asked, "missing": missing, "shelves": shelves, "shelf": shelf,
        "choices": _choices(shelf) if shelf else {}, "found": found, "most": LONGEST_QUERY,
        "hits": [_shown(hit) for hit in hits[:A_PAGE]],
        "more": len(hits) > A_PAGE and asked.page < MOST_PAGES, "languages": LANGUAGES, "steps": STEPS,
    }  # fmt: skip
    return render_template("search.html", **shown), 404 if missing else 200


def _shown(hit: Hit) -> Shown:
    fragment = hit.fragment
    return Shown(hit, excerpt(fragment.text, hit.spans, LENGTHS.get(fragment.language, LENGTH)))


def _asked() -> Asked:
    given = {
        name: request.args.get(name, "").strip() for name in ("q", "corpus", "work", "language", "licence", "page")
    }
    page = int(given["page"]) if re.fullmatch(r"\d{1,3}", given["page"], re.ASCII) else 1
    return Asked(
        query=given["q"][:LONGEST_QUERY], whole=len(given["q"]) <= LONGEST_QUERY, corpus=given["corpus"],
        work=given["work"], language=given["language"], licence=given["licence"],
        page=min(max(page, 1), MOST_PAGES), stages=bool(request.args.get("stages")),
    )  # fmt: skip


def _found(asked: Asked) -> Found:
    """The hits up to this page's last, and one more where there are any."""
    limit = asked.page * A_PAGE + 1
    return service().search(asked.query, asked.corpus or None, actor(), limit=limit, filters=asked.filters)


def _choices(shelf: Shelf) -> dict[str, list[tuple[str, str]]]:
    """(value, label) of each filter that leaves anything to choose on this shelf."""
    library = service().library.works
    works = library.titles(shelf.id, MOST_WORKS + 1)
    choices = {
        "work": works if len(works) <= MOST_WORKS else [],
        "language": [(language, LANGUAGES.get(language, language)) for language in shelf.languages],
        "licence": [(licence, licence) for licence in library.licences(shelf.id)],
    }
    return {name: options for name, options in choices.items() if len(options) > 1}
