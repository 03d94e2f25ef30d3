"""The stream of a telling: its log, followed, as server-sent events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import orjson
from flask import Response, request, stream_with_context

from dream.actor import Actor
from dream.service import Service
from dream.store import models
from dream.store.channel import Event
from dream.store.library.jobs import ENDED as ENDED_JOBS
from dream.store.library.scenes import ENDED
from dream.web.languages import ENGLISH, page_language, translated
from dream.web.line import WAY_OUT, Line, WayOut

HEARTBEAT_SECONDS = 10.0
RECONNECT_MILLISECONDS = 1500
CROWDED_MILLISECONDS = 5000
JOBS_POLL_SECONDS = 0.5


class Followers:
    """How many streams this process holds open; each takes a thread, and pages need some too."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self.open = 0

    def take(self) -> bool:
        """Takes a seat where one is free; who has taken it gives it back by `leave`."""
        with self._lock:
            if self.open >= self._most:
                return False
            self.open += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self.open -= 1

    def stream(self, service: Service, scene_id: str, state: str) -> Response:
        """Follows a scene's log from Last-Event-ID or ?after=. 204 past its end; a bare `retry:` where no seat is
        free.
        """
        after = _after()
        if state in ENDED and not service.log.read(scene_id, after):
            return Response(status=204)
        if not self.take():
            return _event_stream(iter([f"retry: {CROWDED_MILLISECONDS}\n\n"]))
        events = _encoded(service, scene_id, after, page_language(), request.environ.get(WAY_OUT))
        response = _event_stream(events)
        # Called however the stream ends, and also where it never began.
        response.call_on_close(self.leave)
        return response

    def follow_jobs(self, service: Service, actor: Actor, shown: Callable[[models.Job], str]) -> Response:
        """Follows an author's jobs until none is left to be read; `shown` gives the data of each."""
        if not self.take():
            return _event_stream(iter([f"retry: {CROWDED_MILLISECONDS}\n\n"]))
        # Addresses are made while there is still a request.
        response = _event_stream(stream_with_context(_jobs(service, actor, shown)))
        response.call_on_close(self.leave)
        return response


def _jobs(service: Service, actor: Actor, shown: Callable[[models.Job], str]) -> Iterator[str]:
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
    told: dict[str, tuple[str, int]] = {}
    silent = 0.0
    while True:
        jobs = service.desk.jobs(actor)
        fresh = [job for job in reversed(jobs) if told.get(job.id) != (job.state, job.done)]
        told = {job.id: (job.state, job.done) for job in jobs}
        yield from (f"event: job\ndata: {shown(job)}\n\n" for job in fresh)
        if all(job.state in ENDED_JOBS for job in jobs):
            yield "event: done\ndata: {}\n\n"
            return
        silent = 0.0 if fresh else silent + JOBS_POLL_SECONDS
        if silent >= HEARTBEAT_SECONDS:
            silent = 0.0
            yield ":\n\n"
        threading.Event().wait(JOBS_POLL_SECONDS)


def _encoded(
    service: Service, scene_id: str, after: int, language: str, leave: Callable[[], WayOut | None] | None
) -> Iterator[str]:
    """The frames that the follower's own thread sends. Most go by a line, where the server says how answers leave."""
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
    way_out = leave() if leave else None  # known once the head has been sent
    line = Line(way_out) if way_out else None
    for events in service.log.follow_groups(scene_id, after, heartbeat=HEARTBEAT_SECONDS, outlet=line):
        yield "".join([_shown(service, event, language).frame for event in events]) or ":\n\n"


def _shown(service: Service, event: Event, language: str) -> Event:
    """An event as this follower sees it."""
    data = service.sources.in_event(event.name, event.data)
    if event.name in ENDED and language != ENGLISH:
        data = _translated(data, language)
    return event._replace(data=data)


def _translated(data: str, language: str) -> str:
    """A terminal event with its sentence as the follower would say it; the log keeps the one that was written."""
    ended = orjson.loads(data)
    return orjson.dumps({**ended, "sentence": translated(ended["sentence"], language)}).decode()


def _event_stream(body: Iterator[str]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, mimetype="text/event-stream", headers=headers)


def _after() -> int:
    """The last event that the follower has seen; anything that is not a number counts as none."""
    value = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
