"""The stages, alone and together, on a corpus that the weights never saw: the starter tales, in English and Korean.

    python -m benchmarks.retrieval.generality HOME

HOME is a data folder as `dream setup` leaves it. starter.jsonl has what is asked: 40 questions and 40 premises, each
with the tale that is meant.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.retrieval.compare import Row, column, measure, searching, table
from benchmarks.retrieval.shelf import opened
from benchmarks.retrieval.tales import asked
from dream.language.hangul import language_of
from dream.retrieval.retriever import STAGES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    arguments = parser.parse_args()
    queries = asked(Path(__file__).parent / "starter.jsonl")
    with opened(arguments.home, corpus="starter") as shelf:
        named = {
            "cosine": column(shelf, {"meaning": 1.0}, ["words", "meaning"]),
            "BM25": column(shelf, {"words": 1.0}, ["words"]),
            "plain fusion (cosine + BM25)": column(shelf, {"meaning": 1.0, "words": 1.0}, ["words", "meaning"]),
            "late interaction": column(shelf, {"late": 1.0}, STAGES),
            "dream": searching(shelf, shelf.retriever),
        }
        for title, language, kind in (
            ("English questions", "en", "question"), ("Korean questions", "ko", "question"),
            ("English premises", "en", "premise"), ("Korean premises", "ko", "premise"),
        ):  # fmt: skip
            some = [query for query in queries if language_of(query.text) == language and query.id.startswith(kind)]
            rows: list[Row] = [measure(name, system, some, {}) for name, system in named.items()]
            table(f"{title} ({len(some)})", rows, ("@1", "@5", "mrr@10"))


if __name__ == "__main__":
    main()
