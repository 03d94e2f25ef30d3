"""Reading hostile files from a process of its own, so that what the parser's child used can be told.

The kernel counts into a child's peak what its parent held when it was begun. A test run holds far more than a parser
may, so the parent has to be a small one.
"""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dream.corpus.document import Document
from dream.corpus.parsing import parse
from dream.errors import TextRefused
from tests.hostile.bombs import SECRET


@dataclass(frozen=True)
class Answer:
    found: str
    """ "read" or the code of the refusal."""

    told: bool
    """Whether the secret was in what was read."""

    most: int
    """Bytes of memory that any parser had at most so far."""


def read(path: Path, name: str) -> Answer:
    found, told = "read", False
    try:
        with parse(path, name) as documents:
            for document in documents:
                said = (str(getattr(document, name)) for name in Document.__slots__ if name != "sections")
                told = told or any(SECRET in part for part in (*said, *map(str, document.sections)))
    except TextRefused as refusal:
        found, told = refusal.code, SECRET in refusal.sentence
    return Answer(found, told, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)


@contextmanager
def small_parent() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool
