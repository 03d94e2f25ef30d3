"""Logs: JSON lines with the request's id, from NGINX to the storyteller, and no word of a story in any of them."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from dream.logs import REQUESTS, JsonLines, configure
from dream.web import build_app
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream
from tests.fakes.scenario import WORDS

SECRET = "quillwort"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, at every level."""
    held = io.StringIO()
    handler = logging.StreamHandler(held)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield held
    root.removeHandler(handler)
    root.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.parametrize("fault", ["ok", "500", "bad-json@3", "html", "drop@3"])
def test_one_id_goes_from_the_request_to_the_storyteller_and_no_text_with_it(
    open_service: OpenService, upstream: FakeUpstream, written: io.StringIO, fault: str
) -> None:
    service = open_service(storyteller="openai", openai_base_url=upstream.base_url, model=fault)
    client = build_app(service).test_client(use_cookies=False)
    asked = {"premise": f"A {SECRET} keeper.", "hero": SECRET, "place": SECRET, "tone": SECRET}
    begun = client.post("/api/v1/stories", json=asked, headers={"X-Request-ID": "from-nginx-1"})
    assert begun.headers["X-Request-ID"] == "from-nginx-1"
    token = {"Authorization": f"Bearer {begun.json['reader_token']}"}  # type: ignore[index]
    assert client.get(begun.json["events"], headers=token).text  # type: ignore[index]
    client.get(f"/api/v1/search?q={SECRET}")
    client.get(f"/{SECRET}")
    client.post("/api/v1/stories", json={"premise": SECRET, SECRET: 1})
    service.tellings.close()

    calls = 2 if fault == "ok" else 1  # a scene that was told whole is read once more, for its memory
    assert upstream.seen(requests=calls)["last"]["headers"]["x-request-id"] == "from-nginx-1"
    found = lines(written)
    ended = [line for line in found if line["message"] == "a telling ended"]
    assert [line["request_id"] for line in ended] == ["from-nginx-1"]
    assert {"at", "level", "logger", "message", "request_id"} <= ended[0].keys()
    said = written.getvalue()
    assert SECRET not in said
    assert not any(re.search(rf"\b{re.escape(word.strip())}\b", said) for word in WORDS if len(word) > 4)


@pytest.mark.parametrize("given", ["with a space", "a\tb", "x" * 65, "", "ü" * 9])
def test_an_id_that_fits_no_line_is_replaced(open_service: OpenService, given: str) -> None:
    client = build_app(open_service()).test_client()
    answered = client.get("/livez", headers={"X-Request-ID": given.encode().decode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{16}", answered.headers["X-Request-ID"])


def test_an_error_is_described_without_its_own_words(written: io.StringIO) -> None:
    def fail() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise RuntimeError(SECRET) from error

    try:
        fail()
    except RuntimeError:
        logging.getLogger("dream.test").exception("it broke")
    line = lines(written)[-1]
    assert SECRET not in json.dumps(line)
    assert line["error"][-1] == "builtins.RuntimeError"
    assert "builtins.ValueError" in line["error"]


@pytest.mark.parametrize("watched", [True, False])
def test_a_terminal_is_spoken_to_in_words_and_not_of_every_request(
    monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    held = io.StringIO()
    monkeypatch.setattr(held, "isatty", lambda: watched)
    monkeypatch.setattr(sys, "stderr", held)
    root = logging.getLogger()
    handlers, level, asked = root.handlers[:], root.level, logging.getLogger(REQUESTS).level
    try:
        configure("info")
        logging.getLogger(REQUESTS).info("answered")
        logging.getLogger("dream").warning("the vectors could not be read")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.getLogger(REQUESTS).setLevel(asked)
    said = held.getvalue().splitlines()
    if watched:
        assert said == ["warning: the vectors could not be read"]
    else:
        assert [json.loads(line)["message"] for line in said] == ["answered", "the vectors could not be read"]
