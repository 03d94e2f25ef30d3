"""The look of pages: kept for a reader, and harmless whatever a cookie or an address says."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient


def test_a_chosen_look_stays(reader: FlaskClient) -> None:
    assert "data-theme" not in reader.get("/").text
    answer = reader.get("/look?theme=sepia&size=large&back=/works")
    assert (answer.status_code, answer.location) == (303, "/works")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = reader.get("/works").text
    assert '<html lang="en" data-theme="sepia" data-size="large">' in page
    reader.get("/look?theme=&size=")
    assert "data-theme" not in reader.get("/").text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nSet-Cookie:x"]
)
def test_the_way_back_stays_here(reader: FlaskClient, back: str) -> None:
    assert reader.get("/look", query_string={"theme": "dark", "back": back}).location == "/"


@pytest.mark.parametrize("kept", ['"><script>', "neon.huge", "dark", ".", "paper.huge.more"])
def test_a_look_that_is_none_counts_as_none(reader: FlaskClient, kept: str) -> None:
    reader.set_cookie("look", kept)
    page = reader.get("/").text
    assert "<script>" not in page
    assert "neon" not in page
    assert "data-size" not in page
