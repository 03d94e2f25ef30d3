"""Stores that are damaged or gone: a search is answered by the others, and what was lost is made anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dream.service import Service
from tests.conftest import OpenService

QUERY = "the keeper who may not lie inside the lamp room"


def gone(home: Path) -> None:
    shutil.rmtree(home / "vectors")


def no_database(home: Path) -> None:
    (home / "vectors" / "chroma.sqlite3").write_bytes(b"no database at all" * 100)


def torn(home: Path) -> None:
    database = home / "vectors" / "chroma.sqlite3"
    held = bytearray(database.read_bytes())
    held[4096:60_000] = b"\xff" * (60_000 - 4096)
    database.write_bytes(held)


@pytest.fixture
def home_on_disk(stocked_home: Path, home: Path) -> Path:
    """A stocked data folder that no service has opened yet, with a model folder of its own."""
    shutil.copytree(stocked_home, home)
    return home


@pytest.mark.parametrize("damage", [gone, no_database, torn])
def test_lost_vectors_are_made_anew_while_the_rest_answers(
    open_service: OpenService, home_on_disk: Path, damage: Callable[[Path], None]
) -> None:
    damage(home_on_disk)
    service = open_service()
    found = service.search(QUERY)
    assert found.missing == ("vectors",)
    assert found.hits[0].fragment.title == "Ask Him on the Stairs"
    assert service.mending.wait(60)
    assert service.search(QUERY).missing == ()
    corpus = service.corpus("starter").id
    assert service.vectors.ids(corpus) == service.library.fragments.live_ids(corpus)


def test_a_damaged_store_is_made_anew_by_reindexing(open_service: OpenService, home_on_disk: Path) -> None:
    torn(home_on_disk)
    service = open_service()
    list(service.mending.rebuild())
    assert service.search(QUERY).missing == ()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"damaged")])
def test_a_lost_token_space_is_found_anew_alike(
    open_service: OpenService, home_on_disk: Path, damage: Callable[[Path], None]
) -> None:
    [space] = (home_on_disk / "models").glob("*/token-space.4.npy")
    before = np.load(space)
    damage(space)
    assert open_service().search(QUERY).missing == ()
    np.testing.assert_allclose(np.load(space), before, atol=1e-4)  # the last bits depend on the machine's threads


@pytest.mark.parametrize("graph", ["model.reading.onnx", "model.onnx"], ids=["searches", "stories"])
def test_a_damaged_model_leaves_the_words(open_service: OpenService, home_on_disk: Path, graph: str) -> None:
    [model] = (home_on_disk / "models").glob(f"*/{graph}")
    model.write_bytes(b"damaged")
    found = open_service().search(QUERY)
    assert found.missing == ("meaning",)
    assert found.hits[0].fragment.title == "Ask Him on the Stairs"


def live_version(service: Service) -> str:
    [(_, version_id)] = service.library.works.live_versions()
    return version_id


@pytest.mark.parametrize(
    "words",
    ["lamp and tide " * 75_000, "x" * 1_000_000, "뱃사공이등불을" * 60_000, "lamp\n" * 200_000],
    ids=["no full stop", "no space", "Korean without a space", "a word a line"],
)
def test_a_work_of_a_megabyte_is_cut_and_searched_whatever_it_is(service: Service, words: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text(words)
    [done] = service.ingest.files([path], "odd")
    assert done.fragments > 500
    [first, *_] = service.library.fragments.of(live_version(service))
    assert len(first.text) < 2000
    assert service.search(first.text, "odd").hits
