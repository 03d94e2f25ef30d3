"""Whole scenes told for a prompt as a language model tells them, and marked sentence by sentence.

told.jsonl holds a scene a line. Each was made so: dream's own retriever found the fragments for the premise and dream
composed its prompt, from the starter tales or from 33 tales of FairytaleQA, with strict, inspired or free grounding.
The scene was written to that prompt by hand, as an obedient language model would tell it, and while it was written each
sentence was marked with the fragments that a person, thing, place, event or image in it comes from and that the premise
does not hold: several where several hold it. `perhaps` marks a sentence that only names a person or points at a thing
from a fragment while what happens in it is invented: either answer is right, and it is not counted.

All of this was done before the threads were run on any of it, and without a look at how they work. The marks were then
read once more against that rule, which changed 12 of 595 sentences; by then figures were known, and what the threads
said of single sentences of the halves to fit by, but not of those kept for reporting. Every second scene is kept.

Fragments are stored as places in their tales: `opens` is how the text there begins, so that an edited tale is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.provenance.cases import Case
from dream.corpus.parsing import parse
from dream.corpus.starter import starter_folder
from dream.language.sentences import sentences

TOLD = Path(__file__).with_name("told.jsonl")


def told(tales: Path) -> Iterator[Case]:
    """The scenes; those from FairytaleQA only where its folder, `tales`, is there."""
    for line in TOLD.read_text("utf-8").splitlines():
        scene = json.loads(line)
        if scene["corpus"] == "starter" or tales.is_dir():
            yield _case(scene, tales)


def _case(scene: dict[str, Any], tales: Path) -> Case:
    spans = [(sentence["start"], sentence["end"]) for sentence in scene["sentences"]]
    assert spans == sentences(scene["text"]), scene["premise"]
    return Case(
        group="told",
        half=scene["half"],
        language=scene["language"],
        name=scene["premise"],
        known=scene["premise"],
        text=scene["text"],
        fragments=tuple(_fragment(place, scene, tales) for place in scene["fragments"]),
        answers=tuple(_answer(sentence) for sentence in scene["sentences"]),
    )


def _answer(sentence: dict[str, Any]) -> tuple[int, ...] | None:
    return None if sentence.get("perhaps") else tuple(number - 1 for number in sentence["leans"])


def _fragment(place: dict[str, Any], scene: dict[str, Any], tales: Path) -> str:
    work = Path(place["work"])
    tale = _starter(place["work"]) if scene["corpus"] == "starter" else _fairytaleqa(tales)[work.stem]
    text = tale[place["start"] : place["end"]]
    assert text.startswith(place["opens"]), f"{work} was edited: {place['opens']} is elsewhere now"
    return text


@cache
def _starter(work: str) -> str:
    with parse(starter_folder() / work) as documents:
        return "".join(section.text for document in documents for section in document.sections)


@cache
def _fairytaleqa(folder: Path) -> dict[str, str]:
    tales = [json.loads(line) for line in (folder / "stories.jsonl").read_text("utf-8").splitlines()]
    return {tale["name"]: "\n\n".join(section["text"] for section in tale["sections"]) for tale in tales}
