"""Where vectors are: small corpora of authors are scanned, and get a collection when they grow."""

from __future__ import annotations

import pytest

from dream.retrieval import placement
from dream.service import Service
from tests.accounts.test_gate import account, acting
from tests.conftest import TALES

QUERY = "a button that belongs to no coat"


@pytest.fixture
def shelf(stocked: Service) -> str:
    """An author's corpus with a tale in it."""
    mara = acting(stocked, account(stocked, "mara"))
    corpus = stocked.shelves.make(mara, "Coats", public=False)
    list(stocked.ingest.files([TALES / "en" / "eleven-coats.md"], corpus.name))
    return corpus.id


def collections(service: Service, corpus_id: str) -> int:
    client = service.vector_stores._stores._client()
    return sum(collection.name.startswith(corpus_id) for collection in client.list_collections())


def test_a_small_corpus_has_no_collection_and_is_searched_alike(stocked: Service, shelf: str) -> None:
    assert stocked.vectors.ids(shelf) == stocked.library.fragments.live_ids(shelf)
    found = stocked.retriever.search(shelf, QUERY)
    assert found.missing == ()
    assert all("meaning" in hit.reasons for hit in found.hits)
    assert collections(stocked, shelf) == 0
    public = [hit for hit in stocked.search(QUERY, limit=60).hits if hit.fragment.title == "Eleven Coats"]
    by_text = {hit.fragment.text: hit.stages["meaning"] for hit in found.hits}
    for hit in public:  # the same text on a shelf that has a collection, with its exact vectors
        if hit.fragment.text in by_text:
            assert by_text[hit.fragment.text] == pytest.approx(hit.stages["meaning"], abs=0.02)


def test_one_that_grows_gets_a_collection_and_loses_nothing(
    stocked: Service, shelf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = stocked.retriever.search(shelf, QUERY).hits[0].fragment.text[:300]
    before = stocked.retriever.search(shelf, query).hits
    monkeypatch.setattr(placement, "SCANNED_AT_MOST", len(stocked.library.fragments.live_ids(shelf)) + 1)
    name = next(one.name for one in stocked.library.corpora.owned(stocked.library.accounts.all()[0].id))
    list(stocked.ingest.files([TALES / "en" / "the-oil-in-the-lantern.md"], name))
    assert collections(stocked, shelf) == 1
    assert not stocked.library.indexes.is_scanned(shelf)
    assert stocked.vectors.ids(shelf) == stocked.library.fragments.live_ids(shelf)
    after = stocked.retriever.search(shelf, query).hits
    assert after[0].fragment.id == before[0].fragment.id
    assert {hit.fragment.id for hit in before} <= {hit.fragment.id for hit in after}


def test_what_is_withdrawn_is_gone_from_a_scanned_corpus_at_once(stocked: Service, shelf: str) -> None:
    [work] = stocked.library.works.works(shelf)
    assert stocked.library.works.withdraw(work.id)
    assert stocked.vectors.ids(shelf) == set()
    assert stocked.retriever.search(shelf, QUERY).hits == ()
