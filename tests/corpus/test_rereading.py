"""Another embedding model: every work is read by it beside the vectors in use, which go only when all is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from dream.errors import ReindexFailed, SetupFailed
from dream.retrieval.vectors import VectorStore
from dream.service import Service
from dream.storytelling.brief import Brief
from tests.conftest import TALES, OpenService
from tests.retrieval.small_model import make

SMALL, DENSE = "test/small", "test/dense"
QUERY = "the keeper who may not lie inside the lamp room"


@pytest.fixture
def small(stocked: Service, model_folder: Path) -> str:
    """A model of 48 dimensions beside the one in use."""
    make(stocked.settings.home / "models" / "test--small", SMALL, model_folder)
    return SMALL


def kept(service: Service) -> dict[str, int]:
    """How many fragments each model has read."""
    with service.database.read() as session:
        rows = session.execute(text("SELECT model, count(*) FROM meanings GROUP BY model"))
        return {row[0]: row[1] for row in rows}


def titles(service: Service) -> list[str]:
    return [hit.fragment.title for hit in service.search(QUERY).hits]


def test_every_work_is_read_by_the_new_model(stocked: Service, small: str, open_service: OpenService) -> None:
    before, old = kept(stocked), stocked.models.name
    assert list(stocked.rereading.by(small)) == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert kept(stocked) == {small: before[old]}
    corpus = stocked.corpus("starter").id
    assert stocked.models.name == small
    assert stocked.vectors.ids(corpus) == stocked.library.fragments.live_ids(corpus)
    assert stocked.vector_stores.of(old).ids(corpus) == set()
    found = stocked.search(QUERY)
    assert found.missing == ()
    assert found.hits[0].fragment.title == "Ask Him on the Stairs"
    assert "late" in found.hits[0].reasons
    stocked.close()
    again = open_service()
    assert again.models.name == small
    assert again.search(QUERY) == found
    assert again.library.works.unembedded(small) == []


def test_a_model_whose_dimensions_are_not_its_tokens_serves_as_well(stocked: Service, model_folder: Path) -> None:
    make(stocked.settings.home / "models" / "test--dense", DENSE, model_folder, dense=20)
    list(stocked.rereading.by(DENSE))
    found = stocked.search(QUERY)
    assert found.missing == ()
    assert found.hits[0].fragment.title == "Ask Him on the Stairs"


def test_searches_stories_and_works_go_on_meanwhile(stocked: Service, small: str) -> None:
    reader = stocked.library.stories.new_reader()
    other = TALES / "en" / "the-bell-on-the-quay.md"
    before = titles(stocked)
    for done, _ in stocked.rereading.by(small):
        if stocked.models.name != small:
            assert titles(stocked)[0] == before[0]
            assert stocked.search(QUERY).missing == ()
        if done == 2:
            assert [one.outcome for one in stocked.ingest.files([other], "starter")] == ["new"]
            _, scene = stocked.begin_story(reader, _brief(), stocked.corpus("starter"))
            assert [event.name for event in stocked.log.follow(scene.id) if event][-1] == "told"
    assert set(kept(stocked)) == {small}
    corpus = stocked.corpus("starter").id
    assert stocked.vectors.ids(corpus) == stocked.library.fragments.live_ids(corpus)


def test_where_it_breaks_off_the_old_model_stays_and_the_next_attempt_goes_on(stocked: Service, small: str) -> None:
    old, before = stocked.models.name, stocked.search(QUERY)
    progress = stocked.rereading.by(small)
    next(progress)
    progress.close()
    assert stocked.models.name == old
    assert stocked.search(QUERY) == before
    assert list(stocked.rereading.by(small))[-1] == (3, 3)
    assert stocked.models.name == small


def test_vectors_that_do_not_count_up_change_nothing(
    stocked: Service, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, ids = stocked.search(QUERY), VectorStore.ids
    with monkeypatch.context() as patch:
        # A store that lost one, as after a full disk.
        patch.setattr(VectorStore, "ids", lambda store, corpus: set(list(ids(store, corpus))[1:]))
        with pytest.raises(ReindexFailed, match="go on with sentence-transformers/all-MiniLM-L6-v2"):
            list(stocked.rereading.by(small))
    assert stocked.search(QUERY) == before
    list(stocked.rereading.by(small))
    assert stocked.models.name == small


def test_a_search_that_began_with_the_old_model_is_answered_by_the_new_one(stocked: Service, small: str) -> None:
    old = stocked.model()
    mended: list[str] = []
    assert old
    list(stocked.rereading.by(small))
    current, given = stocked.models.current, [old]
    stocked.retriever._model = lambda: given.pop() if given else current()
    stocked.retriever._damaged = mended.append
    found = stocked.search(QUERY)
    assert (found.missing, mended, given) == ((), [], [])
    assert found.hits[0].fragment.title == "Ask Him on the Stairs"


def test_a_model_that_was_not_exported_is_refused(stocked: Service) -> None:
    with pytest.raises(SetupFailed, match="test/nowhere is not exported"):
        list(stocked.rereading.by("test/nowhere"))


def test_what_an_abandoned_attempt_left_goes_with_the_next_reindexing(stocked: Service, small: str) -> None:
    progress = stocked.rereading.by(small)
    next(progress)
    progress.close()
    assert small in kept(stocked)
    list(stocked.indexing.reindex())
    assert small not in kept(stocked)
    assert stocked.vector_stores.of(small).ids(stocked.corpus("starter").id) == set()


def _brief() -> Brief:
    return Brief(premise="A keeper of the lamp tells one kind lie.", length="short")
