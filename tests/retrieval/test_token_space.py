"""The token space: what is packed into four bits is compared nearly as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dream.retrieval.embedding import Embedder
from dream.retrieval.token_space import AT_ONCE, TokenSpace, unit
from tests.retrieval.small_model import make

PASSAGE = (
    "The keeper of the lamp at Cold Point may not lie inside the lamp room. On the stairs he may, and so his daughter "
    "asks him there whether the ferry will come back, and he says that it will."
)


@pytest.fixture(scope="module")
def embedder(model_folder: Path) -> Embedder:
    return Embedder(model_folder)


def test_packed_tokens_are_as_near_as_they_were(embedder: Embedder, model_folder: Path) -> None:
    space = TokenSpace.of(embedder, model_folder)
    vectors = embedder.read(PASSAGE).tokens.vectors
    reduced, packed = space.reduce(vectors), space.pack(vectors)
    assert packed.nbytes == 64 * len(vectors)
    exact, found = reduced @ reduced.T, space.near(reduced, packed)
    assert np.abs(found - exact).max() < 0.1
    assert np.abs(found - exact).mean() < 0.015
    assert (found.argmax(axis=1) == np.arange(len(vectors))).all()
    times = AT_ONCE // len(packed) + 2
    assert np.allclose(space.near(reduced, np.tile(packed, (times, 1))), np.tile(found, times), atol=1e-5)
    whole = unit(vectors) @ unit(vectors).T
    assert np.corrcoef(whole.ravel(), found.ravel())[0, 1] > 0.9


def test_a_model_of_fewer_dimensions_keeps_all_of_them(tmp_path: Path, model_folder: Path) -> None:
    folder = make(tmp_path / "small", "test/small", model_folder)
    small = Embedder(folder)
    assert not TokenSpace.stands(folder)
    space = TokenSpace.of(small, folder)
    assert TokenSpace.stands(folder)
    vectors = small.read(PASSAGE).tokens.vectors
    reduced, packed = space.reduce(vectors), space.pack(vectors)
    assert (reduced.shape[1], packed.shape[1]) == (48, 24)
    assert np.abs(space.near(reduced, packed) - reduced @ reduced.T).max() < 0.2
