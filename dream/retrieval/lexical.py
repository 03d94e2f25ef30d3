"""The lexical index: SQLite's FTS5 over the terms of every live fragment, ranked by BM25."""

from __future__ import annotations

from sqlalchemy import text

from dream.language.terms import content_terms, terms
from dream.store.database import Database

MOST_TERMS = 48
"""Terms of a query that are looked up: a premise of 2,000 characters would otherwise scan the index for its every
word.
"""

_SEARCH = text(
    "SELECT f.id, -bm25(fragment_terms, 0.0, 1.0) FROM fragment_terms JOIN fragments f ON f.key = fragment_terms.rowid "
    "WHERE fragment_terms MATCH :match ORDER BY bm25(fragment_terms, 0.0, 1.0) LIMIT :limit"
)


def index_line(passage: str) -> str:
    """What the index holds of a passage: its terms, parted by spaces."""
    return " ".join(term.text for term in terms(passage))


def query_terms(query: str) -> list[str]:
    """The different terms that a query is looked up by, in order; all of its terms where every one is a stop word."""
    found = [term.text for term in content_terms(query)] or [term.text for term in terms(query)]
    return list(dict.fromkeys(found))[:MOST_TERMS]


class LexicalIndex:
    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, corpus_id: str, looked_up: list[str], limit: int) -> dict[str, float]:
        """Fragment ids with their BM25 score (higher is better), best first; {} where no term occurs."""
        if not looked_up:
            return {}
        any_term = " OR ".join(
            f'"{term}"' for term in looked_up
        )  # terms are word characters only, so a quote cannot occur
        with self._database.read() as session:
            rows = session.execute(
                _SEARCH, {"match": f"corpus : c{corpus_id} AND terms : ({any_term})", "limit": limit}
            )
            return {id_: float(score) for id_, score in rows}

    def keys(self) -> set[int]:
        """The row numbers of every fragment in the index."""
        with self._database.read() as session:
            return set(session.scalars(text("SELECT rowid FROM fragment_terms")))
