"""The log of each telling: numbered events, written in groups, followed by any number of readers.

Nothing is shown before it is committed. Pieces of text that arrive within 20 ms of each other become one `delta`,
and all tellings of the process share one commit; the first piece of a telling and every other event are committed at
once.

A follower that keeps up is handed its pieces by the thread that commits them: waking one of its own for each would cost
several times what the writing does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, select, update

from dream.metrics import COMMITS
from dream.store import models
from dream.store.channel import Change, Channel, Entry, Event, Follow, Outlet
from dream.store.database import Database

GATHER_SECONDS = 0.02
POLL_SECONDS = 0.25
MARK_SECONDS = 60.0

# One step of SQLite for all rows: each lets go of the interpreter, see dream.sockets.
_INSERT = (
    "INSERT INTO events (scene_id, number, name, data) "
    "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), "
    "json_extract(value, '$[3]') FROM json_each(?)"
)


class Added(NamedTuple):
    """An event on its way into the log."""

    entry: Entry

    def wait(self) -> bool:
        """Waits for its commit. False where its change said that it no longer applies; raises what stopped it."""
        self.entry.done.wait()
        if self.entry.error:
            raise self.entry.error
        return self.entry.applied


class EventLog:
    """All logs of this process. One thread commits for everyone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()
        self._fresh = threading.Condition(self._lock)
        self._dirty: list[Channel] = []
        self._urgent = False
        self._ending = False
        self._ended = False
        self._scribe = threading.Thread(target=self._commit_forever, name="scribe", daemon=True)
        self._scribe.start()

    def open(self, scene_id: str, *, new: bool = False) -> Channel:
        """The channel on which this process tells a scene. What was logged before is kept; a `new` scene has no log."""
        channel = Channel(scene_id, [] if new else [(*event,) for event in self.read(scene_id)])
        with self._lock:
            self._channels[scene_id] = channel
        return channel

    def shut(self, channel: Channel) -> None:
        """Ends the live channel; those who follow it go on from SQL."""
        with self._lock:
            if self._channels.get(channel.scene_id) is channel:
                del self._channels[channel.scene_id]
        channel.close()

    def piece(self, channel: Channel, text: str) -> None:
        """Adds a piece of the story without waiting for its commit. Raises what stopped an earlier commit of this
        channel.
        """
        if channel.error:
            raise channel.error
        with self._lock:
            waiting = channel.waiting
            if waiting and isinstance(waiting[-1], list):
                waiting[-1].append(text)
            else:
                waiting.append([text])
            self._wake(channel, urgent=not channel.begun)
            channel.begun = True

    def hurry(self) -> None:
        """Has what waits committed now: it was gathered elsewhere."""
        with self._lock:
            if self._dirty and not self._urgent:
                self._urgent = True
                self._fresh.notify_all()

    def add(
        self, channel: Channel, name: str, data: Any, change: Change | None = None, *, urgent: bool = True
    ) -> Added:
        """Adds an event without waiting for its commit: at once, or with what else comes within 20 ms where it is not
        urgent. Raises as `piece` does.
        """
        if channel.error:
            raise channel.error
        return self._add(channel, name, data, change, urgent=urgent)

    def append(self, channel: Channel, name: str, data: Any, change: Change | None = None) -> bool:
        """Commits an event, after all pieces before it. False where `change` said that it no longer applies."""
        return self._add(channel, name, data, change, urgent=True).wait()

    def _add(self, channel: Channel, name: str, data: Any, change: Change | None, *, urgent: bool) -> Added:
        entry = Entry(name, orjson.dumps(data).decode(), change, applied=change is None)
        with self._lock:
            channel.waiting.append(entry)
            self._wake(channel, urgent=urgent)
        return Added(entry)

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
        for events in self.follow_groups(scene_id, after, heartbeat=heartbeat):
            yield from events or (None,)

    def follow_groups(
        self, scene_id: str, after: int = 0, *, heartbeat: float = 10.0, outlet: Outlet | None = None
    ) -> Iterator[list[Event]]:
        """As `follow`, but what is there at once comes together, and a silence is an empty group: a write for each
        event would hand the interpreter to whoever computes, and wait to get it back. What an `outlet` was handed is
        not yielded.
        """
        place: int | None = min(after, self._last_number(scene_id)) if after else 0
        while place is not None:
            with self._lock:
                channel = self._channels.get(scene_id)
            if channel:
                place = yield from channel.follow(place, heartbeat, outlet)
            else:
                place = yield from self._stored(scene_id, place, heartbeat)

    def _last_number(self, scene_id: str) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.max(models.Event.number)).where(models.Event.scene_id == scene_id)) or 0

    def close(self) -> None:
        """Commits what is waiting and ends the scribe."""
        with self._lock:
            self._ending = True
            self._fresh.notify_all()
        self._scribe.join(timeout=10)

    def _stored(self, scene_id: str, after: int, heartbeat: float) -> Follow:
        """Follows by polling SQL: the scene is told in another process, or not any more. Looks out for a local
        channel.
        """
        silent, marked = 0.0, -MARK_SECONDS
        while True:
            if time.monotonic() - marked > MARK_SECONDS:
                marked = time.monotonic()
                self._mark_followed(scene_id)
            fresh = self.read(scene_id, after)
            if fresh:
                yield fresh
                after = fresh[-1].number
                if fresh[-1].terminal:
                    return None
            silent = 0.0 if fresh else silent + POLL_SECONDS
            if silent >= heartbeat:
                silent = 0.0
                yield []
            with self._lock:
                if scene_id in self._channels:
                    return after
            threading.Event().wait(POLL_SECONDS)

    def _mark_followed(self, scene_id: str) -> None:
        """Tells the process that tells a scene that somebody follows it here."""
        mine = (models.Scene.id == scene_id, models.Scene.ended_at.is_(None))
        with self._database.read() as session:
            if session.scalar(select(models.Scene.id).where(*mine)) is None:
                return
        with self._database.write() as session:
            session.execute(update(models.Scene).where(*mine).values(followed_at=time.time()))

    def _wake(self, channel: Channel, *, urgent: bool) -> None:
        if self._ended:
            raise RuntimeError("The log is closed: nobody would ever write this.")
        # The scribe is woken for the first of a group and for the first that is urgent, not for every piece.
        if not self._dirty or (urgent and not self._urgent):
            self._fresh.notify_all()
        if not channel.dirty:
            channel.dirty = True
            self._dirty.append(channel)
        self._urgent = self._urgent or urgent

    def _commit_forever(self) -> None:
        while True:
            with self._lock:
                self._fresh.wait_for(lambda: self._dirty or self._ending)
                if not self._dirty:
                    self._ended = True
                    return
                self._fresh.wait_for(lambda: self._urgent or self._ending, timeout=GATHER_SECONDS)
                taken = [(channel, channel.waiting) for channel in self._dirty]
                for channel in self._dirty:
                    channel.waiting, channel.dirty = [], False
                self._dirty, self._urgent = [], False
            self._commit(taken)

    def _commit(self, taken: list[tuple[Channel, list[list[str] | Entry]]]) -> None:
        """One transaction for everyone; where it fails, each channel gets one of its own, so that only the one at
        fault is told.
        """
        try:
            with COMMITS.time():
                fresh = self._written(taken)
        except Exception as error:  # noqa: BLE001  # whatever it is, it goes to the tellings that wait for it
            if len(taken) > 1:
                for one in taken:
                    self._commit([one])
                return
            self._refuse(*taken[0], error)
            fresh = []
        for channel, events in fresh:
            channel.commit(events)
        for _, entries in taken:
            for entry in entries:
                if isinstance(entry, Entry):
                    entry.done.set()

    def _written(self, taken: list[tuple[Channel, list[list[str] | Entry]]]) -> list[tuple[Channel, list[Event]]]:
        """The events of what was taken. Most rounds bring pieces alone, and need no more than one statement."""
        changes = [
            (entry, entry.change)
            for _, entries in taken
            for entry in entries
            if isinstance(entry, Entry) and entry.change
        ]
        if not changes:
            fresh = [(channel, _events(channel, entries)) for channel, entries in taken]
            self._database.insert(_INSERT, [_rows(fresh)])
            return fresh
        with self._database.write(first=True) as session:
            for entry, change in changes:
                entry.applied = change(session)
            fresh = [(channel, _events(channel, entries)) for channel, entries in taken]
            session.connection().exec_driver_sql(_INSERT, (_rows(fresh),))
        return fresh

    def _refuse(self, channel: Channel, entries: list[list[str] | Entry], error: Exception) -> None:
        """Tells a channel's telling why nothing of it was written. Its pieces stay, to be written with its ending."""
        for entry in entries:
            if isinstance(entry, Entry):
                entry.error = error
        with self._lock:
            channel.error = error
            channel.waiting[:0] = [pieces for pieces in entries if isinstance(pieces, list)]


def _events(channel: Channel, entries: list[list[str] | Entry]) -> list[Event]:
    """The events of those entries that still apply, numbered."""
    number = len(channel.committed)
    events: list[Event] = []
    for entry in entries:
        if isinstance(entry, list):
            name, data = "delta", orjson.dumps({"text": "".join(entry)}).decode()
        elif entry.applied:
            name, data = entry.name, entry.data
        else:
            continue
        number += 1
        events.append(Event(number, name, data))
    return events


def _rows(fresh: list[tuple[Channel, list[Event]]]) -> str:
    return orjson.dumps([(channel.scene_id, *event) for channel, events in fresh for event in events]).decode()
