"""The stages, alone and together, on a corpus that the weights never saw: the starter tales, in English and Korean.

    python -m benchmarks.retrieval.generality HOME

HOME is a data folder as `dream setup` leaves it. starter.jsonl has what is asked, each with the tale that is
meant; half of it was looked at in choosing how Korean is weighed, the other half was not.
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
            every = [query for query in queries if language_of(query.text) == language and query.id.startswith(kind)]
            held = [query for query in every if query.half == "held"]
            for some, which in ((every, "all"), (held, "held out")):
                rows: list[Row] = [measure(name, system, some, {}) for name, system in named.items()]
                table(f"{title}, {which} ({len(some)})", rows, ("@1", "@5", "mrr@10"))


if __name__ == "__main__":
    main()
