"""The log of each telling: numbered events, written in groups, followed by any number of readers.

Nothing is shown before it is committed. Pieces of text that arrive within 20 ms of each other become one `delta`,
and all tellings of the process share one commit; the first piece of a telling and every other event are committed at
once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database

GATHER_SECONDS = 0.02
POLL_SECONDS = 0.25
TERMINAL = frozenset({"told", "stopped", "interrupted", "failed"})

Change = Callable[[Session], bool]
"""Runs inside an event's own transaction; False means that the event no longer applies and is not written."""


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


@dataclass(slots=True)
class _Entry:
    """One thing waiting to be committed: a piece of text (name "delta", joined with its neighbours) or a whole
    event.
    """

    name: str
    text: str
    change: Change | None = None
    done: threading.Event | None = None
    applied: bool = False
    error: BaseException | None = None


@dataclass(eq=False)
class Channel:
    """The live end of one scene's log, in the process that tells it."""

    scene_id: str
    committed: list[Event]
    changed: threading.Condition = field(default_factory=threading.Condition)
    waiting: list[_Entry] = field(default_factory=list)
    begun: bool = False
    closed: bool = False
    error: BaseException | None = None


class EventLog:
    """All logs of this process. One thread commits for everyone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Condition()
        self._dirty: list[Channel] = []
        self._urgent = False
        self._ending = False
        self._ended = False
        self._scribe = threading.Thread(target=self._commit_forever, name="scribe", daemon=True)
        self._scribe.start()

    def open(self, scene_id: str) -> Channel:
        """The channel on which this process tells a scene. What was logged before is kept."""
        channel = Channel(scene_id, self.read(scene_id))
        with self._lock:
            self._channels[scene_id] = channel
        return channel

    def shut(self, channel: Channel) -> None:
        """Ends the live channel; those who follow it go on from SQL."""
        with self._lock:
            if self._channels.get(channel.scene_id) is channel:
                del self._channels[channel.scene_id]
        with channel.changed:
            channel.closed = True
            channel.changed.notify_all()

    def piece(self, channel: Channel, text: str) -> None:
        """Adds a piece of the story without waiting for its commit. Raises what stopped an earlier commit of this
        channel.
        """
        if channel.error:
            raise channel.error
        with self._lock:
            channel.waiting.append(_Entry("delta", text))
            self._wake(channel, urgent=not channel.begun)
            channel.begun = True

    def add(self, channel: Channel, name: str, data: Any, change: Change | None = None) -> None:
        """Adds an event without waiting for its commit, which comes at once. Raises as `piece` does."""
        if channel.error:
            raise channel.error
        with self._lock:
            channel.waiting.append(_Entry(name, orjson.dumps(data).decode(), change))
            self._wake(channel, urgent=True)

    def append(self, channel: Channel, name: str, data: Any, change: Change | None = None) -> bool:
        """Commits an event, after all pieces before it. False where `change` said that it no longer applies."""
        entry = _Entry(name, orjson.dumps(data).decode(), change, threading.Event())
        with self._lock:
            channel.waiting.append(entry)
            self._wake(channel, urgent=True)
        assert entry.done is not None
        entry.done.wait()
        if entry.error:
            raise entry.error
        return entry.applied

    def read(self, scene_id: str, after: int = 0) -> list[Event]:
        """The committed events of a scene with numbers above `after`."""
        query = (
            select(models.Event.number, models.Event.name, models.Event.data)
            .where(models.Event.scene_id == scene_id, models.Event.number > after)
            .order_by(models.Event.number)
        )
        with self._database.read() as session:
            return [Event(*row) for row in session.execute(query)]

    def follow(self, scene_id: str, after: int = 0, *, heartbeat: float = 10.0) -> Iterator[Event | None]:
        """Every event above `after`, stored ones first, then live ones, up to the terminal one. None when
        `heartbeat` seconds were silent. An `after` that the log has not reached counts as its last one: waiting for
        it would outlast the telling.
        """
        after = min(after, self._last_number(scene_id)) if after else 0
        while True:
            with self._lock:
                channel = self._channels.get(scene_id)
            live = self._live(channel, after, heartbeat) if channel else self._stored(scene_id, after, heartbeat)
            for event in live:
                yield event
                if event:
                    after = event.number
                    if event.terminal:
                        return

    def _last_number(self, scene_id: str) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.max(models.Event.number)).where(models.Event.scene_id == scene_id)) or 0

    def close(self) -> None:
        """Commits what is waiting and ends the scribe."""
        with self._lock:
            self._ending = True
            self._lock.notify_all()
        self._scribe.join(timeout=10)

    def _live(self, channel: Channel, after: int, heartbeat: float) -> Iterator[Event | None]:
        while True:
            with channel.changed:
                if not channel.closed and len(channel.committed) <= after:
                    channel.changed.wait(heartbeat)
                fresh, closed = channel.committed[after:], channel.closed
            if not fresh and not closed:
                yield None
            yield from fresh
            after += len(fresh)
            if closed:
                return

    def _stored(self, scene_id: str, after: int, heartbeat: float) -> Iterator[Event | None]:
        """Follows by polling SQL: the scene is told in another process, or not any more. Looks out for a local
        channel.
        """
        silent = 0.0
        while True:
            fresh = self.read(scene_id, after)
            yield from fresh
            after = fresh[-1].number if fresh else after
            silent = 0.0 if fresh else silent + POLL_SECONDS
            if silent >= heartbeat:
                silent = 0.0
                yield None
            with self._lock:
                if scene_id in self._channels:
                    return
            threading.Event().wait(POLL_SECONDS)

    def _wake(self, channel: Channel, *, urgent: bool) -> None:
        if self._ended:
            raise RuntimeError("The log is closed: nobody would ever write this.")
        if channel not in self._dirty:
            self._dirty.append(channel)
        self._urgent = self._urgent or urgent
        self._lock.notify_all()

    def _commit_forever(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._dirty or self._ending)
                if not self._dirty:
                    self._ended = True
                    return
                self._lock.wait_for(lambda: self._urgent or self._ending, timeout=GATHER_SECONDS)
                taken = [(channel, channel.waiting) for channel in self._dirty]
                for channel in self._dirty:
                    channel.waiting = []
                self._dirty, self._urgent = [], False
            self._commit(taken)

    def _commit(self, taken: list[tuple[Channel, list[_Entry]]]) -> None:
        """One transaction for everyone; where it fails, each channel gets one of its own, so that only the one at
        fault is told.
        """
        try:
            with self._database.write() as session:
                fresh = [(channel, self._write(session, channel, entries)) for channel, entries in taken]
        except Exception as error:  # noqa: BLE001  # whatever it is, it goes to the tellings that wait for it
            if len(taken) > 1:
                for one in taken:
                    self._commit([one])
                return
            self._refuse(*taken[0], error)
            fresh = []
        for channel, events in fresh:
            with channel.changed:
                channel.committed.extend(events)
                channel.changed.notify_all()
        for _, entries in taken:
            for entry in entries:
                if entry.done:
                    entry.done.set()

    def _refuse(self, channel: Channel, entries: list[_Entry], error: Exception) -> None:
        """Tells a channel's telling why nothing of it was written. Its pieces stay, to be written with its ending."""
        for entry in entries:
            entry.error = error
        with self._lock:
            channel.error = error
            channel.waiting[:0] = [entry for entry in entries if entry.name == "delta"]

    def _write(self, session: Session, channel: Channel, entries: list[_Entry]) -> list[Event]:
        number = len(channel.committed)
        events: list[Event] = []
        for entry in _joined(entries):
            entry.applied = entry.change is None or entry.change(session)
            if not entry.applied:
                continue
            number += 1
            data = orjson.dumps({"text": entry.text}).decode() if entry.name == "delta" else entry.text
            events.append(Event(number, entry.name, data))
        if events:
            rows = [{"scene_id": channel.scene_id, "number": e.number, "name": e.name, "data": e.data} for e in events]
            session.execute(insert(models.Event), rows)
        return events


def _joined(entries: list[_Entry]) -> Iterator[_Entry]:
    """The entries with neighbouring pieces of text made into one."""
    text: list[str] = []
    for entry in entries:
        if entry.name == "delta":
            text.append(entry.text)
            continue
        if text:
            yield _Entry("delta", "".join(text))
            text = []
        yield entry
    if text:
        yield _Entry("delta", "".join(text))
