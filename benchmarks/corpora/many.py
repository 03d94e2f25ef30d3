"""What a thousand private corpora cost a process that searches them all.

    python -m benchmarks.corpora.many [--corpora 1000] [--collections 100] [--home DREAM_HOME]

An author makes a private corpus of about 50 fragments, which the real pipeline reads; for every further author its
rows are copied, under ids of their own. Then two processes each search them: one a single corpus,
the other all of them, and the difference of memory (private and shared, by its share: PSS) and of open files is
printed. On the other side the same is done for corpora that each have a collection of the vector store.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from dream.actor import OPERATOR
from dream.retrieval.export.manifest import find_model
from dream.retrieval.placement import pooled
from dream.retrieval.postings import Read, hashes, pack, read
from dream.service import Service
from dream.settings import Settings
from dream.store import models
from dream.store.ids import fragment_id, new_id
from dream.store.library.indexes import Words, store_words

FRAGMENTS = 50
QUERY = "Who keeps the lamp when the sea is high?"
TALES = Path(__file__).resolve().parents[2] / "corpus" / "en"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=1000)
    parser.add_argument("--collections", type=int, default=100)
    parser.add_argument("--home", type=Path, default=Path("var"), help="A data folder with the exported model.")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure is not None:
        print(json.dumps(measure(options.home, options.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for side, count in (("scanned from SQL", options.corpora), ("a collection each", options.collections)):
            home = Path(folder) / side.split()[0]
            began = time.process_time()
            fragments = fill(home, options.home, count, collected=side.startswith("a "))
            seconds = time.process_time() - began
            print(f"{side}: {count} private corpora of {fragments} fragments, made in {seconds:.0f} CPU s")
            show(_measured(home, 1), _measured(home, count), count)
            shutil.rmtree(home)


def fill(home: Path, model_home: Path, count: int, *, collected: bool) -> int:
    """Makes the corpora; gives how many fragments each has."""
    folder = find_model(Settings(_env_file=None, home=model_home))
    if folder is None:
        sys.exit(f"There is no exported model in {model_home}: run scripts/setup first.")
    (home / "models").mkdir(parents=True)
    (home / "models" / folder.name).symlink_to(folder.resolve())
    service = Service(Settings(_env_file=None, home=home, loom_pace=0))
    text = home / "tale.txt"
    text.write_text(_of_size(service, home), encoding="utf-8")
    first = _shelf(service, 0, collected=collected)
    [done] = service.ingest.files([text], first.name)
    work = service.library.works.works(first.id)[0]
    found = [read(fragment.text) for fragment in service.library.fragments.of(str(work.live_version_id))]
    for number in range(1, count):
        copied(service, work, found, _shelf(service, number, collected=collected).id, collected=collected)
    service.close()
    return done.fragments


def _shelf(service: Service, number: int, *, collected: bool) -> models.Corpus:
    account = service.library.accounts.add(f"author-{number}", "nobody signs in", "author")
    assert account
    actor = service.gate.of_account(account.id)
    assert actor
    corpus = service.shelves.make(actor, f"Tales {number}", public=False)
    if collected:
        service.library.corpora.collect(corpus.id)
    return corpus


def copied(service: Service, work: models.Work, found: list[Read], corpus_id: str, *, collected: bool) -> None:
    """The same work on another corpus, with all its indexes."""
    with service.database.write() as session:
        version = session.get_one(models.Version, work.live_version_id)
        fragments = session.scalars(
            select(models.Fragment).where(models.Fragment.version_id == version.id).order_by(models.Fragment.position)
        ).all()
        meanings = {
            one.key: one
            for one in session.scalars(
                select(models.Meaning).where(models.Meaning.key.in_([fragment.key for fragment in fragments]))
            )
        }
        new_work = _like(work, id=new_id(), corpus_id=corpus_id, live_version_id=None, added_by=None)
        session.add(new_work)
        session.flush()
        new_version = _like(version, id=new_id(), work_id=new_work.id)
        session.add(new_version)
        session.flush()
        new = [
            _like(f, key=None, id=fragment_id(new_work.id, 1, f.position), version_id=new_version.id) for f in fragments
        ]
        session.add_all(new)
        session.flush()
        session.add_all(_like(meanings[old.key], key=one.key) for old, one in zip(fragments, new, strict=True))
        words = Words(
            postings=list(pack(corpus_id, [(one.key, reading) for one, reading in zip(new, found, strict=True)])),
            readings=[(hashes(one.content).tobytes(), np.array(one.window_ends, "<u2").tobytes()) for one in found],
            words=sum(len(one.words) for one in found),
        )
        new_work.live_version_id = new_version.id
        session.flush()
        store_words(session, new_version.id, words)
    if collected:
        _, vectors = pooled(service.library, str(version.embedding), corpus_id)
        service.vectors.upsert(corpus_id, [one.id for one in new], vectors)


def _like(row: Any, **changed: Any) -> Any:
    """A new row as another one, except for what is changed."""
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    return type(row)(**{**values, **changed})


def _of_size(service: Service, home: Path) -> str:
    """So much of the starter tales as makes about FRAGMENTS fragments."""
    text, trial = "", home / "trial.txt"
    for tale in sorted(TALES.glob("*.md")):
        text += tale.read_text(encoding="utf-8").partition("\n---\n")[2]
        trial.write_text(text, encoding="utf-8")
        [done] = service.ingest.files([trial], "trial")
        if done.fragments >= FRAGMENTS:
            return text[: int(len(text) * FRAGMENTS / done.fragments)]
    return text


def measure(home: Path, count: int) -> dict[str, float]:
    """In a process of its own: searches `count` of the corpora."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    service = Service(Settings(_env_file=None, home=home, loom_pace=0))
    service.warm()
    corpora = [shelf for shelf in service.library.corpora.shelves(OPERATOR) if not shelf.public][:count]
    costs = []
    for shelf in corpora:
        began = time.process_time()
        found = service.search(QUERY, shelf.id, OPERATOR)
        costs.append(time.process_time() - began)
        assert found.hits, found.missing
        assert not found.missing, found.missing
    costs.sort()
    return {"pss": _pss(), "files": len(list(Path("/proc/self/fd").iterdir())), "cpu": costs[len(costs) // 2]}


def _measured(home: Path, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.corpora.many", "--home", str(home), "--measure", str(count)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return found


def show(one: dict[str, float], many: dict[str, float], count: int) -> None:
    for name, corpora in (("1 searched", one), (f"{count} searched", many)):
        cost = f"{corpora['cpu'] * 1000:.1f} CPU ms a search (median)"
        print(f"  {name:>15}: {corpora['pss']:.0f} MiB, {corpora['files']:.0f} open files, {cost}")
    more, files, each = many["pss"] - one["pss"], many["files"] - one["files"], max(count - 1, 1)
    by_one = f"{more / each * 1024:.0f} KiB and {files / each:.2f} each"
    print(f"  {count - 1} more cost {more:.0f} MiB and {files:.0f} open files: {by_one}", flush=True)


def _pss() -> float:
    """MiB of this process."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


if __name__ == "__main__":
    main()
