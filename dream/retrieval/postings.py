"""Postings: what the index of words stores, packed for numpy.

SQLite's FTS5 answers a premise over 100,000 fragments in 120 to 165 ms of CPU. Postings that are packed by term and
work are read in a few rows a term and scored by numpy in a fraction of that, and the rows of one term say at once how
often it occurs in a fragment, in a work and in the corpus.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dream.language.terms import carries_meaning, terms
from dream.retrieval.windows import windows

ENTRY = np.dtype([("key", "<u4"), ("count", "u1"), ("length", "<u2")])
"""A fragment that holds a term: its key, how often (at most 255), and its length in terms."""

Hashes = NDArray[np.uint32]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Read:
    """A fragment as the index of words reads it: its terms in order, and where each of its windows ends among its
    content terms.
    """

    words: tuple[str, ...]
    content: tuple[str, ...]
    window_ends: tuple[int, ...]


def read(passage: str) -> Read:
    """Reads a passage once, for postings and windows."""
    every = list(terms(passage))
    content = [term for term in every if carries_meaning(term, passage)]
    ends = [sum(term.start < span.end for term in content) for span in windows(passage)]
    return Read(tuple(term.text for term in every), tuple(term.text for term in content), tuple(ends))


def term_key(corpus_id: str, term: str) -> int:
    """The number that a term of a corpus is stored under: 63 bits, alike in every process."""
    return int.from_bytes(hashlib.blake2b(f"{corpus_id} {term}".encode(), digest_size=8).digest(), "little") >> 1


@lru_cache(maxsize=65536)
def short_hash(term: str) -> int:
    """32 bits of a term, to tell terms within one fragment apart."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest(), "little")


def pack(corpus_id: str, keyed: Sequence[tuple[int, Read]]) -> Iterator[tuple[int, bytes]]:
    """(term's number, its entries) for every term of a version's fragments, given with their keys."""
    entries: dict[str, list[tuple[int, int, int]]] = {}
    for key, fragment in keyed:
        length = min(len(fragment.words), 65535)
        for term, count in Counter(fragment.words).items():
            entries.setdefault(term, []).append((key, min(count, 255), length))
    for term, rows in entries.items():
        yield term_key(corpus_id, term), np.array(rows, dtype=ENTRY).tobytes()


def stretches(ends: Sequence[bytes], sizes: Sequence[int]) -> tuple[Integers, Integers, Integers]:
    """Where the windows of several fragments lie once what they end among is joined: each window's owner, its start and
    its length; empty windows are left out. `ends` are packed as they are stored, `sizes` what each fragment holds.
    """
    counts = np.array([len(packed) // 2 for packed in ends], dtype=np.int64)
    owners = np.repeat(np.arange(len(ends)), counts)
    stops = np.frombuffer(b"".join(ends), dtype="<u2").astype(np.int64)
    begins = np.concatenate([[0], stops])[:-1]
    begins[np.flatnonzero(np.diff(owners, prepend=-1))] = 0
    reached = np.cumsum([0, *sizes])[owners]
    held = stops > begins
    return owners[held], (reached + begins)[held], (stops - begins)[held]


def hashes(words: Sequence[str]) -> Hashes:
    return np.array([short_hash(word) for word in words], dtype="<u4")
