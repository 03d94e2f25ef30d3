"""The id of the request that brought a file goes along to whoever reads it."""

from __future__ import annotations

from contextvars import copy_context

import pytest

from dream.logs import request_id
from dream.service import Service
from tests.conftest import TALES


def test_a_job_is_read_under_its_requests_id(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> None:
        request_id.set("from-nginx-7")
        path = TALES / "en" / "eleven-coats.md"
        service.library.jobs.ask(service.corpus("starter").id, "", [service.ingest.asked(path, path.name)])

    copy_context().run(ask)
    seen: list[str] = []
    monkeypatch.setattr(service.ingest, "_read", lambda _job: seen.append(request_id.get()))
    copy_context().run(service.ingest.work, "worker")
    assert seen == ["from-nginx-7"]
