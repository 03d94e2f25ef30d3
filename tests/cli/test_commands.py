"""The command line without a service: every command, and what it says when something is missing."""

from __future__ import annotations

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from dream.cli import main
from dream.service import Service
from dream.settings import Settings, variable
from tests.conftest import ROOT, TALES


class Run(Protocol):
    def __call__(self, *arguments: str, status: int = 0) -> Result: ...


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DREAM_HOME", str(home))
    monkeypatch.setenv("DREAM_LOOM_PACE", "0")

    def run(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
        assert result.exit_code == status, result.output
        return result

    return run


@pytest.fixture
def tales(run: Run) -> None:
    run("ingest", str(TALES / "en" / "eleven-coats.md"), str(TALES / "ko" / "two-ferrymen.md"))


def test_every_command_explains_itself(run: Run) -> None:
    for name in main.commands:
        assert run(name, "--help").output.startswith("Usage:")


@pytest.mark.usefixtures("tales")
def test_search_before_the_set_up_goes_by_words_and_says_so(run: Run) -> None:
    result = run("search", "a button that belongs to no coat")
    assert "Eleven Coats" in result.stdout
    assert "by words alone" in result.stderr
    assert "dream setup" in result.stderr


@pytest.mark.usefixtures("tales")
def test_queries_are_answered_a_line_each_in_order(run: Run, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text(
        '{"id": "a", "query": "button"}\n{"id": "b", "query": "zzzz"}\n{"id": "c", "query": "뱃사공", "more": 1}\n'
    )
    lines = [json.loads(line) for line in run("search", "--queries", str(queries)).stdout.splitlines()]
    assert [line["id"] for line in lines] == ["a", "b", "c"]
    assert [bool(line["hits"]) for line in lines] == [True, False, True]
    hit = lines[0]["hits"][0]
    assert {"work", "source", "start", "end", "text", "score"} <= set(hit)
    assert hit["source"] == "eleven-coats.md"


@pytest.mark.usefixtures("tales")
def test_only_line_feeds_end_a_line_of_queries(run: Run, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"id": "a", "query": "button\u2028coat\u0085"}\n\n', encoding="utf-8")
    assert json.loads(run("search", "--queries", str(queries)).stdout)["id"] == "a"
    queries.write_bytes(b"\xff\n")
    assert "UTF-8" in run("search", "--queries", str(queries), status=2).output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([""], "premise: Please write a few words about the story you would like."),
        (["x" * 2001], "premise: Please keep this to 2,000 characters; it has 2,001."),
        (["A bell", "--seed", "-1"], "seed: "),
    ],
)
def test_a_brief_that_cannot_be_told_says_which_part_to_change(run: Run, arguments: list[str], sentence: str) -> None:
    assert run("tell", *arguments, status=1).stderr.startswith(f"dream: {sentence}")


def test_a_line_of_queries_that_does_not_fit_is_named(run: Run, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"id": "a", "query": "button"}\nnonsense\n')
    assert "Line 2" in run("search", "--queries", str(queries), status=2).output


@pytest.mark.usefixtures("tales")
def test_a_story_is_told_with_what_it_is_woven_from(run: Run) -> None:
    first = run("tell", "A pedlar sells a button", "--seed", "3", "--length", "short").stdout
    assert "Woven from:\n  Eleven Coats · The dream project" in first
    assert run("tell", "A pedlar sells a button", "--seed", "3", "--length", "short").stdout == first
    events = [json.loads(line)["event"] for line in run("tell", "A pedlar", "--json").stdout.splitlines()]
    assert (events[0], events[-1]) == ("begin", "told")


def test_an_empty_shelf_is_said_plainly(run: Run) -> None:
    assert "This corpus is empty" in run("works").output
    assert "told from the premise alone" in run("tell", "A bell").output
    assert "Nothing on this shelf fits" in run("tell", "A bell", "--grounding", "strict", status=1).output
    assert "There is no corpus named attic" in run("works", "--corpus", "attic", status=1).output


def test_ingest_ends_badly_where_a_file_was_refused_and_names_it(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\xff\xfe\x00")
    result = run("ingest", str(bad), str(TALES / "en" / "eleven-coats.md"), status=3)
    assert "refused" in result.stderr
    assert "1 refused, 1 new" in result.stdout


def test_ingest_says_by_its_status_that_there_was_nothing_to_read(run: Run, tmp_path: Path) -> None:
    assert "no files that dream reads" in run("ingest", str(tmp_path), status=4).output


def test_config_lists_every_setting_where_it_came_from_and_no_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    output = run("config").output
    for name in Settings.model_fields:
        assert variable(name) in output
    assert "sk-secret" not in output
    assert "DREAM_OPENAI_API_KEY = **********   [environment]" in output
    assert "DREAM_BIND = 127.0.0.1:8000   [default]" in output


def test_a_setting_that_does_not_fit_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAM_THREADS", "many")
    said = run("config", status=1).output
    assert said.startswith("dream: DREAM_THREADS does not fit: Input should be a valid integer")
    assert said.endswith("It is: Request threads; each open stream holds one.\n")


@pytest.mark.parametrize("bind", ["nowhere.invalid:80", "127.0.0.1:99999", "127.0.0.1:many"])
def test_an_address_that_is_none_is_named_once(run: Run, monkeypatch: pytest.MonkeyPatch, bind: str) -> None:
    monkeypatch.setenv("DREAM_BIND", bind)
    said = run("serve", status=1).output
    assert bind in said
    assert "Set DREAM_BIND" in said
    assert said.count("\n") == 1


def test_an_address_in_use_is_said_in_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        monkeypatch.setenv("DREAM_BIND", bind)
        said = run("serve", status=1).output
    assert said == f"dream: Something listens on {bind} already. Stop that, or set DREAM_BIND to another address.\n"


def test_the_doctor_names_what_is_missing_and_what_mends_it(run: Run) -> None:
    assert "`dream setup` makes it" in run("doctor", status=1).output


@pytest.mark.parametrize(
    ("oldest", "well", "sentence"), [("0001", True, "still serves"), ("9998", False, "newer dream")]
)
def test_the_doctor_sends_nobody_to_setup_for_newer_data(
    run: Run, home: Path, oldest: str, well: bool, sentence: str
) -> None:
    run("works")
    with closing(sqlite3.connect(home / "dream.sqlite3")) as data, data:
        data.execute("UPDATE alembic_version SET version_num = '9999'")
        data.execute("UPDATE notes SET value = ? WHERE name = 'oldest_compatible'", (oldest,))
    [line] = [line for line in run("doctor", status=1).output.splitlines() if "9999" in line]
    assert line.startswith("ok" if well else "mend")
    assert sentence in line


def test_the_doctor_says_where_the_database_cannot_be_read(run: Run, home: Path) -> None:
    home.mkdir()
    (home / "dream.sqlite3").write_bytes(b"not a database, " * 200)
    assert "mend  The database cannot be read" in run("doctor", status=1).output


def test_the_readme_has_every_setting_with_its_default_and_help() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, described in Settings.model_fields.items():
        assert f"`{variable(name)}`" in readme
        assert str(described.description) in readme


def test_a_set_up_in_a_hurry_leaves_the_meaning_to_the_jobs(
    run: Run, home: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dream.corpus.starter.starter_folder", lambda: TALES / "ko")
    assert "8 works" in run("setup", "--later", "--model", str(model_folder)).output
    service = Service(Settings(_env_file=None, home=home))
    assert service.models.folder()
    assert len(service.library.works.unembedded(service.models.name)) == 8
    service.close()
