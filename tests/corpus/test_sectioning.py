"""Fragments: exact spans, whole sentences, nothing lost."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from dream.corpus.parsing import parse
from dream.corpus.sectioning import MEASURES, cut
from dream.language.sentences import sentences
from tests.conftest import TALES

TEXTS = sorted(TALES.rglob("*.md"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_fragments_of_a_tale_cover_it_in_whole_sentences(path: Path) -> None:
    with parse(path) as documents:
        [document] = documents
        sections = [text for _, text in document.sections]
    for text in sections:
        spans = cut(text, document.language)
        starts = {span.start for span in sentences(text)}
        assert all(span.start in starts for span in spans)
        assert all(before.end <= after.start for before, after in pairwise(spans))
        gaps = text[: spans[0].start] + "".join(text[before.end : after.start] for before, after in pairwise(spans))
        assert not gaps.strip()
        assert spans[-1].end == len(text)
        assert max(span.end - span.start for span in spans) <= MEASURES[document.language].longest


def test_a_text_without_a_full_stop_is_cut_at_spaces() -> None:
    text = "word " * 2000
    spans = cut(text, "en")
    assert len(spans) > 5
    assert all(text[start:end].strip() and not text[start:end].startswith("ord") for start, end in spans)
    assert max(end - start for start, end in spans) <= MEASURES["en"].longest


def test_a_text_without_a_space_is_cut_all_the_same() -> None:
    text = "x" * 10_000
    spans = cut(text, "en")
    assert "".join(text[start:end] for start, end in spans) == text


def test_an_empty_part_has_no_fragments() -> None:
    assert cut("  \n\n ", "en") == []


def test_paragraphs_are_kept_whole_where_their_length_allows_it() -> None:
    paragraphs = [f"Paragraph {number}. " + "It goes on for a while. " * 30 for number in range(6)]
    text = "\n\n".join(paragraph.strip() for paragraph in paragraphs)
    assert [text[start:end] for start, end in cut(text, "en")] == text.split("\n\n")
