"""/metrics in Prometheus' format, for whoever sits at the machine itself; from outside there is nothing here."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dream.errors import NotFound
from dream.metrics import REGISTRY
from dream.service import Service
from dream.web.access import needs
from dream.web.current import service
from dream.web.streaming import Followers

metrics = Blueprint("metrics", __name__)

_PROXIED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
_LOCAL = ("", "127.0.0.1", "::1")  # "" is a unix socket
_STATES = ("closed", "probing", "open")


@metrics.get("/metrics")
@needs(None)
def show() -> Response:
    """This process's own figures: each process has its own address to be asked at."""
    if request.remote_addr not in _LOCAL or any(name in request.headers for name in _PROXIED):
        raise NotFound("There is nothing at this address.")
    now = CollectorRegistry()
    now.register(_Now(service(), current_app.extensions["followers"]))
    return Response(generate_latest(REGISTRY) + generate_latest(now), content_type=CONTENT_TYPE_LATEST)


class _Now(Collector):
    """What is the case at this moment, looked up when asked."""

    def __init__(self, service: Service, followers: Followers) -> None:
        self._service = service
        self._followers = followers

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("dream_tellings_live", "Stories being told.", value=self._service.tellings.live())
        yield GaugeMetricFamily("dream_followers", "Open event streams.", value=self._followers.open)
        yield GaugeMetricFamily(
            "dream_jobs_waiting", "Jobs that are queued or at work, of all processes.",
            value=self._service.library.jobs.active(),
        )  # fmt: skip
        breakers = GaugeMetricFamily(
            "dream_breaker", "A provider's breaker: 1 for its state.", labels=["name", "state"]
        )
        for voice in self._service.voices:
            for state in _STATES:
                breakers.add_metric([voice.storyteller.name, state], float(voice.breaker.state == state))
        yield breakers
