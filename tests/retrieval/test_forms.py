"""Two forms of token vectors in one data folder: neither build reads the other's, and what is of the older form is made
anew while searches go on.
"""

from __future__ import annotations

import pytest
from sqlalchemy import text

from dream.jobs.worker import Worker
from dream.service import Service

QUERY = "the keeper who may not lie inside the lamp room"

OLDER = """
UPDATE meanings SET bounds = word_bounds, tokens = word_vectors, word_bounds = NULL, word_vectors = NULL
WHERE "key" IN (SELECT "key" FROM fragments WHERE version_id = :version);
UPDATE versions SET embedding = :model WHERE id = :version
"""
"""Both forms take 64 bytes a token, and nothing in them says which it is."""


def read_by_older(service: Service, works: int = 4) -> None:
    """Leaves so many works as a build of the form before leaves them."""
    with service.database.write() as session:
        for _, version_id in service.library.works.live_versions()[:works]:
            for statement in OLDER.split(";"):
                session.execute(text(statement), {"model": service.models.name, "version": version_id})


def kept_of_older(service: Service) -> int:
    """The bytes that a build of the form before would take for its own."""
    with service.database.read() as session:
        return int(session.scalar(text("SELECT sum(length(bounds) + length(tokens)) FROM meanings")) or 0)


def test_the_older_form_is_not_read_and_made_anew_meanwhile(stocked: Service) -> None:
    before = stocked.search(QUERY)
    read_by_older(stocked)
    found = stocked.search(QUERY)
    assert found.missing == ("late",)
    assert found.hits[0].fragment.id == before.hits[0].fragment.id
    assert set(found.hits[0].reasons) == {"words", "meaning"}
    assert stocked.mending.wait(60)
    assert stocked.search(QUERY) == before


def test_a_build_of_the_older_form_finds_no_tokens_of_this_one(stocked: Service) -> None:
    assert kept_of_older(stocked) == 0
    read_by_older(stocked)
    assert kept_of_older(stocked) > 0
    list(stocked.indexing.embed_missing())
    assert kept_of_older(stocked) == 0


@pytest.mark.parametrize("damage", ["DELETE FROM readings", "UPDATE meanings SET word_vectors = NULL"])
def test_what_is_damaged_besides_is_made_anew_as_well(stocked: Service, damage: str) -> None:
    before = stocked.search(QUERY)
    read_by_older(stocked, works=1)
    with stocked.database.write() as session:
        session.execute(text(damage))
    for _ in range(2):
        stocked.search(QUERY)
        assert stocked.mending.wait(60)
    assert stocked.search(QUERY) == before


def test_the_jobs_read_what_an_older_build_read_meanwhile(stocked: Service) -> None:
    before, name, library = stocked.search(QUERY), stocked.models.name, stocked.library
    [(_, version_id), *_] = library.works.live_versions()
    keys = list(library.fragments.keyed(version_id))
    read_by_older(stocked)
    assert library.indexes.with_meanings(name, keys) == set()
    assert len(library.indexes.unread_by(name)) == len(library.works.unembedded(name)) == 4
    Worker(library, stocked.ingest, catches_up=True).run(idle_seconds=0)
    assert library.indexes.with_meanings(name, keys) == set(keys)
    assert library.indexes.unread_by(name) == library.works.unembedded(name) == []
    assert stocked.search(QUERY) == before


def test_a_few_fragments_of_the_older_form_have_only_less_to_say(
    stocked: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended: list[str] = []
    monkeypatch.setattr(stocked.retriever, "_damaged", mended.append)
    [hit, *_] = stocked.search(QUERY).hits
    with stocked.database.write() as session:
        session.execute(
            text(
                "UPDATE meanings SET word_bounds = NULL, word_vectors = NULL "
                'WHERE "key" = (SELECT "key" FROM fragments WHERE id = :id)'
            ),
            {"id": hit.fragment.id},
        )
    found = stocked.search(QUERY)
    assert (found.missing, mended) == ((), [])
    assert found.hits
