"""Told scenes whose sentences are known to lean on a fragment, or on none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dream.language.sentences import sentences

Half = Literal["fit", "report"]

HANDWRITTEN = Path(__file__).with_name("handwritten.jsonl")


@dataclass(frozen=True, slots=True)
class Case:
    """A scene. `answers` has, for each sentence of `text`, the numbers of the fragments that it may be said to lean on:
    () for none, None where either would be right, which is not counted.
    """

    group: str
    half: Half
    language: str
    name: str
    known: str
    text: str
    fragments: tuple[str, ...]
    answers: tuple[tuple[int, ...] | None, ...]


def handwritten() -> Iterator[Case]:
    """The scenes written and marked by hand, one a line of the file."""
    for line in HANDWRITTEN.read_text("utf-8").splitlines():
        scene = json.loads(line)
        ids = [fragment["id"] for fragment in scene["fragments"]]
        text = " ".join(sentence["text"] for sentence in scene["sentences"])
        leans = [sentence["leans_on"] for sentence in scene["sentences"]]
        assert len(sentences(text)) == len(leans), scene["set"]
        yield Case(
            group="by hand",
            half=scene["half"],
            language=scene["language"],
            name=scene["set"],
            known=scene["premise"],
            text=text,
            fragments=tuple(fragment["text"] for fragment in scene["fragments"]),
            answers=tuple(() if lean is None else (ids.index(lean),) for lean in leans),
        )
