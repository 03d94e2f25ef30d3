"""What is written out can be read in again: exports, backups, and the comparison of the stores."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, func, select, text

from dream.cli import main
from dream.settings import Settings
from dream.store import models
from dream.store.backup import back_up
from dream.store.database import Database
from dream.store.files import Files
from dream.store.library import Library

RunAt = Callable[..., Result]


@pytest.fixture
def run_at(monkeypatch: pytest.MonkeyPatch) -> RunAt:
    def run(home: Path, *arguments: str, status: int = 0) -> Result:
        monkeypatch.setenv("DREAM_HOME", str(home))
        result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
        assert result.exit_code == status, result.output
        return result

    return run


def titles(result: Result) -> list[tuple[str, str, str]]:
    return sorted((w["title"], w["author"], w["licence"]) for w in json.loads(result.stdout)["works"])


def test_a_corpus_written_out_is_the_same_corpus_elsewhere(run_at: RunAt, stocked_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(stocked_home, home, symlinks=True)
    database = Database(Settings(_env_file=None, home=home).database_path)
    library = Library(database)
    library.desk.describe(library.works.works(library.works.corpus_named("starter").id)[0].id, {"quotable": False})
    database.close()
    lines = tmp_path / "starter.jsonl"
    run_at(home, "export", "starter", "--to", str(lines))
    run_at(tmp_path / "other", "ingest", "--corpus", "starter", str(lines))
    before = titles(run_at(home, "works", "--json"))
    assert len(before) == 4
    assert titles(run_at(tmp_path / "other", "works", "--json")) == before
    run_at(tmp_path / "other", "export", "starter", "--to", str(tmp_path / "again.jsonl"))
    exported = [
        [json.loads(line) for line in file.read_text().splitlines()] for file in (lines, tmp_path / "again.jsonl")
    ]
    assert [[one["title"] for one in works if not one["quotable"]] for works in exported] == [[before[0][0]]] * 2
    texts = [{one["title"]: one["sections"] for one in works} for works in exported]
    assert texts[0].keys() == texts[1].keys()
    for title, sections in texts[0].items():
        assert [(one["heading"], one["text"].strip()) for one in sections] == [
            (one["heading"], one["text"].strip()) for one in texts[1][title]
        ]


def test_a_backup_put_back_has_everything_and_its_indexes(run_at: RunAt, stocked_home: Path, tmp_path: Path) -> None:
    home, kept, other = tmp_path / "home", tmp_path / "kept", tmp_path / "other"
    shutil.copytree(stocked_home, home, symlinks=True)
    run_at(home, "backup", str(kept))
    assert "not empty" in run_at(home, "backup", str(kept), status=1).stderr
    assert "holds data already" in run_at(home, "restore", str(kept), status=1).stderr
    (other / "models").mkdir(parents=True)
    for model in (home / "models").iterdir():
        (other / "models" / model.name).symlink_to(model.resolve())
    run_at(other, "restore", str(kept))
    assert titles(run_at(other, "works", "--json")) == titles(run_at(home, "works", "--json"))
    assert "agree" in run_at(other, "check").stdout


def test_a_backup_ends_beside_a_service_that_never_stops_writing(home: Path, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=home)
    database = Database(settings.database_path)
    with database.write() as session:
        session.execute(text("CREATE TABLE t (x)"))
        session.execute(text("INSERT INTO t VALUES (zeroblob(32000000))"))
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with database.write() as session:
                session.execute(text("INSERT INTO t VALUES (1)"))

    writing = threading.Thread(target=write)
    copying = multiprocessing.get_context("spawn").Process(target=back_up, args=(settings, tmp_path / "kept"))
    writing.start()
    try:
        copying.start()
        copying.join(60)
        assert copying.exitcode == 0, "it had not ended after a minute"
    finally:
        copying.kill()
        stop.set()
        writing.join()
        database.close()


def test_a_backup_leaves_out_what_is_removed_meanwhile(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(_env_file=None, home=home)
    kept = []
    for words in (b"stays", b"goes"):
        incoming = Files(home / "files").incoming()
        incoming.write(words)
        kept.append(incoming.keep().sha256)

    def removing(*_patterns: str) -> Callable[[str, list[str]], list[str]]:
        """Its author removes a file once its folder has been listed."""

        def ignore(_folder: str, names: list[str]) -> list[str]:
            if kept[1] in names:
                Files(home / "files").remove(kept[1])
            return []

        return ignore

    monkeypatch.setattr(shutil, "ignore_patterns", removing)
    back_up(settings, tmp_path / "kept")
    assert list(Files(tmp_path / "kept" / "files").kept()) == kept[:1]


def test_what_differs_is_told_and_mended(run_at: RunAt, stocked_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(stocked_home, home, symlinks=True)
    database = Database(Settings(_env_file=None, home=home).database_path)
    library = Library(database)
    work = library.works.works(library.works.corpus_named("starter").id)[0]
    library.indexes.forget_meanings(str(work.live_version_id))
    with database.write() as session:
        session.execute(
            delete(models.Posting).where(models.Posting.term == select(func.min(models.Posting.term)).scalar_subquery())
        )
    database.close()
    said = run_at(home, "check", status=1).stdout
    assert "has not read" in said
    assert "holds in part" in said
    assert "mended" in run_at(home, "check", "--repair").stdout
    assert "agree" in run_at(home, "check").stdout
