"""Ingest: exactly once, replaced atomically, refused without harm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import text, update

from dream.corpus import parsing
from dream.corpus.document import Document
from dream.corpus.refusals import SENTENCES
from dream.service import Service
from dream.store import models
from dream.store.library import scenes

LAMP = "The lamp at Cold Point burned all night. Hanne Brandt had filled it herself."
BELL = "The drowned bell rang off Merrow Bank. Nobody in Sellen slept."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "lamp.txt").write_text(LAMP)
    return folder


def ingest(service: Service, *paths: Path) -> list[str]:
    return [done.outcome for done in service.ingest.files(list(paths), "starter")]


def found(service: Service, query: str) -> list[str]:
    return [hit.fragment.text for hit in service.search(query).hits]


def indexed(service: Service) -> tuple[set[str], int, set[str]]:
    """Fragment ids that are live in SQL, fragments in the index of words, ids in the vector store."""
    corpus = service.corpus("starter")
    live = {f.id for _, v in service.library.works.live_versions() for f in service.library.fragments.of(v)}
    with service.database.read() as session:
        read = session.scalar(text("SELECT count(*) FROM readings")) or 0
    return live, read, service.vectors.ids(corpus.id)


def test_a_text_is_found_by_its_words_before_there_is_a_model(service: Service, folder: Path) -> None:
    assert ingest(service, folder) == ["new"]
    result = service.search("who filled the lamp")
    assert [hit.fragment.text for hit in result.hits] == [LAMP]
    assert result.missing == ("meaning",)


def test_fragments_are_exact_spans_of_the_stored_text(stocked: Service) -> None:
    for _, version in stocked.library.works.live_versions():
        whole = stocked.library.works.text(version)
        assert all(whole[f.start : f.end] == f.text for f in stocked.library.fragments.of(version))


def test_the_same_bytes_again_change_nothing(stocked: Service, folder: Path) -> None:
    ingest(stocked, folder)
    before = indexed(stocked)
    assert ingest(stocked, folder) == ["unchanged"]
    assert indexed(stocked) == before


def test_a_changed_file_replaces_its_work_in_every_index(stocked: Service, folder: Path) -> None:
    ingest(stocked, folder)
    (folder / "lamp.txt").write_text(BELL)
    assert ingest(stocked, folder) == ["replaced"]
    live, lexical, vectors = indexed(stocked)
    assert live == vectors
    assert len(live) == lexical
    assert found(stocked, "drowned bell off Merrow Bank")[0] == BELL
    assert LAMP not in found(stocked, "the lamp that Hanne Brandt filled herself")


def test_a_refused_file_leaves_the_old_work_live_and_does_not_stop_the_rest(service: Service, folder: Path) -> None:
    ingest(service, folder)
    (folder / "lamp.txt").write_bytes(b"")
    (folder / "more.txt").write_text(BELL)
    assert ingest(service, folder) == ["refused", "new"]
    assert found(service, "lamp") == [LAMP]
    assert found(service, "drowned bell") == [BELL]


def test_what_is_no_file_is_refused_rather_than_waited_for(service: Service, folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    [done] = service.ingest.files([folder / "pipe.txt"], "starter")
    assert (done.outcome, done.sentence) == ("refused", f"{folder / 'pipe.txt'} is not a file.")


def test_what_a_worker_that_died_was_reading_is_not_found_and_then_read_once(stocked: Service, folder: Path) -> None:
    ingest(stocked, folder)
    (folder / "lamp.txt").write_text(BELL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stocked.library.works, "go_live", _die)  # a process that dies at this step
        with pytest.raises(KeyboardInterrupt):
            ingest(stocked, folder)
    assert LAMP in found(stocked, "lamp at Cold Point")
    assert BELL not in found(stocked, "drowned bell off Merrow Bank")
    assert stocked.library.jobs.put_back_lost() == 1
    assert stocked.ingest.work("another")
    assert found(stocked, "drowned bell off Merrow Bank")[0] == BELL
    assert LAMP not in found(stocked, "lamp at Cold Point")
    live, lexical, vectors = indexed(stocked)
    assert live == vectors
    assert len(live) == lexical


def test_a_busy_machine_refuses_no_file(service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that had to wait for the processor is begun again, and may take longer each time."""
    allowed: list[float] = []

    def parse(path: Path, name: str, patience: float) -> AbstractContextManager[Iterator[Document]]:
        allowed.append(patience)
        return parsing.parse(path, name, patience if len(allowed) == 3 else 0.0)

    monkeypatch.setattr("dream.corpus.ingest.AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("dream.corpus.ingest.parse", parse)
    assert ingest(service, folder) == ["new"]
    assert allowed == [1, 3, 9]


def test_a_file_that_takes_too_long_on_every_attempt_says_so(
    service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dream.corpus.ingest.AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("dream.corpus.parsing.WALL_SECONDS", 0.0)
    [done] = service.ingest.files([folder], "starter")
    assert (done.outcome, done.sentence) == ("refused", SENTENCES["too_slow"])


def test_what_its_author_cancelled_halfway_leaves_nothing_behind(stocked: Service, folder: Path) -> None:
    before = indexed(stocked)
    step = stocked.library.jobs.step

    def cancelling(job: models.Job, state: str, done: int = 0, of: int = 0) -> bool:
        if state == "verifying":
            stocked.library.jobs.cancel(job.id)
        return step(job, state, done, of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stocked.library.jobs, "step", cancelling)
        assert ingest(stocked, folder) == ["refused"]
    assert indexed(stocked) == before
    assert [work.source for work in stocked.library.works.works(stocked.corpus("starter").id)].count("lamp.txt") == 0


def test_reindexing_leaves_what_is_being_read_to_its_reader(stocked: Service, folder: Path) -> None:
    """A reindexing that comes in between must not take the new version for one that a dead process left."""
    count = stocked.vectors.count

    def reindexing(corpus_id: str, ids: list[str]) -> int:
        patch.undo()
        list(stocked.indexing.reindex())
        return count(corpus_id, ids)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stocked.vectors, "count", reindexing)
        assert ingest(stocked, folder) == ["new"]
    live, lexical, vectors = indexed(stocked)
    assert live == vectors
    assert len(live) == lexical
    assert LAMP in found(stocked, "lamp at Cold Point")


def test_what_a_story_cites_stays_when_its_work_is_taken_back(stocked: Service) -> None:
    corpus = stocked.corpus("starter")
    _, scene = stocked.library.stories.begin(stocked.library.stories.new_reader(), corpus.id, {"premise": "A lamp."}, 1)
    [hit, *_] = stocked.search("the lamp room").hits
    row = {"fragment_id": hit.fragment.id, "rank": 1, "score": 1.0, "reasons": {}}
    with stocked.database.write() as session:
        scenes.lay_sources(session, scene.id, [row])
        session.execute(update(models.Work).values(live_version_id=None))
    list(stocked.indexing.reindex())
    assert list(stocked.library.fragments.ever([hit.fragment.id])) == [hit.fragment.id]


def test_reindexing_rebuilds_the_same_ids_from_sql_alone(stocked: Service) -> None:
    before = indexed(stocked)
    stocked.vectors.drop(stocked.corpus("starter").id)
    with stocked.database.write() as session:
        session.execute(text("DELETE FROM readings"))
    assert indexed(stocked) == (before[0], 0, set())
    list(stocked.indexing.reindex())
    assert indexed(stocked) == before


def test_works_brought_before_the_model_get_their_vectors_later(
    service: Service, folder: Path, home: Path, model_folder: Path
) -> None:
    ingest(service, folder)
    (home / "models").mkdir()
    (home / "models" / model_folder.name).symlink_to(model_folder)
    assert list(service.indexing.embed_missing()) == [(1, 1)]
    live, _, vectors = indexed(service)
    assert live == vectors
    assert list(service.indexing.embed_missing()) == []
    assert service.search("a light that shines until morning").missing == ()


def test_a_folder_names_its_works_by_their_path_within_it(service: Service, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "lamp.txt").write_text(BELL)
    (folder / ".hidden.txt").write_text(BELL)
    assert [done.source for done in service.ingest.files([folder], "starter")] == ["deep/lamp.txt", "lamp.txt"]


def _die(*_: object) -> None:
    raise KeyboardInterrupt
