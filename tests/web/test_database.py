"""What people are told when the database does not answer: to wait, where waiting helps, and only there."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from flask.testing import FlaskClient

from dream.service import Service
from dream.store import database
from dream.web import build_app
from tests.conftest import OpenService

BRIEF = {"premise": "A keeper who may not lie", "length": "short"}


@pytest.fixture
def hasty(open_service: OpenService, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service that waits for its database no longer than a test does."""
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 50)
    return open_service()


def test_a_database_that_others_hold_is_busy_and_is_whole_again_after_them(hasty: Service) -> None:
    client = build_app(hasty).test_client(use_cookies=False)
    with closing(sqlite3.connect(hasty.database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.post("/api/v1/stories", json=BRIEF)
        said = answer.get_json()
        assert (answer.status_code, said["code"], said["retry"]) == (503, "busy", True)
        assert said["detail"].startswith("Nothing was changed. The library is busy just now.")
        other.execute("ROLLBACK")
    assert client.post("/api/v1/stories", json=BRIEF).status_code == 201


@pytest.mark.parametrize("path", ["/api/v1/search?q=lamp", "/works"])
def test_what_waiting_does_not_mend_is_a_fault_of_ours(service: Service, client: FlaskClient, path: str) -> None:
    with closing(sqlite3.connect(service.database.path)) as other:
        other.execute("ALTER TABLE corpora RENAME TO elsewhere")
        other.commit()
    answer = client.get(path)
    assert answer.status_code == 500
    assert "Something went wrong on our side. What was there before is kept" in answer.text
    assert "corpora" not in answer.text
    korean = client.get(path, headers={"Accept-Language": "ko"})
    assert "저희 쪽에 문제가 생겼습니다. 전에 있던 것은 그대로 있으니 다시 해 주십시오." in korean.text
