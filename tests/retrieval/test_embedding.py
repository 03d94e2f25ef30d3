"""The embedder: the original's vectors, whatever shares the call, and tokens that know their place in the text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from dream.errors import SetupFailed
from dream.retrieval.embedding import Embedder, TokenVectors, pool
from dream.retrieval.export.manifest import MANIFEST, Prefixes, read_manifest

FERRY = "The ferryman would take no coin."
TEXTS = [
    FERRY,
    "",
    "A lantern hung over the water, and nobody had lit it.",
    "She sold the bell in the third dry year. " * 9,
    "뱃사공은 동전을 받지 않았다.",
]


@pytest.fixture(scope="module")
def embedder(model_folder: Path) -> Embedder:
    return Embedder(model_folder)


@pytest.fixture(scope="module")
def small(model_folder: Path) -> Embedder:
    return Embedder(model_folder, "int8")


@pytest.fixture
def prefixed(model_folder: Path, tmp_path: Path) -> Embedder:
    """The model as one that wants a word in front of queries and of documents."""
    folder = copytree(model_folder, tmp_path / "prefixed")
    manifest = read_manifest(folder)
    assert manifest
    changed = manifest.model_copy(update={"prefixes": Prefixes(query="query: ", document="passage: ")})
    (folder / MANIFEST).write_text(changed.model_dump_json())
    return Embedder(folder)


def test_vectors_are_those_of_sentence_transformers(embedder: Embedder) -> None:
    first = embedder.embed(["The ferryman would take no coin.", "뱃사공은 동전을 받지 않았다."])[:, :6]
    original = [  # sentence-transformers 6.2 with torch 2.13
        [0.02427683, 0.16548292, -0.02670087, -0.04141226, -0.03289014, -0.09553338],
        [-0.03811305, 0.08915134, 0.05142527, -0.03653878, 0.03375563, -0.04823779],
    ]
    np.testing.assert_allclose(first, original, atol=1e-5)


def test_vectors_have_unit_length_and_stand_in_the_order_given(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(TEXTS, vectors, strict=True):
        np.testing.assert_array_equal(embedder.embed_query(text), vector)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)
    assert embedder.encode([]) == []


def test_what_is_meant_alike_lies_near(embedder: Embedder) -> None:
    query = embedder.embed_query("the boatman refused payment")
    ferry, lantern = embedder.embed([FERRY, "A lantern hung over the water."])
    assert query @ ferry > query @ lantern + 0.2


@pytest.mark.parametrize("precision", ["embedder", "small"])
def test_a_vector_does_not_depend_on_its_neighbours(precision: str, request: pytest.FixtureRequest) -> None:
    embedder: Embedder = request.getfixturevalue(precision)
    together = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    np.testing.assert_array_equal(together, alone)


def test_the_small_model_nearly_agrees(embedder: Embedder, small: Embedder) -> None:
    cosines = (embedder.embed(TEXTS) * small.embed(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.95
    assert cosines.max() < 0.99999  # or it would be the same model


def test_what_reads_works_in_nearly_agrees(embedder: Embedder, small: Embedder) -> None:
    for text in TEXTS:
        exact, read = embedder.encode([text])[0], embedder.read(text)
        assert read.tokens.spans == exact.tokens.spans
        assert 0.98 < read.pooled @ exact.pooled < 0.999999, "or it would be the same graph"
    np.testing.assert_array_equal(small.read(FERRY).pooled, small.encode([FERRY])[0].pooled)


def test_reading_needs_no_other_graph(model_folder: Path, tmp_path: Path) -> None:
    folder = copytree(model_folder, tmp_path / "copy")
    (folder / "model.onnx").unlink()  # a process that looks for nothing else need not hold its weights
    alone = Embedder(folder)
    np.testing.assert_array_equal(alone.read_query(FERRY).pooled, alone.read(FERRY).pooled)


def test_a_long_text_is_read_to_the_models_limit(embedder: Embedder) -> None:
    long = "word " * (embedder.max_tokens + 50)
    np.testing.assert_array_equal(embedder.embed_query(long), embedder.embed_query(long + "and a dragon"))
    (encoded,) = embedder.encode([long])
    assert len(encoded.tokens.spans) == embedder.max_tokens - 2  # less the marks of beginning and end


def test_one_pass_gives_text_and_tokens(embedder: Embedder) -> None:
    encoded = embedder.encode(TEXTS)
    np.testing.assert_array_equal(np.stack([one.pooled for one in encoded]), embedder.embed(TEXTS))
    for one in encoded:
        assert one.tokens.vectors.shape == (len(one.tokens.spans), embedder.dimensions)
    assert encoded[1].tokens.spans == []


def test_spans_are_code_points_of_the_text(embedder: Embedder) -> None:
    text = "🐉🐉 É fim: the river\u00a0rose, 강물이 불었다"
    spans = embedder.encode([text])[0].tokens.spans
    pieces = [text[start:end] for start, end in spans]
    assert {"river", "rose", "fi", ","} <= set(pieces)
    assert {"강", "물"} <= set(pieces), "a syllable is several tokens, each of which spans it whole"
    covered = {place for start, end in spans for place in range(start, end)}
    assert covered == {place for place, character in enumerate(text) if not character.isspace()}


def test_a_span_is_pooled_from_the_tokens_within_it(embedder: Embedder) -> None:
    text = f"{FERRY} The bells of the town rang for a wedding."
    (encoded,) = embedder.encode([text])
    ferry = pool(encoded.tokens, 0, len(FERRY))
    bells = pool(encoded.tokens, len(FERRY) + 1, len(text))
    assert ferry is not None
    assert bells is not None
    assert np.linalg.norm(ferry) == pytest.approx(1, abs=1e-5)
    query = embedder.embed_query("the boatman refused payment")
    assert query @ ferry > query @ bells


def test_pooling_takes_whole_tokens_only() -> None:
    tokens = TokenVectors(np.array([[3, 0], [0, 4], [9, 9]], dtype=np.float32), [(0, 3), (4, 7), (7, 12)])
    np.testing.assert_allclose(pool(tokens, 0, 7), [0.6, 0.8])  # type: ignore[arg-type]
    np.testing.assert_allclose(pool(tokens, 1, 7), [0, 1])  # type: ignore[arg-type]
    assert pool(tokens, 8, 12) is None
    assert pool(tokens, 3, 4) is None


def test_threads_share_an_embedder(embedder: Embedder) -> None:
    texts = TEXTS * 8
    with ThreadPoolExecutor(4) as threads:
        vectors = list(threads.map(embedder.embed_query, texts))
    np.testing.assert_array_equal(np.stack(vectors), embedder.embed(texts))


def test_prefixes_are_put_before_texts_and_leave_the_spans_alone(embedder: Embedder, prefixed: Embedder) -> None:
    np.testing.assert_array_equal(prefixed.embed_query(FERRY), embedder.embed_query(f"query: {FERRY}"))
    np.testing.assert_array_equal(prefixed.embed([FERRY]), embedder.embed([f"passage: {FERRY}"]))
    np.testing.assert_array_equal(prefixed.read_query(FERRY).pooled, embedder.read(f"query: {FERRY}").pooled)
    (before,), (after,) = embedder.encode([FERRY]), prefixed.encode([FERRY])
    assert after.tokens.spans == before.tokens.spans
    assert not np.array_equal(after.tokens.vectors, before.tokens.vectors)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="dream setup"):
        Embedder(tmp_path)
