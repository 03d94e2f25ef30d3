"""Compares retrieval as tutorials do it with dream's stages, alone and together, on questions and premises.

    python -m benchmarks.retrieval.compare DATA HOME [--plot FILE.svg]

DATA is the folder of the FairytaleQA files, HOME a data folder with an exported model (`dream setup` makes it); its
corpus `tales` is filled on the first run. The tutorial's passages need langchain-text-splitters
(requirements.txt beside this file). Intervals are 95 %, by resampling tales; times are medians of CPU milliseconds.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.retrieval.shelf import Shelf, fill, opened
from benchmarks.retrieval.tales import Asked, Tale, asked, covered, right, tales
from dream.retrieval.fusion import Fusion, normalised, shipped
from dream.retrieval.retriever import STAGES, Retriever

BUDGET, HITS = 4000, 10
Piece = tuple[str, int, int]
System = Callable[[str], Sequence[Piece]]


@dataclass(frozen=True)
class Row:
    """One system's figures: each query's measures, its tale, and CPU seconds."""

    name: str
    measures: list[dict[str, float]]
    stories: list[str]
    seconds: list[float]

    def mean(self, measure: str) -> float:
        return float(np.mean([values[measure] for values in self.measures]))

    def interval(self, measure: str, times: int = 1000) -> tuple[float, float]:
        """The middle 95 % of the means over resampled tales."""
        names = sorted(set(self.stories))
        by_tale = [
            [v[measure] for v, s in zip(self.measures, self.stories, strict=True) if s == name] for name in names
        ]
        sums, counts = np.array([sum(values) for values in by_tale]), np.array([len(values) for values in by_tale])
        picks = np.random.default_rng(0).integers(0, len(names), (times, len(names)))
        means = sums[picks].sum(axis=1) / counts[picks].sum(axis=1)
        return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))

    def milliseconds(self) -> float:
        return 1000 * float(np.median(self.seconds))


def measure(name: str, system: System, queries: list[Asked], texts: dict[str, Tale]) -> Row:
    measures, seconds = [], []
    for query in queries:
        began = time.process_time()
        pieces = system(query.text)
        seconds.append(time.process_time() - began)
        measures.append(_measures(query, pieces, texts))
    return Row(name, measures, [query.story for query in queries], seconds)


def _measures(query: Asked, pieces: Sequence[Piece], texts: dict[str, Tale]) -> dict[str, float]:
    ranks = [rank for rank, piece in enumerate(pieces, 1) if right(query, texts, *piece)]
    first = ranks[0] if ranks else 10**6
    within, left = set(), BUDGET
    for name, start, end in pieces:
        if left > 0:
            within.add(name)
        left -= end - start
    return {
        "cov@4000": float(bool(query.gold) and covered(query, texts, pieces, BUDGET)),
        "@1": float(first <= 1), "@5": float(first <= 5), "@10": float(first <= HITS),
        "mrr@10": 1 / first if first <= HITS else 0.0,
        "tales": float(len(within)),
    }  # fmt: skip


def tutorial(shelf: Shelf, folder: Path) -> System:
    """What tutorials do: passages of 1,000 characters with 200 shared, one vector each, the nearest first."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # for this benchmark alone

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
    spots: list[Piece] = []
    passages: list[str] = []
    for tale in tales(folder):
        for piece in splitter.create_documents([tale.text]):
            start = piece.metadata["start_index"]
            spots.append((tale.name, start, start + len(piece.page_content)))
            passages.append(piece.page_content)
    kept = shelf.model.folder.parent.parent / "tutorial.npy"
    if not kept.exists():
        np.save(kept, shelf.model.embedder.embed(passages))
    vectors = np.load(kept)

    def nearest(query: str) -> list[Piece]:
        cosines = vectors @ shelf.model.embedder.embed_query(query)
        return [spots[i] for i in np.argsort(-cosines)[: 2 * HITS]]

    return nearest


def column(shelf: Shelf, weights: dict[str, float], stages: Sequence[str]) -> System:
    """A system that adds single columns, each normalised, without learned weights."""
    retriever = shelf.retrieving(stages, _hearing_all())

    def found(query: str) -> list[Piece]:
        scored = retriever.score(shelf.corpus_id, query)
        if not len(scored.candidates):
            return []
        total = sum(weight * normalised(scored.columns[name]) for name, weight in weights.items())
        spots = shelf.spots(scored.candidates)
        return [spots[i] for i in np.argsort(-np.asarray(total), kind="stable")[: 2 * HITS]]

    return found


def _hearing_all() -> Fusion:
    """Fusion in which every column has a say, whatever is asked: so every stage is asked."""
    ships = shipped()
    every = {"linear": [1.0] * len(ships.columns)}
    kinds = dict.fromkeys(("question", "premise", "words"), every)
    return Fusion({"columns": ships.columns, "presence": ships.presence, "kinds": kinds})


def searching(shelf: Shelf, retriever: Retriever, *, story: bool = False) -> System:
    def found(query: str) -> list[Piece]:
        if story:
            hits = retriever.for_story(shelf.corpus_id, [query], limit=2 * HITS, budget=20_000).hits
        else:
            hits = retriever.search(shelf.corpus_id, query, limit=2 * HITS).hits
        return [(Path(h.fragment.source).stem, h.fragment.start, h.fragment.end) for h in hits]

    return found


def systems(shelf: Shelf, folder: Path) -> dict[str, System]:
    named = {
        "tutorial (1000/200, cosine)": tutorial(shelf, folder),
        "BM25": column(shelf, {"words": 1.0}, ["words"]),
        "plain fusion (cosine + BM25)": column(shelf, {"meaning": 1.0, "words": 1.0}, ["words", "meaning"]),
    }
    for stage in STAGES:
        rest = [name for name in STAGES if name != stage]
        named[f"dream without {stage}"] = searching(shelf, shelf.retrieving(rest))
    return {
        **named,
        "dream": searching(shelf, shelf.retriever),
        "dream, for a story": searching(shelf, shelf.retriever, story=True),
    }


def table(title: str, rows: list[Row], measures: Sequence[str]) -> None:
    print(f"\n{title}\n{'system':32}" + "".join(f"{name:>22}" for name in measures) + f"{'CPU ms':>9}")
    for row in rows:
        cells = "".join("{:>8.3f} ({:.3f}-{:.3f})".format(row.mean(m), *row.interval(m)) for m in measures)
        print(f"{row.name:32}{cells}{row.milliseconds():>9.1f}", flush=True)


def plot(rows: list[Row], path: Path) -> None:
    """Quality of questions against milliseconds, as SVG; a line through each mark is its interval."""
    width, height, most = 760, 420, max(row.milliseconds() for row in rows) * 1.1

    def up(share: float) -> str:
        return f"{height - 40 - share * (height - 70):.0f}"

    marks = []
    for row in rows:
        x, y, (low, high) = (
            60 + row.milliseconds() / most * (width - 260),
            row.mean("cov@4000"),
            row.interval("cov@4000"),
        )
        marks.append(
            f'<path d="M{x:.0f} {up(low)}V{up(high)}" stroke="#bbb"/><circle cx="{x:.0f}" cy="{up(y)}" r="4"/>'
            f'<text x="{x + 7:.0f}" y="{up(y)}" dy="4">{row.name}</text>'
        )
    axes = (
        f'<path d="M60 20V{height - 40}H{width - 20}" fill="none" stroke="#888"/>'
        f'<text x="60" y="{height - 14}">CPU ms a query, 0 to {most:.0f}</text>'
        '<text x="8" y="16">cov@4000, 0 to 1</text>'
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12">{axes}{"".join(marks)}</svg>\n',
        encoding="utf-8",
    )


def sizes(home: Path, folder: Path) -> None:
    """What the indexes take beside the text, in its bytes."""
    import sqlite3  # the store's own figures, which the product has no use for

    text = sum(len(tale.text.encode()) for tale in tales(folder))
    connection = sqlite3.connect(home / "dream.sqlite3")
    tables = ("postings", "lexicons", "readings", "meanings")
    sql = sum(
        connection.execute("SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name LIKE ?", [f"%{name}%"]).fetchone()[0]
        for name in tables
    )
    vectors = sum(file.stat().st_size for file in (home / "vectors").rglob("*") if file.is_file())
    print(f"\ntext {text / 2**20:.1f} MiB; indexes in SQL {sql / 2**20:.1f}, vectors {vectors / 2**20:.1f} MiB: "
          f"{(sql + vectors) / text:.1f} times the text")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    fill(arguments.home, arguments.data)
    texts = {tale.name: tale for tale in tales(arguments.data)}
    with opened(arguments.home) as shelf:
        named = systems(shelf, arguments.data)
        questions = asked(arguments.data / "questions.val.jsonl")
        rows = [measure(name, system, questions, texts) for name, system in named.items()]
        table("questions", rows, ("cov@4000", "@10", "mrr@10"))
        premises = asked(arguments.data / "premises.val.jsonl")
        table("premises", [measure(n, s, premises, texts) for n, s in named.items()], ("@1", "@5", "@10", "tales"))
    sizes(arguments.home, arguments.data)
    print(f"most memory in use: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    if arguments.plot:
        plot(rows, arguments.plot)


if __name__ == "__main__":
    main()
