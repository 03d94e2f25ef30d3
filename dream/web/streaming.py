"""The stream of a telling: its log, followed, as server-sent events."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from flask import Response, request

from dream.service import Service
from dream.store import models
from dream.store.library.scenes import ENDED
from dream.store.log import Event

HEARTBEAT_SECONDS = 10.0
RECONNECT_MILLISECONDS = 1500
CROWDED_MILLISECONDS = 5000


class Followers:
    """How many streams this process holds open; each takes a thread, and pages need some too."""

    def __init__(self, most: int) -> None:
        self._seats = threading.BoundedSemaphore(most)

    def take(self) -> bool:
        """Takes a seat where one is free; who has taken it gives it back by `leave`."""
        return self._seats.acquire(blocking=False)

    def leave(self) -> None:
        self._seats.release()

    def stream(self, service: Service, scene: models.Scene) -> Response:
        """Follows a scene's log from Last-Event-ID or ?after=. 204 past its end; a bare `retry:` where no seat is
        free.
        """
        after = _after()
        if scene.state in ENDED and not service.log.read(scene.id, after):
            return Response(status=204)
        if not self.take():
            return _event_stream(iter([f"retry: {CROWDED_MILLISECONDS}\n\n"]))
        events = _encoded(service, scene.id, after)
        response = _event_stream(events)
        # Called however the stream ends, and also where it never began.
        response.call_on_close(self.leave)
        return response


def _encoded(service: Service, scene_id: str, after: int) -> Iterator[str]:
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
    for event in service.log.follow(scene_id, after, heartbeat=HEARTBEAT_SECONDS):
        yield _frame(service, event) if event else ":\n\n"


def _frame(service: Service, event: Event) -> str:
    return f"id: {event.number}\nevent: {event.name}\ndata: {service.event_shown(event.name, event.data)}\n\n"


def _event_stream(body: Iterator[str]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, mimetype="text/event-stream", headers=headers)


def _after() -> int:
    """The last event that the follower has seen; anything that is not a number counts as none."""
    value = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
