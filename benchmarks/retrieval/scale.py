"""How retrieval grows: what 1,000, 10,000 and 100,000 fragments cost.

    python -m benchmarks.retrieval.scale DATA HOME [--sizes 1000 10000 100000]

DATA is the folder of the FairytaleQA files, HOME a data folder whose corpus `tales` benchmarks.retrieval.compare has
filled. Fragments are made of three windows of the tales, each from another one, so that no two works are alike; their
vectors are put together from those that the model made of the windows, which saves hours and is not what is measured.
Words are read, and every store is written, as ingest does it. Each size is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select, update

from benchmarks.retrieval.shelf import CORPUS, Shelf, exported, opened
from benchmarks.retrieval.tales import asked, tales
from dream.corpus.indexing import Indexing
from dream.corpus.ingest import Ingest
from dream.retrieval.postings import hashes, pack, read
from dream.retrieval.windows import windows
from dream.store import models
from dream.store.files import Files
from dream.store.ids import fragment_id, new_id
from dream.store.library.indexes import MeaningRow, Words

WINDOWS, FRAGMENTS = 3, 12
"""Windows of a fragment and fragments of a work, about as the tales have them."""
QUERIES = 100
TABLES = ("postings", "lexicons", "readings", "meanings")


@dataclass(frozen=True)
class Window:
    """A stretch of a tale with its vector and its tokens', packed as they are stored."""

    text: str
    vector: bytes
    tokens: bytes


def taken(shelf: Shelf) -> list[Window]:
    """The windows of every tale."""
    found: list[Window] = []
    width = shelf.model.space.bytes
    for _, version_id in shelf.library.works.live_versions():
        fragments = shelf.library.fragments.keyed(version_id)
        rows = shelf.library.indexes.meanings(shelf.model.name, list(fragments))
        for key, fragment in fragments.items():
            if (row := rows.get(key)) and row.bounds is not None:
                found += _of(fragment.text, row, shelf.model.embedder.dimensions, width)
    return found


def _of(passage: str, row: MeaningRow, dimensions: int, width: int) -> Iterator[Window]:
    spans = windows(passage)
    if row.bounds is None or row.tokens is None or len(row.windows) != len(spans) * dimensions:
        return  # of another form, or the model did not read to the passage's end
    ends = np.frombuffer(row.bounds, dtype="<u2").tolist()
    for number, (span, begin, end) in enumerate(zip(spans, [0, *ends], ends, strict=False)):
        vector = row.windows[number * dimensions : (number + 1) * dimensions]
        yield Window(passage[span.start : span.end], vector, row.tokens[begin * width : end * width])


def grow(shelf: Shelf, source: list[Window], size: int, seed: NDArray[np.int64]) -> None:
    """Adds works until the corpus has `size` fragments."""
    here = len(shelf.library.fragments.live_ids(shelf.corpus_id))
    while here < size:
        count = min(FRAGMENTS, size - here)
        chosen = seed[here * WINDOWS : (here + count) * WINDOWS].reshape(count, WINDOWS)
        _add(shelf, [[source[i] for i in row] for row in chosen])
        here += count


def _add(shelf: Shelf, made: list[list[Window]]) -> None:
    library, work_id, version_id = shelf.library, new_id(), new_id()
    texts = ["\n\n".join(window.text for window in fragment) for fragment in made]
    with shelf.library.works._database.write() as session:  # noqa: SLF001 - there is no way in but a file's
        session.add(
            models.Work(
                id=work_id, corpus_id=shelf.corpus_id, source=f"{work_id}.txt", title=work_id, author="", language="en",
                licence="", live_version_id=None,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            models.Version(
                id=version_id, work_id=work_id, number=1, sha256=work_id, text="\n\n".join(texts), embedding=None,
                live_at=None,
            )
        )  # fmt: skip
        session.flush()
        rows = [
            {"id": fragment_id(work_id, 1, place), "version_id": version_id, "position": place, "heading": "",
             "start": 0, "end": len(text), "text": text}
            for place, text in enumerate(texts)
        ]  # fmt: skip
        session.execute(insert(models.Fragment), rows)
        session.execute(update(models.Work).where(models.Work.id == work_id).values(live_version_id=version_id))
    fragments = library.fragments.keyed(version_id)
    found = [read(text) for text in texts]
    words = Words(
        list(pack(shelf.corpus_id, list(zip(fragments, found, strict=True)))),
        [(hashes(one.content).tobytes(), np.array(one.window_ends, dtype="<u2").tobytes()) for one in found],
        sum(len(one.words) for one in found),
    )
    library.indexes.index_words(version_id, words)
    meant = [_meaning(key, fragment, shelf) for key, fragment in zip(fragments, made, strict=True)]
    library.indexes.store_meanings(shelf.model.name, [row for row, _ in meant])
    vectors = np.stack([vector for _, vector in meant])
    shelf.vectors.of(shelf.model.name).upsert(shelf.corpus_id, [f.id for f in fragments.values()], vectors)
    library.works.embedded(version_id, shelf.model.name)


def _meaning(key: int, fragment: list[Window], shelf: Shelf) -> tuple[MeaningRow, NDArray[np.float32]]:
    width = shelf.model.space.bytes
    each = np.stack([np.frombuffer(window.vector, dtype=np.int8) for window in fragment]).astype(np.float32)
    each /= np.linalg.norm(each, axis=1, keepdims=True)
    pooled = each.mean(axis=0)
    pooled /= np.linalg.norm(pooled)
    bounds = np.cumsum([len(window.tokens) // width for window in fragment]).astype("<u2")
    packed = np.round(pooled * (127 / np.abs(pooled).max())).astype(np.int8)
    return MeaningRow(
        key, packed.tobytes(), b"".join(window.vector for window in fragment), bounds.tobytes(),
        b"".join(window.tokens for window in fragment),
    ), pooled  # fmt: skip


def stored(home: Path, corpus_text: int) -> float:
    """The bytes of all indexes against the text's."""
    import sqlite3  # the store's own figures, which the product has no use for

    connection = sqlite3.connect(home / "dream.sqlite3")
    of = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name LIKE ?"
    sql = sum(connection.execute(of, [f"%{name}%"]).fetchone()[0] for name in TABLES)
    connection.close()
    vectors = sum(file.stat().st_size for file in (home / "vectors").rglob("*") if file.is_file())
    return float(sql + vectors) / corpus_text


def _resident() -> float:
    """MiB of this process's own memory: pages of files that are mapped, and can be let go, do not count."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Anonymous:"))


def measured(home: Path, data: Path) -> dict[str, float]:
    """What a process sees that opens the stores, searches, and has a tale come and go."""
    queries = [query.text for query in asked(data / "questions.val.jsonl")[:: 1025 // QUERIES]]
    queries += [query.text for query in asked(data / "premises.val.jsonl")]
    model = exported(home)
    # Imports and the model are not what is opened here.
    with tempfile.TemporaryDirectory() as empty, opened(Path(empty), model=model) as first:
        first.vectors.open()
        first.retriever.search(first.corpus_id, queries[0])
        first.vectors.close()
    before, began = _resident(), time.process_time()
    with opened(home, model=model) as shelf:
        shelf.retriever.search(shelf.corpus_id, queries[0])
        figures = {"opening s": time.process_time() - began, "opening MiB": _resident() - before}
        seconds = []
        for query in queries:
            began = time.process_time()
            shelf.retriever.search(shelf.corpus_id, query)
            seconds.append(1000 * (time.process_time() - began))
        figures |= {"query ms": float(np.median(seconds)), "p95": float(np.quantile(seconds, 0.95))}
        figures |= _come_and_gone(shelf, home, data)
        shelf.vectors.close()
    return figures


def _come_and_gone(shelf: Shelf, home: Path, data: Path) -> dict[str, float]:
    """CPU seconds to add a tale of usual length, embedding included, and to withdraw it."""
    ingest = Ingest(shelf.library, Files(home / "files"), Indexing(shelf.library, shelf.vectors, lambda: shelf.model))
    usual = sorted(tales(data), key=lambda tale: len(tale.text))[len(tales(data)) // 2]
    path = home / "coming.txt"
    path.write_text(usual.text, encoding="utf-8")
    began = time.process_time()
    [done] = ingest.files([path], CORPUS)
    added = time.process_time() - began
    with shelf.library.works._database.read() as session:  # noqa: SLF001 - as above
        work = session.scalar(select(models.Work.id).where(models.Work.source == "coming.txt"))
    began = time.process_time()
    shelf.library.works.withdraw(str(work))
    ingest.indexing.tidy()
    gone = time.process_time() - began
    shelf.library.works.remove(str(work))
    return {"fragments added": float(done.fragments), "add s": added, "withdraw s": gone}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measured(arguments.home, arguments.data)))
        return
    print("vectors of new fragments are put together from their windows'; times are CPU", flush=True)
    with opened(arguments.home) as tales_shelf:
        source = taken(tales_shelf)
        tales_shelf.vectors.close()
    if not source:
        raise SystemExit(f"There are no tales in {arguments.home}; benchmarks.retrieval.compare puts them there.")
    picks = np.random.default_rng(7).integers(0, len(source), max(arguments.sizes) * WINDOWS)
    with tempfile.TemporaryDirectory(prefix="dream-scale-") as folder:
        home = Path(folder)
        (home / "models").symlink_to(arguments.home / "models")
        for size in sorted(arguments.sizes):
            print(row(home, arguments.data, source, picks, size), flush=True)


def row(home: Path, data: Path, source: list[Window], picks: NDArray[np.int64], size: int) -> str:
    """Grows the corpus to a size and measures it in another process, on a copy: it changes what it measures."""
    began = time.process_time()
    with opened(home) as shelf:
        grow(shelf, source, size, picks)
        text = sum(
            len(shelf.library.works.text(version).encode()) for _, version in shelf.library.works.live_versions()
        )
        shelf.vectors.close()
    made = time.process_time() - began
    times = stored(home, text)
    with tempfile.TemporaryDirectory(prefix="dream-scale-copy-") as copy:
        shutil.copytree(home, copy, symlinks=True, dirs_exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.retrieval.scale", str(data), copy, "--measure"]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        found = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    figures: dict[str, Any] = json.loads(found)
    shown = ", ".join(f"{name} {value:.3g}" for name, value in figures.items())
    held = f"{size:>7,} fragments, {text / 2**20:.1f} MiB of text, stores {times:.1f} times that"
    return f"{held}: {shown} (made in {made:.0f} s)"


if __name__ == "__main__":
    main()
