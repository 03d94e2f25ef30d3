"""Fixtures of the fakes; tests/conftest.py loads them with `pytest_plugins`."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.fakes.client import FakeUpstream


@pytest.fixture(scope="session")
def upstream_process() -> Iterator[FakeUpstream]:
    with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(upstream_process: FakeUpstream) -> Iterator[FakeUpstream]:
    """The fake upstream with its script, counters and latches as new."""
    upstream_process.reset()
    yield upstream_process
    upstream_process.reset()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections: bound, and not listened on, so that nobody else takes it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
