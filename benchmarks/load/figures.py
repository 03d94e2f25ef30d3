"""The figures of the table: each measured for dream and for those of its peers that can be asked for it."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException

from benchmarks.load.readers import PREMISE, Wanted
from benchmarks.load.rig import Nothing, Run, load, play
from benchmarks.load.servers import ASYNC, DREAM, PEERS, THREADS, Kind, Place, Server, serving
from benchmarks.load.upstream import BEFORE_SECONDS

ONE, BOTH, RIG = "0", "0,1", 1
"""Cores: where a figure is of one core, the server has one for itself, upstream and client share the other."""

STARTING = 5
"""Stories a second that begin, where others are being told. A load lasts until all of its streams run at once."""


@dataclass(frozen=True)
class Size:
    """How much of everything is asked for. Loads are streams x pieces a second x pieces."""

    rounds: int
    readers: int
    cost: str
    fast: int
    held: tuple[str, ...]
    followed: tuple[int, int, int]
    starts: int
    streams: tuple[int, ...]
    grown: int
    fragments: tuple[int, ...]


FULL = Size(
    rounds=40, readers=50, cost="50x50x500", fast=8000, held=("100x50x1500", "200x20x1200"), followed=(50, 20, 250),
    starts=3, streams=(10, 50, 100, 200, 400), grown=100, fragments=(1_000, 10_000, 100_000),
)  # fmt: skip
QUICK = Size(
    rounds=8, readers=12, cost="50x50x300", fast=2000, held=("100x50x1500",), followed=(10, 20, 60), starts=1,
    streams=(10, 50), grown=30, fragments=(1_000,),
)  # fmt: skip


@dataclass
class Row:
    """One line of the table; `wanted` is what is promised, `values` what was seen by the server's name."""

    name: str
    wanted: str
    values: dict[str, str] = field(default_factory=dict)


class Figures:
    """Measures, and keeps what the rig itself was busy with at most. A server is launched once for all it is asked.

    `say` hears each value as it is seen.
    """

    def __init__(self, place: Place, size: Size, say: Callable[[str], None]) -> None:
        self._place, self._size, self._say = place, size, say
        self._rows: dict[str, Row] = {}
        self.busiest = {"upstream": 0.0, "client": 0.0}
        self.errors: list[str] = []

    def rows(self) -> list[Row]:
        alone, many = self._wanted("1x0x20"), self._wanted(f"{self._size.readers}x50x200", starting=STARTING)
        upstream_alone = self._first(Nothing(), self._upstream(alone), self._size.rounds)
        upstream_many = self._run(Nothing(), self._upstream(many)).first["p50"]
        gaps = {load_: self._own_gap(load_) for load_ in self._size.held}
        for kind in (DREAM, *PEERS):
            with self._started(kind) as server:
                server.keep_to(BOTH)
                self._first_alone(server, alone, upstream_alone)
                self._first_of_many(server, many, upstream_many)
                server.keep_to(ONE)
                self._cost(server)
                if kind in (DREAM, THREADS, ASYNC):
                    self._held(server, gaps)
                if kind is DREAM:
                    server.keep_to(BOTH)
                    self._followed(server)
        shown = ", ".join(f"{name} {share:.0%}" for name, share in self.busiest.items())
        self._see("the rig's own use of a core, at most", "below 100 %", DREAM, shown)
        return list(self._rows.values())

    @contextmanager
    def _started(self, kind: Kind) -> Iterator[Server]:
        """A server that has answered; how long that took from its launch, where nobody had asked it yet, is a row."""
        seconds = [self._launched(Server(kind, self._place)) for _ in range(self._size.starts - 1)]
        server = Server(kind, self._place)
        try:
            seconds.append(self._launched(server, stay=True))
            self._see("cold start to the first answer, s", "3", kind, statistics.median(seconds))
            yield server
        finally:
            server.end()

    def _launched(self, server: Server, *, stay: bool = False) -> float:
        """Seconds from the launch of a process that nobody has asked yet to the first piece of a story."""
        play(self._place.upstream, "0x20")
        began = time.monotonic()
        server.launch()
        try:
            while not _answered(server):
                server.check()
                time.sleep(0.02)
            return time.monotonic() - began - BEFORE_SECONDS
        finally:
            if not stay:
                server.end()

    def _first_alone(self, server: Server, alone: Wanted, own: float) -> None:
        """A reader at a time. What the upstream itself takes, asked in the same way, is not counted."""
        wanted = self._asked(server, alone)
        self._first(server, wanted, 6)  # each of four workers has loaded what it loads late
        before = server.retrieval() if server.kind is DREAM else (0.0, 0)
        added = 1000 * (self._first(server, wanted, self._size.rounds) - own)
        self._see("added to the first piece, alone, ms", "30, below (a)", server.kind, added)
        if server.kind is DREAM:
            seconds, times = server.retrieval()
            found = 1000 * (seconds - before[0]) / (times - before[1])
            self._see("  of it retrieval, ms (mean)", "", DREAM, found)
            self._see("  of it all the rest, ms", "8", DREAM, added - found)

    def _first_of_many(self, server: Server, many: Wanted, own: float) -> None:
        self._run(server, self._asked(server, self._wanted("4x50x50")))
        run = self._run(server, self._asked(server, many))
        name = f"the same, {self._size.readers} readers, 5 starting a second, median"
        self._see(name, "60", server.kind, run.first["p50"] - own)
        self._see("  p99", "250", server.kind, run.first["p99"] - own)

    def _cost(self, server: Server) -> None:
        """What a piece costs where there is time between pieces, and where there is none. Of the latter all is counted:
        the first piece is seen when many more have been read.
        """
        streams, rest = self._size.cost.split("x", 1)
        run = self._run(
            server, self._asked(server, self._wanted(f"{server.kind.holds or streams}x{rest}", starting=20))
        )
        name = f"CPU a piece, {self._size.cost}, us ((a): 4 streams)"
        self._see(name, "150, a third of each", server.kind, run.cpu)
        run = self._run(server, self._asked(server, self._wanted(f"1x0x{self._size.fast}")))
        self._see("CPU a piece without delay, us", "40", server.kind, run.all_cpu)

    def _own_gap(self, load_: str) -> float:
        return self._run(Nothing(), self._upstream(self._wanted(load_, starting=STARTING))).gap["p99"]

    def _held(self, server: Server, gaps: dict[str, float]) -> None:
        """Streams on one core: how many came whole, the gap between pieces against the upstream's own, and memory."""
        for load_, own in gaps.items():
            run = self._run(server, self._asked(server, self._wanted(load_, starting=STARTING)))
            self._see(f"one core, {load_}: whole", "all", server.kind, str(run.whole))
            self._see(f"  {load_}: p99 gap above the upstream's {own:.0f}, ms", "50", server.kind, run.gap["p99"] - own)
            self._see(f"  {load_}: CPU a piece, us", "", server.kind, run.cpu)
            self._see(f"  {load_}: PSS, MiB", "360", server.kind, run.memory)

    def _followed(self, server: Server) -> None:
        stories, each, pieces = self._size.followed
        wanted = self._asked(server, self._wanted(f"{stories}x10x{pieces}", starting=STARTING))
        run = self._run(server, replace(wanted, followers=each))
        name = f"{stories * each} followers of {stories} tellings at 10/s: whole"
        self._see(name, "all", DREAM, str(run.whole))
        self._see("  p99 lag, ms", "500", DREAM, run.lag["p99"])

    def grown(self, numbers: Sequence[int]) -> Iterator[tuple[int, Run]]:
        """Each number of streams of 10 pieces a second, on one core of a process that has told nothing much yet. As
        many a second begin, so that with a piece more for each stream all of them run at once.
        """
        for streams in numbers:
            with serving(DREAM, self._place) as server:
                server.keep_to(ONE)
                self._run(server, self._asked(server, self._wanted("2x0x20")))
                wanted = self._wanted(f"{streams}x10x{self._size.grown + streams}", starting=10)
                yield streams, self._run(server, self._asked(server, wanted))

    def first_in(self, place: Place) -> tuple[float, float]:
        """Milliseconds that dream adds alone and that it retrieves for, from another data folder."""
        with serving(DREAM, place) as server:
            wanted = self._asked(server, self._wanted("1x0x20"))
            self._first(server, wanted, 3)
            before = server.retrieval()
            added = 1000 * (self._first(server, wanted, self._size.rounds) - BEFORE_SECONDS)
            seconds, times = server.retrieval()
        return added, 1000 * (seconds - before[0]) / (times - before[1])

    def _first(self, server: Server | Nothing, wanted: Wanted, rounds: int) -> float:
        """Seconds to the first piece, the median of readers who come one after the other."""
        return self._run(server, replace(wanted, stories=rounds, in_turn=True)).first["p50"] / 1000

    def _run(self, server: Server | Nothing, wanted: Wanted) -> Run:
        run = load(server, self._place.upstream, wanted, RIG)
        for name, share in zip(("upstream", "client"), run.busy[1:], strict=True):
            self.busiest[name] = max(self.busiest[name], share)
        if run.whole < run.followers:
            self.errors.append(f"{wanted}: {run.whole} of {run.followers} whole {run.errors}")
        return run

    def _see(self, name: str, wanted: str, kind: Kind, value: float | str) -> None:
        shown = value if isinstance(value, str) else f"{value:.1f}"
        self._rows.setdefault(name, Row(name, wanted)).values[kind.name] = shown
        self._say(f"{kind.name}: {name.strip()}: {shown}")

    def _wanted(self, load_: str, starting: float = 0) -> Wanted:
        streams, rate, pieces = load_.split("x")
        return Wanted(0, "", int(streams), int(pieces), starting=starting, model=f"{rate}x{pieces}")

    def _asked(self, server: Server, wanted: Wanted) -> Wanted:
        return replace(wanted, port=server.port, way=server.kind.way)

    def _upstream(self, wanted: Wanted) -> Wanted:
        return replace(wanted, port=self._place.upstream, way="upstream")


def _answered(server: Server) -> bool:
    """Asks for a story and waits for its first piece; False where nobody listens yet."""
    connection = HTTPConnection("127.0.0.1", server.port)
    path = "/api/v1/stories" if server.kind is DREAM else "/story"
    try:
        connection.request("POST", path, json.dumps({"premise": PREMISE}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if server.kind is DREAM:
            begun = json.load(answer)
            connection.request("GET", begun["events"], headers={"Authorization": f"Bearer {begun['reader_token']}"})
            answer = connection.getresponse()
        return any(b'"text"' in line for line in answer)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
