"""Writes how common stems are: common/{en,ko}.txt of the provenance, a stem and its bits of surprise in each line.

    python -m benchmarks.provenance.count ../shared/fairytaleqa

English is counted over the tales that FairytaleQA sets aside for tuning, by section. Korean is counted over the starter
corpus, by five sentences; only stems of at least three of its tales count, so that no tale's own words are taken for
common ones.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from dream.language.sentences import sentences
from dream.language.terms import content_terms
from dream.language.words import korean_stems, words
from dream.storytelling.provenance import clues

ROOT = Path(__file__).parents[2]
COMMON = Path(clues.__file__).parent / "common"
LEAST_ENGLISH = 12


def english(folder: Path) -> Iterator[tuple[str, float]]:
    tales = [json.loads(line) for line in (folder / "stories.jsonl").read_text("utf-8").splitlines()]
    sections = [section["text"] for tale in tales if tale["split"] == "train" for section in tale["sections"]]
    held = Counter(stem for text in sections for stem in {term.text for term in content_terms(text)})
    return _bits(held, len(sections), (stem for stem, count in held.items() if count >= LEAST_ENGLISH))


def korean(folder: Path) -> Iterator[tuple[str, float]]:
    held: Counter[str] = Counter()
    tales: Counter[str] = Counter()
    pieces = 0
    for path in sorted(folder.glob("*.md")):
        body = path.read_text("utf-8").split("---\n", 2)[2]
        spans = sentences(body)
        texts = [body[five[0].start : five[-1].end] for five in (spans[n : n + 5] for n in range(0, len(spans), 5))]
        stems = [{stem for word in words(text) for stem in korean_stems(word.text)} for text in texts]
        held.update(stem for piece in stems for stem in piece)
        tales.update(set().union(*stems))
        pieces += len(texts)
    return _bits(held, pieces, (stem for stem, count in tales.items() if count >= 3))


def _bits(held: Counter[str], pieces: int, kept: Iterable[str]) -> Iterator[tuple[str, float]]:
    for stem in sorted(kept):
        yield stem, -math.log2(held[stem] / pieces)


def _write(name: str, counted: Iterator[tuple[str, float]]) -> None:
    lines = [f"{stem} {bits:.1f}" for stem, bits in counted]
    (COMMON / name).write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{name}: {len(lines)} stems")


if __name__ == "__main__":
    _write("en.txt", english(Path(sys.argv[1])))
    _write("ko.txt", korean(ROOT / "corpus" / "ko"))
