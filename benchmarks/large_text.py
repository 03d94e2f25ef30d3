"""Memory and time of bringing one long text: the peak of the process that reads it.

    python -m benchmarks.large_text [MEGABYTES] [VOLUMES] [HOME]

The text is FairytaleQA's tales over and over (100 MB unless said otherwise). All of it is parsed, cut into volumes and
kept; then that many volumes (3) are split into fragments, stored and indexed by words; and, where HOME is a data folder
with the exported model, by their meaning too, which takes minutes for each volume and hours for all of such a text.
Peaks are of resident memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dream.actor import OPERATOR
from dream.corpus.confinement import MEMORY
from dream.service import Service
from dream.settings import Settings

TALES = Path(os.environ.get("DREAM_FAIRYTALEQA", "fairytaleqa")) / "stories.jsonl"
CAP = 400


def main(megabytes: int = 100, volumes: int = 3, *, model_home: Path | None = None) -> None:
    with tempfile.TemporaryDirectory(prefix="dream-bench-") as folder:
        path = Path(folder) / "long.txt"
        _write(path, megabytes * 2**20)
        home = Path(folder) / "home"
        if model_home:
            home.mkdir(mode=0o700)
            (home / "models").symlink_to((model_home / "models").resolve())
        service = Service(Settings(_env_file=None, home=home, storyteller="loom"))
        print(f"one text of {path.stat().st_size / 2**20:.0f} MiB; the process before: {_peak():.0f} MiB")
        corpus = service.library.works.corpus_named("starter").id
        _timed("kept", lambda: service.library.jobs.ask(corpus, "", [service.ingest.asked(path, path.name)]))
        _timed("parsed, taken apart", lambda: service.ingest.work("bench"))
        for number in range(1, volumes + 1):
            if service.library.jobs.active():
                _timed(f"volume {number} split, stored, indexed", lambda: service.ingest.work("bench"))
        [shelf] = service.library.corpora.shelves(OPERATOR)
        if not shelf.works:
            raise SystemExit("Nothing stands on the shelf.")
        print(f"{shelf.works} volumes live with {shelf.fragments:,} fragments, {service.library.jobs.active()} waiting")
        held = MEMORY // 2**20
        print(f"peak of this process {_peak():.0f} MiB (cap {CAP}); the kernel holds its child to {held}")
        service.close()


def _timed(what: str, do: Callable[[], object]) -> None:
    before, own = time.monotonic(), _cpu()
    do()
    print(
        f"  {what:32} {time.monotonic() - before:7.1f} s  {_cpu() - own:6.1f} CPU s   peak {_peak():.0f} MiB",
        flush=True,
    )


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write(path: Path, size: int) -> None:
    with TALES.open(encoding="utf-8") as lines:
        tales = "\n\n".join(section["text"] for line in lines for section in json.loads(line)["sections"])
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < size:
            file.write(tales + "\n\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), model_home=Path(sys.argv[3]) if len(sys.argv) > 3 else None)
