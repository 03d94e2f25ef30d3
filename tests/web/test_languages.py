"""Pages in two languages: which one a reader gets, and that nothing is left unsaid in either."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from flask import Flask
from flask.testing import FlaskClient

import dream.errors
from dream.errors import DreamError
from dream.web.languages import ENGLISH, SPOKEN, catalogue, translated
from tests.conftest import ROOT

TRANSLATED = [language for language in SPOKEN if language != ENGLISH]
OPERATORS = {"SetupFailed", "SchemaRefused", "HomeInUse", "ReindexFailed", "StorytellerFailed"}
REFUSALS = {
    name for name, error in vars(dream.errors).items() if isinstance(error, type) and issubclass(error, DreamError)
} - OPERATORS
SLOT = re.compile(r"%\(\w+\)[sd]")


def messages(language: str) -> list[Message]:
    found = [message for message in catalogue(language) if message.id]
    assert found
    return found


def forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def test_catalogues_and_code_say_the_same() -> None:
    checked = subprocess.run([ROOT / "scripts/translate", "--check"], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, f"run scripts/translate, and translate what is new:\n{checked.stdout}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated(language: str) -> None:
    missing = [message.id for message in messages(language) if message.fuzzy or not all(forms(message.string))]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_slots_of_its_message(language: str) -> None:
    unlike = [
        message.id
        for message in messages(language)
        for translation in forms(message.string)
        if set(SLOT.findall(translation)) != set(SLOT.findall(forms(message.id)[-1]))
    ]
    assert unlike == []


def said_in(path: Path) -> Iterator[ast.expr]:
    """The sentences of the errors that a file makes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        match node.func:
            case ast.Name(name) if name in REFUSALS:
                yield node.args[0]
            case ast.Attribute(ast.Name("FormRefused"), "of"):
                yield node.args[1]


def test_errors_say_what_translators_have_seen() -> None:
    """A sentence put together where it is raised would never be found: `worded` has its template."""
    known = {message.id for message in messages("ko")}
    hidden = [
        f"{path.relative_to(ROOT)}:{sentence.lineno}"
        for path in sorted((ROOT / "dream").rglob("*.py"))
        for sentence in said_in(path)
        if isinstance(sentence, ast.JoinedStr | ast.BinOp)
        or (isinstance(sentence, ast.Constant) and sentence.value not in known)
        or (isinstance(sentence, ast.Call) and isinstance(sentence.func, ast.Attribute))
    ]
    assert hidden == []


@pytest.mark.parametrize(
    ("asks", "kept", "language"),
    [
        ("", "", "en"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "", "ko"),
        ("fr,de;q=0.5", "", "en"),
        ("ko", "..en", "en"),
        ("en", "dark.large.ko", "ko"),
        ("ko", "dark.large", "ko"),
        ("ko", "..fr", "ko"),
    ],
)
def test_a_choice_goes_before_what_the_browser_asks_for(
    reader: FlaskClient, asks: str, kept: str, language: str
) -> None:
    if kept:
        reader.set_cookie("look", kept)
    page = reader.get("/", headers={"Accept-Language": asks})
    assert f'<html lang="{language}"' in page.text
    assert ("gowun-batang-common.woff2" in page.text) == (language == "ko")
    assert page.headers["Content-Language"] == language
    assert "Accept-Language" in page.vary


def test_a_problem_speaks_the_language_that_is_asked_for(client: FlaskClient) -> None:
    plain = client.get("/api/v1/stories/none").json
    asked = client.get("/api/v1/stories/none", headers={"Accept-Language": "ko"}).json
    assert plain
    assert asked
    assert plain["detail"].startswith("There is no such story here.")
    assert asked["detail"] == translated(plain["detail"], "ko") != plain["detail"]
    assert asked["code"] == plain["code"] == "not_found"


def test_a_sentence_is_known_again_by_its_template(app: Flask) -> None:
    with app.test_request_context():
        for message in messages("ko"):
            template, translation = forms(message.id)[-1], forms(message.string)[-1]
            values = {name[2:-2]: f"[{name[2:-2]}]" for name in SLOT.findall(template)}
            if values:
                assert translated(template % values, "ko") == translation % values


def test_what_no_catalogue_knows_stays_as_it_is(app: Flask) -> None:
    with app.test_request_context():
        known = "There is nothing at this address."
        assert translated("Nobody wrote this.", "ko") == "Nobody wrote this."
        assert translated(known, "en") == known
        assert translated("Nobody wrote on our side.", "ko") == "Nobody wrote on our side."  # "(browser) on (system)"
        assert translated(f"Nobody wrote this. {known}", "ko") == f"Nobody wrote this. {translated(known, 'ko')}"
