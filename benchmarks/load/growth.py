"""How cost grows, with streams and with fragments: a table, and a plot as SVG."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.load.figures import Figures, Size
from benchmarks.load.servers import Place
from benchmarks.retrieval.scale import WINDOWS, grow, taken
from benchmarks.retrieval.shelf import opened

CORPUS = "starter"
WIDTH, HEIGHT, LEFT, BOTTOM = 420, 300, 52, 44
Points = Sequence[tuple[float, float]]


def by_streams(figures: Figures, size: Size) -> Points:
    """Prints a line for each number of streams; (streams, microseconds a piece)."""
    heads = ("us a piece", "one core", "gap p99", "lag p99", "MiB")
    print(f"\n{'streams of 10 a second':>24}" + "".join(f"{head:>11}" for head in heads))
    points = []
    for streams, run in figures.grown(size.streams):
        points.append((float(streams), run.cpu))
        print(
            f"{streams:24} {run.cpu:10.1f} {run.busy[0]:10.0%} {run.gap['p99']:10.1f} {run.lag['p99']:10.1f} "
            f"{run.memory:10.0f}", flush=True,
        )  # fmt: skip
    return points


def by_fragments(figures: Figures, place: Place, size: Size) -> tuple[Points, Points]:
    """Prints a line for each number of fragments; (fragments, milliseconds added and retrieved for)."""
    print(f"\n{'fragments':>24} {'added ms':>11} {'retrieval':>9}")
    added, found = [], []
    with grown_homes(place.home, size.fragments) as homes:
        for fragments, home in homes:
            both = figures.first_in(replace(place, home=home))
            added.append((float(fragments), both[0]))
            found.append((float(fragments), both[1]))
            print(f"{fragments:24,} {both[0]:11.1f} {both[1]:9.1f}", flush=True)
    return added, found


@contextmanager
def grown_homes(home: Path, sizes: Sequence[int]) -> Iterator[Iterator[tuple[int, Path]]]:
    """A data folder that grows from each size to the next, of fragments put together from the starter tales."""
    with tempfile.TemporaryDirectory(prefix="dream-grown-") as name:
        folder = Path(name)
        (folder / "models").symlink_to(home / "models")
        with opened(home, corpus=CORPUS) as shelf:
            source = taken(shelf)
            shelf.vectors.close()
        picks = np.random.default_rng(7).integers(0, len(source), max(sizes) * WINDOWS)

        def growing() -> Iterator[tuple[int, Path]]:
            for fragments in sizes:
                with opened(folder, corpus=CORPUS) as shelf:
                    grow(shelf, source, fragments, picks)
                    shelf.vectors.close()
                yield fragments, folder

        yield growing()


def plot(path: Path, streams: Points, added: Points, found: Points) -> None:
    panels = [
        _panel("microseconds of CPU a piece, by streams", {"CPU": streams}, 0),
        _panel("ms to the first piece, by fragments", {"added": added, "of it retrieval": found}, WIDTH),
    ]
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12">\n' + "\n".join(panels) + "\n</svg>\n",
        encoding="utf-8",
    )


def _panel(title: str, lines: dict[str, Points], left: int) -> str:
    """A chart whose x axis is logarithmic and whose y axis begins at 0."""
    everything = [point for points in lines.values() for point in points]
    logs = [float(np.log10(x)) for x, _ in everything]
    low, span = min(logs), max(logs) - min(logs) or 1.0
    most = max(y for _, y in everything) * 1.15 or 1.0

    def at(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (float(np.log10(x)) - low) / span * (WIDTH - LEFT - 60)
        return round(across, 1), round(HEIGHT - BOTTOM - y / most * (HEIGHT - BOTTOM - 40), 1)

    parts = [f'<g transform="translate({left} 0)">', f'<text x="{LEFT}" y="20">{title}</text>']
    parts.append(f'<path d="M{LEFT} 30V{HEIGHT - BOTTOM}H{WIDTH - 20}" fill="none" stroke="#888"/>')
    parts += [
        f'<text x="{at(x, 0)[0]}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:,.0f}</text>'
        for x in sorted({x for x, _ in everything})
    ]
    for number, (name, points) in enumerate(lines.items()):
        dash = ' stroke-dasharray="4 3"' if number else ""
        path = "L".join(f"{across} {up}" for across, up in (at(*point) for point in points))
        parts.append(f'<path d="M{path}" fill="none" stroke="#246"{dash}/>')
        for x, y in points:
            across, up = at(x, y)
            parts.append(f'<circle cx="{across}" cy="{up}" r="3" fill="#246"/>')
            parts.append(f'<text x="{across + 5}" y="{up - 5}">{y:.0f}</text>')
        across, up = at(*points[-1])
        parts.append(f'<text x="{across}" y="{up + 16}" text-anchor="end">{name}</text>')
    return "".join([*parts, "</g>"])
