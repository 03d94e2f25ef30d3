"""How much dream holds, beside what a user would take instead. Prints the table of figures and the one of growth.

    python -m benchmarks.load [--quick] [--environment FOLDER] [--plot FILE.svg]

Everything runs from one environment, which is made for it and deleted afterwards unless a folder is named. On a machine
that others use, believe CPU and memory, not the times.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.environment import environment, packaged_model
from benchmarks.home import starter_home
from benchmarks.load import growth
from benchmarks.load.figures import FULL, QUICK, Figures, Row
from benchmarks.load.rig import ROOT, upstream
from benchmarks.load.servers import DREAM, PEERS, Place, fill_tutorial

RIG_CORE = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a sample of everything")
    parser.add_argument("--environment", type=Path, help="where the environment is, or shall be kept")
    parser.add_argument("--plot", type=Path, help="where the plot of growth goes")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # its servers end with it
        measure(asked.quick, asked.plot)
    elif asked.environment:
        _again(environment(asked.environment.absolute()))
    else:
        with tempfile.TemporaryDirectory(prefix="dream-environment-") as folder:
            _again(environment(Path(folder)))


def _again(python: Path) -> None:
    """Runs this from the environment that all servers share."""
    home = os.environ.get("DREAM_TEST_HOME", str(ROOT / "var"))
    command = [str(python), "-m", "benchmarks.load", *sys.argv[1:], "--inside"]
    subprocess.run(command, check=True, env={**os.environ, "DREAM_TEST_HOME": home})


def measure(quick: bool, drawn: Path | None) -> None:
    began, size = time.monotonic(), QUICK if quick else FULL
    with starter_home() as home, upstream(RIG_CORE) as port:
        place = Place(home, home.parent / "store", packaged_model(Path(sys.executable)), port)
        fill_tutorial(place)
        figures = Figures(place, size, lambda said: print(f"{time.monotonic() - began:5.0f} s  {said}", flush=True))
        rows = figures.rows()
        streams = growth.by_streams(figures, size)
        added, found = growth.by_fragments(figures, place, size)
    if drawn:
        growth.plot(drawn, streams, added, found)
    show(rows)
    for error in figures.errors:
        print(f"not whole: {error}")
    print(f"took {(time.monotonic() - began) / 60:.1f} minutes")


def show(rows: list[Row]) -> None:
    names = [kind.name for kind in (DREAM, *PEERS)]
    print(f"\n{'':58} {'promised':>20}" + "".join(f"{name:>23}" for name in names))
    for row in rows:
        print(f"{row.name:58} {row.wanted:>20}" + "".join(f"{row.values.get(name, ''):>23}" for name in names))


if __name__ == "__main__":
    main()
