"""A reader beside an ingest: the time to the first piece of a story, and pages, while works are being read.

    python -m benchmarks.ingest.beside DATA [ROUNDS]

DATA is the folder of the FairytaleQA files. The same service is measured idle first, then while `dream ingest` has it
read all tales. The storyteller is a fake server that answers at once, so that all of the time is dream's. Times hold
on a quiet machine only.
"""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

from benchmarks.first_piece import PAUSE_SECONDS, show, through_dream
from benchmarks.home import starter_home
from benchmarks.retrieval.tales import tales
from tests.fakes.client import FakeUpstream
from tests.serving import Serving

PAGES = ("/", "/works", "/search?q=a+ferryman+at+night", "/stories", "/livez")
WARM_UP = 5
MOST = 3.0
LONGEST_PAGE = 1.0


def main(data: Path, rounds: int) -> None:
    with starter_home() as home, FakeUpstream() as upstream:
        upstream.script(pieces=20, before=0.0)
        settings = {
            "storyteller": "openai",
            "openai_base_url": upstream.base_url,
            "model": "bench",
            "quota_reader": "0 0 0",
            "log_level": "warning",
        }
        with Serving(home, **settings) as serving:
            measured(serving, WARM_UP)
            idle, idle_pages = measured(serving, rounds)
            with ingesting(serving, home, data):
                before = jobs(home, "live")
                beside, pages = measured(serving, rounds)
                if not at_work(home):
                    raise SystemExit("The ingest ended before the reader did: ask for fewer rounds.")
                print(f"{jobs(home, 'live') - before} tales were read meanwhile")
    show("first piece, idle, ms", idle)
    show("first piece, beside, ms", beside)
    show("pages, idle, ms", list(chain(*idle_pages.values())))
    show("pages, beside, ms", list(chain(*pages.values())))
    times = statistics.median(beside) / statistics.median(idle)
    print(f"first piece: {times:.2f} times the idle median (at most {MOST:.0f}); ", end="")
    slowest = max(pages, key=lambda page: max(pages[page]))
    print(f"the slowest page, {slowest}, took {max(pages[slowest]):.3f} s (at most {LONGEST_PAGE:.0f})")


def measured(serving: Serving, rounds: int) -> tuple[list[float], dict[str, list[float]]]:
    """Seconds to each first piece, and for each time that a page was asked for; over all of a long reading-in, where
    there are rounds enough.
    """
    first: list[float] = []
    pages: dict[str, list[float]] = {page: [] for page in PAGES}
    for _ in range(rounds):
        time.sleep(PAUSE_SECONDS)
        first.append(through_dream(serving))
        for page in PAGES:
            start = time.perf_counter()
            serving.client.get(page, follow_redirects=True).raise_for_status()
            pages[page].append(time.perf_counter() - start)
    return first, pages


@contextmanager
def ingesting(serving: Serving, home: Path, data: Path) -> Iterator[None]:
    """While the block runs, the service has works to read."""
    with tempfile.TemporaryDirectory(prefix="dream-bench-") as folder:
        for tale in tales(data):
            (Path(folder) / f"{tale.name}.txt").write_text(tale.text, encoding="utf-8")
        command = [sys.executable, "-m", "dream", "ingest", "--corpus", "tales", folder]
        with subprocess.Popen(command, env=serving.environment, stdout=subprocess.DEVNULL) as ingest:
            while not at_work(home) and ingest.poll() is None:
                time.sleep(0.1)
            try:
                yield
            finally:
                ingest.terminate()


def at_work(home: Path) -> bool:
    """Whether a work is being embedded."""
    return jobs(home, "embedding") > 0


def jobs(home: Path, state: str) -> int:
    """How many works are in that state."""
    with closing(sqlite3.connect(f"file:{home / 'dream.sqlite3'}?mode=ro", uri=True)) as database:
        (found,) = database.execute("SELECT count(*) FROM jobs WHERE state = ?", (state,)).fetchone()
    return int(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60)
