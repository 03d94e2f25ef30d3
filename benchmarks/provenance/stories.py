"""Stories of the loom, which knows what each of its sentences leans on; the threads do not."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance.cases import Case, Half
from dream.corpus.parsing import parse
from dream.corpus.sectioning import cut
from dream.corpus.starter import starter_folder
from dream.language.sentences import sentences
from dream.language.terms import content_terms
from dream.retrieval.embedding import Embedder
from dream.retrieval.fragment import Fragment
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History, compose
from dream.storytelling.storytellers.loom import render, weave
from dream.storytelling.storytellers.loom.reading import read

PREMISES = Path(__file__).with_name("premises.jsonl")
EVERY_NTH_TALE = 10  # of FairytaleQA's tales for tuning
A_TALE_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Wish:
    half: Half
    premise: str
    seed: int
    tone: str = ""
    length: str = "medium"


class Shelf:
    """Fragments of one language, found by their words and meaning as a plain retriever would."""

    def __init__(self, fragments: Sequence[Fragment], embedder: Embedder) -> None:
        self.fragments = fragments
        self._embedder = embedder
        self._vectors = embedder.embed([fragment.text for fragment in fragments])
        self._terms = [Counter(term.text for term in content_terms(fragment.text)) for fragment in fragments]
        self._held = Counter(term for terms in self._terms for term in terms)

    def find(self, premise: str, count: int) -> list[Fragment]:
        near = self._vectors @ self._embedder.embed_query(premise)
        asked = {term.text for term in content_terms(premise)}
        words = np.array([self._shared(asked, terms) for terms in self._terms])
        scores = _normed(near) + 1.5 * _normed(words)
        found: list[Fragment] = []
        for at in np.argsort(-scores, kind="stable"):
            fragment = self.fragments[int(at)]
            if sum(other.work_id == fragment.work_id for other in found) < A_TALE_AT_MOST:
                found.append(fragment)
            if len(found) == count:
                break
        return found

    def _shared(self, asked: set[str], terms: Counter[str]) -> float:
        rarity = {term: math.log(1 + len(self._terms) / self._held[term]) for term in asked & terms.keys()}
        return sum(bits * terms[term] / (terms[term] + 1.2) for term, bits in rarity.items())


def _normed(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    apart: NDArray[np.float64] = (scores - scores.mean()) / (scores.std() or 1.0)
    return apart


def starter_stories(embedder: Embedder, language: str) -> Iterator[Case]:
    """A story for each of our own premises, from the starter tales."""
    shelf = Shelf(list(_starter(language)), embedder)
    for line in PREMISES.read_text("utf-8").splitlines():
        wish = json.loads(line)
        if wish.pop("language") == language:
            yield story(shelf, Wish(**wish), "loom", language)


def unseen_stories(embedder: Embedder, folder: Path) -> Iterator[Case]:
    """Stories from FairytaleQA: to fit by, from tales of its train split; to report, from its val split."""
    tales = [json.loads(line) for line in (folder / "stories.jsonl").read_text("utf-8").splitlines()]
    train = [tale for tale in tales if tale["split"] == "train"][::EVERY_NTH_TALE]
    shelf = Shelf([fragment for tale in train for fragment in _tale(tale)], embedder)
    for number, tale in enumerate(train):
        opening = tale["sections"][0]["text"]
        yield story(shelf, Wish("fit", opening[: sentences(opening)[0].end][:300], 2000 + number), "unseen", "en")
    shelf = Shelf([fragment for tale in tales if tale["split"] == "val" for fragment in _tale(tale)], embedder)
    for number, line in enumerate((folder / "premises.val.jsonl").read_text("utf-8").splitlines()):
        yield story(shelf, Wish("report", json.loads(line)["question"], 3000 + number), "unseen", "en")


def story(shelf: Shelf, wish: Wish, group: str, language: str) -> Case:
    fragments = shelf.find(wish.premise, 6 + wish.seed % 3)
    brief = Brief(premise=wish.premise, tone=wish.tone, length=wish.length, language=language)
    lines = weave(read(compose(brief, fragments, History(), seed=wish.seed, history_budget=8000)))
    text = render(lines)
    spans = sentences(text)
    answers: list[tuple[int, ...]] = []
    at = 0
    for line in lines:
        at = text.index(line.text, at)
        end = at + len(line.text)
        leans = () if line.passage is None else (line.passage - 1,)
        answers += [leans] * sum(at <= span.start < end for span in spans)
        at = end
    assert len(answers) == len(spans), wish.premise
    texts = tuple(fragment.text for fragment in fragments)
    return Case(group, wish.half, language, f"{wish.premise} ({wish.seed})", wish.premise, text, texts, tuple(answers))


def _starter(language: str) -> Iterator[Fragment]:
    for path in sorted((starter_folder() / language).glob("*.md")):
        with parse(path) as documents:
            for document in documents:
                place = 0
                for _, text in document.sections:
                    for start, end in cut(text, language):
                        yield _fragment(path.stem, document.title, text[start:end], place + start, language)
                    place += len(text)


def _tale(tale: dict[str, Any]) -> Iterator[Fragment]:
    for section in tale["sections"]:
        text = section["text"]
        for span in cut(text, "en"):
            place = section["id"] * 10_000 + span.start
            yield _fragment(tale["name"], tale["name"], text[span.start : span.end], place, "en")


def _fragment(work: str, title: str, text: str, position: int, language: str) -> Fragment:
    return Fragment(
        id=f"{work}:{position}",
        work_id=work,
        version_id=f"{work}:1",
        position=position,
        start=0,
        end=len(text),
        text=text,
        heading="",
        title=title,
        author="",
        language=language,
        licence="CC0-1.0",
        source=f"{work}.md",
        quotable=True,
    )
