"""A question as the stages see it: its terms, how much each counts, and what the embedding model makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dream.language.terms import content_terms, is_word, terms, unparted
from dream.retrieval.embedding import Embedder, TokenVectors, Vectors
from dream.retrieval.token_space import TokenSpace

MOST_TERMS = 48
"""Terms of a query that are looked up; a premise of 2,000 characters would otherwise scan the index for its every word.
"""

MOST_CHARACTERS = 1200
"""What the embedding model reads of a query: more would take longer than it gains."""

MOST_LOOKED_AT = 4 * MOST_CHARACTERS
"""What is looked at of a query at all."""

FEWEST_LETTERS = 1.5
"""Letters that a piece of the model's must stand for on average, where the model is to be heard. A model reads a script
that it did not learn letter by letter, or in parts of letters, and makes little of its words (all-MiniLM-L6-v2 reads
Hangul like that).
"""

Kind = Literal["question", "premise", "words"]
"""What a query is weighed as; `words` where nothing but its words can be trusted."""

_ASKS = re.compile(
    r"\s*(?:who|whom|whose|what|when|where|why|which|how|did|does|do|is|are|was|were|can|could)\b", re.IGNORECASE
)
_SEARCHED = re.compile(r"[\w]")
_WITHIN = re.compile(r"[\w,;:][\s\"'“‘(]*$")
"""What stands before a word that begins no sentence."""


@dataclass(frozen=True, slots=True)
class Question:
    """`terms` are looked up in the index of words. `vector` and `tokens` (normalised, reduced; one row a token) are
    there where a model is; `token_terms[i]` is the place in `terms` of the word that token i belongs to. `names` are
    those of the terms that are written as names.
    """

    text: str
    kind: Kind
    terms: tuple[str, ...]
    vector: Vectors | None = None
    tokens: Vectors | None = None
    token_terms: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    names: frozenset[str] = frozenset()


def kind_of(query: str) -> Kind:
    """Whether a query asks something, or says what a story should be about; the two are weighed differently."""
    return "question" if query.rstrip().endswith("?") or _ASKS.match(query) else "premise"


def query_terms(query: str) -> tuple[str, ...]:
    """The different terms that a query is looked up by, in order; all of its terms where every one is a stop word."""
    query = query[:MOST_LOOKED_AT]
    found = [term.text for term in content_terms(query)] or [term.text for term in terms(query)]
    return tuple(dict.fromkeys(found))[:MOST_TERMS]


def query_words(query: str, looked_up: tuple[str, ...]) -> frozenset[str]:
    """The words of a query, whose terms are given, that a hit is shown to have: stems of Latin ones, others whole."""
    return frozenset(term for term in looked_up if is_word(term)) | unparted(query[:MOST_LOOKED_AT])


def ask(query: str, looked_up: tuple[str, ...], embedder: Embedder | None, space: TokenSpace | None) -> Question:
    """Reads a query, whose terms are given, with the model where there is one. One of no letters or digits has no
    vector.
    """
    query = query[:MOST_LOOKED_AT]
    if embedder is None or not _SEARCHED.search(query):
        return Question(query, kind_of(query), looked_up)
    read = query[:MOST_CHARACTERS]
    encoded = embedder.read_query(read)
    kind = kind_of(query) if _is_read_in_words(encoded.tokens) else "words"
    if space is None:
        return Question(query, kind, looked_up, encoded.pooled)
    places = {term: place for place, term in enumerate(looked_up)}
    stretches = [(term.start, term.end, places.get(term.text, -1)) for term in content_terms(read)]
    owned = [
        next((place for first, end, place in stretches if first <= start < end), -1)
        for start, _ in encoded.tokens.spans
    ]
    kept = [row for row, place in enumerate(owned) if place >= 0]
    tokens = space.reduce(encoded.tokens.vectors[kept])
    token_terms = np.array([owned[row] for row in kept], dtype=np.int64)
    return Question(query, kind, looked_up, encoded.pooled, tokens, token_terms, names(read))


def names(query: str) -> frozenset[str]:
    """The terms that are written with a capital within a sentence."""
    return frozenset(
        term.text
        for term in content_terms(query)
        if query[term.start].isupper() and _WITHIN.search(query, 0, term.start)
    )


def _is_read_in_words(tokens: TokenVectors) -> bool:
    """Whether the model's pieces of a text stand for more than single letters; of what it does not know, for none."""
    known = (span for row, span in enumerate(tokens.spans) if row not in tokens.unknown)
    letters = {place for start, end in known for place in range(start, end)}
    return len(letters) >= FEWEST_LETTERS * len(tokens.spans)
