"""A channel: the live end of one scene's log, and the followers that wait at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import orjson
from sqlalchemy.orm import Session

TERMINAL = frozenset({"told", "stopped", "interrupted", "failed"})

Change = Callable[[Session], bool]
"""Runs inside an event's own transaction; False means that the event no longer applies and is not written."""


Follow = Generator["list[Event]", None, "int | None"]
"""Groups of events, an empty one where it was silent for long; ends with the last number that was seen, None after a
terminal event.
"""


class Event(NamedTuple):
    """`number` counts from 1 within the scene; `data` is one line of JSON."""

    number: int
    name: str
    data: str

    @property
    def terminal(self) -> bool:
        return self.name in TERMINAL

    @property
    def text(self) -> str:
        """The piece of the story that a delta holds, "" for any other event."""
        return str(orjson.loads(self.data)["text"]) if self.name == "delta" else ""

    @property
    def frame(self) -> str:
        """As it is sent to followers: a server-sent event."""
        return f"id: {self.number}\nevent: {self.name}\ndata: {self.data}\n\n"


@dataclass(slots=True)
class Entry:
    """A whole event that waits to be committed."""

    name: str
    data: str
    change: Change | None
    done: threading.Event = field(default_factory=threading.Event)
    applied: bool = False
    error: BaseException | None = None


class Outlet(Protocol):
    """Where a follower's pieces can go without it."""

    def push(self, frames: bytes) -> bool:
        """Takes deltas, as they are sent to everyone, without waiting for anyone. False where their way out is not
        free: then nothing more may be pushed before `settle`.
        """

    def settle(self) -> None:
        """Called by the follower itself, after its last push: waits until what was pushed has gone out."""


@dataclass(eq=False, slots=True)
class _Seat:
    """A follower that has seen `number` events, and is handed what comes next until it has to look itself."""

    outlet: Outlet
    number: int
    pushed_at: float = field(default_factory=time.monotonic)
    left: threading.Event = field(default_factory=threading.Event)

    def take(self, number: int, frames: bytes) -> bool:
        """Hands on the deltas up to a number. False where the follower has to go on by itself."""
        self.number = number
        self.pushed_at = time.monotonic()
        return self.outlet.push(frames)


@dataclass(eq=False)
class Channel:
    """Belongs to the process that tells the scene. What is `committed` are its events as bare tuples, which the garbage
    collector forgets once it has seen them: looking through all of every story that is being told, it stopped each of
    them for a sixth of a second.
    """

    scene_id: str
    committed: list[tuple[int, str, str]]
    waiting: list[list[str] | Entry] = field(default_factory=list)
    """Pieces of text that stand beside each other, and whole events."""
    seats: list[_Seat] = field(default_factory=list)
    begun: bool = False
    dirty: bool = False
    closed: bool = False
    error: BaseException | None = None
    followers: int = 0
    left_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        # Taken for every event: a plain lock costs half of what the condition around it does.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)

    def unfollowed(self) -> float:
        """Seconds since the last follower of this process left; 0 while there is one."""
        return 0.0 if self.followers else time.monotonic() - self.left_at

    def events(self, after: int = 0) -> list[Event]:
        return [Event(*row) for row in self.committed[after:]]

    def commit(self, events: Sequence[Event]) -> None:
        """Shows what has been written to all who follow; their deltas are framed once for all of them."""
        if not events:
            return
        with self._lock:
            self.committed += [(*event,) for event in events]
            self._changed.notify_all()
            if not self.seats:
                return
            deltas = {event.name for event in events} == {"delta"}
            frames = "".join([event.frame for event in events]).encode()
            for seat in self.seats[:]:
                if not (deltas and seat.take(events[-1].number, frames)):
                    self._vacate(seat)

    def close(self) -> None:
        with self._lock:
            self.closed = True
            self._changed.notify_all()
            for seat in self.seats[:]:
                self._vacate(seat)

    def _vacate(self, seat: _Seat) -> None:
        """Has a follower go on by itself. The caller holds the lock."""
        if seat in self.seats:
            self.seats.remove(seat)
            seat.left.set()

    def follow(self, after: int, heartbeat: float, outlet: Outlet | None) -> Follow:
        """Follows from here on until the channel is closed, or a terminal event."""
        self.join()
        try:
            while True:
                seen, after = after, self._wait(after, heartbeat, outlet)
                with self._lock:
                    fresh, closed = self.events(after), self.closed
                if fresh or (not closed and after == seen):
                    yield fresh
                after += len(fresh)
                if fresh and fresh[-1].terminal:
                    return None
                if closed:
                    return after
        finally:
            self.leave()

    def _wait(self, after: int, heartbeat: float, outlet: Outlet | None) -> int:
        """Waits until there is something that a follower has to look at itself, or `heartbeat` seconds were silent. The
        last event that it has been handed meanwhile.
        """
        with self._lock:
            if self.closed or len(self.committed) > after:
                return after
            if not outlet:
                self._changed.wait(heartbeat)
                return after
            seat = _Seat(outlet, after)
            self.seats.append(seat)
        while not seat.left.wait(max(0.0, seat.pushed_at + heartbeat - time.monotonic())):
            with self._lock:
                if time.monotonic() - seat.pushed_at >= heartbeat:
                    self._vacate(seat)
        outlet.settle()
        return seat.number

    def join(self) -> None:
        with self._lock:
            self.followers += 1

    def leave(self) -> None:
        with self._lock:
            self.followers -= 1
            self.left_at = time.monotonic()
