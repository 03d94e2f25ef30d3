"""Compares reading texts in: tutorials' way and dream's, by CPU second and by the most memory.

    python -m benchmarks.ingest.compare DATA HOME [--tales N] [--runs N] [--python PYTHON]

DATA is the folder of the FairytaleQA files, HOME a data folder with an exported model. The tutorial's side runs in an
environment that is made for it and deleted afterwards (benchmarks/environment.py), or in that of PYTHON. Both sides
take turns, each in a process of its own with the model loaded; CPU seconds hold on a busy machine. dream's store words,
windows, token vectors and the texts themselves as well.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.environment import environment, packaged_model
from benchmarks.retrieval.tales import tales

HERE = Path(__file__).parent
FIGURES = ("seconds", "pieces", "memory")


def run(command: list[str], **changed: str) -> dict[str, Any]:
    """What the last line of a command says, and the most memory that it and its children held at once, in MiB."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **changed}) as child:
        most = 0.0
        while child.poll() is None:
            most = max(most, held(child.pid))
            time.sleep(0.2)
        said = child.stdout.read() if child.stdout else ""
    if child.returncode:
        raise SystemExit(f"{command[-3]} ended with {child.returncode}")
    return {**json.loads(said.splitlines()[-1]), "memory": most}


def held(pid: int) -> float:
    """MiB of a process and all below it; what they share counts once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0  # it has just ended
    own = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
    return own + sum(held(int(child)) for child in children)


def one(texts: Path, home: Path, python: Path, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides, in turn."""
    with tempfile.TemporaryDirectory(prefix="dream-ingest-") as name:
        folder = Path(name)
        (folder / "home").mkdir(mode=0o700)
        (folder / "home" / "models").symlink_to((home / "models").resolve())
        sides = {
            "tutorial": [
                str(python),
                str(HERE / "tutorial.py"),
                str(texts),
                str(folder / "store"),
                str(packaged_model(python)),
            ],
            "dream": [sys.executable, "-m", "benchmarks.ingest.ours", str(texts), str(folder / "home")],
        }
        order = list(sides) if number % 2 else list(sides)[::-1]
        threads = {"OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        found = {side: run(sides[side], **threads) for side in order}
    return found["tutorial"], found["dream"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--tales", type=int, default=278)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--python", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dream-ingest-") as name:
        folder = Path(name)
        texts = folder / "texts"
        texts.mkdir()
        chosen = tales(arguments.data)[: arguments.tales]
        for tale in chosen:
            (texts / f"{tale.name}.txt").write_text(tale.text, encoding="utf-8")
        python = arguments.python or environment(folder / "environment")
        pairs = [one(texts, arguments.home, python, number) for number in range(arguments.runs)]
    print(f"{len(chosen)} tales, {sum(len(tale.text) for tale in chosen):,} characters; medians of {len(pairs)}")
    for side, rows in zip(("tutorial", "dream"), zip(*pairs, strict=True), strict=True):
        seconds, pieces, memory = (statistics.median(row[name] for row in rows) for name in FIGURES)
        print(f"{side:10} {seconds:7.1f} CPU s  {pieces:6.0f} pieces  {memory:6.0f} MiB at most")
    speed = statistics.median(theirs["seconds"] / ours["seconds"] for theirs, ours in pairs)
    memory = statistics.median(ours["memory"] / theirs["memory"] for theirs, ours in pairs)
    print(f"dream reads {speed:.2f} times as much in a CPU second, with {memory:.2f} of the memory")


if __name__ == "__main__":
    main()
