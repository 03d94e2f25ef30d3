"""The figures of a process that only reads, for Prometheus: it has no web of its own to show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from dream.errors import SetupFailed
from dream.metrics import REGISTRY


@contextmanager
def figures_at(address: str) -> Iterator[None]:
    """Shows them at a port of this machine while the block runs; nowhere for "". Raises SetupFailed."""
    if not address:
        yield
        return
    host, _, port = address.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host, REGISTRY)
    except (OSError, OverflowError):
        raise SetupFailed(
            f"DREAM_JOBS_METRICS: nothing can be shown at {address}. Nothing was changed; name a free port."
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
