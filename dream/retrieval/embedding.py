"""Texts in, vectors out: the exported model run by onnxruntime, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dream.errors import SetupFailed
from dream.metrics import EMBEDDING
from dream.retrieval.export.manifest import MANIFEST, read_manifest
from dream.settings import Precision

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

Vectors = NDArray[np.float32]

_GRAPHS: dict[Precision, str] = {"fp32": "model.onnx", "int8": "model.int8.onnx"}
_READING = "model.reading.onnx"


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """A text's tokens as the model sees them, special tokens left out.

    `vectors` is float32 of shape (tokens, width), not normalised; `spans[i]` is the half-open stretch of the text, in
    code points, that token i stands for. `unknown` are the places of those that stand for a word of which the model has
    no piece.
    """

    vectors: Vectors
    spans: list[tuple[int, int]]
    unknown: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Encoded:
    """One pass over a text: its vector, float32 of shape (dimensions,) and unit length, and those of its tokens."""

    pooled: Vectors
    tokens: TokenVectors


class Embedder:
    """The exported model in `folder`; safe to share between threads.

    A text is read up to `max_tokens`, special tokens included; what comes after does not count. Each text goes through
    the model by itself, so its vector never depends on its neighbours (under int8 it would).

    A process opens only the graphs that it uses: the one of `precision` compares texts, and a quicker copy of it reads
    works in, and the queries that look for them. Raises SetupFailed when the folder holds no exported model.
    """

    def __init__(self, folder: Path, precision: Precision = "fp32") -> None:
        manifest = read_manifest(folder)
        if manifest is None:
            raise SetupFailed(f"There is no exported model in {folder} (no {MANIFEST}). Run `dream setup`.")
        self.name = manifest.name
        self.dimensions = manifest.dimensions
        self.max_tokens = manifest.max_tokens
        self.pools_by_mean = manifest.pooling == "mean"
        self._manifest = manifest
        self._tokenizer = _tokenizer(folder)
        self._unknown: str | None = getattr(self._tokenizer.model, "unk_token", None)
        self._folder = folder
        self._precision = precision

    def open(self) -> None:
        """Opens both graphs, as the first search and the first story would; what is damaged is found here."""
        _ = self._reading, self._session

    def embed_query(self, text: str) -> Vectors:
        """The vector of a query: float32 of shape (dimensions,), unit length."""
        encoding = self._tokenizer.encode(self._manifest.prefixes.query + text)
        return self._run(encoding, "pooled")[0]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of documents, in the order given: float32 of shape (len(texts), dimensions), unit length."""
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            (vectors[row],) = self._run(self._document(text), "pooled")
        return vectors

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """The vectors of documents and of their tokens, from one pass, in the order given."""
        return [self._encode(text, self._manifest.prefixes.document) for text in texts]

    def read(self, text: str) -> Encoded:
        """The vector of a document that is read in, and those of its tokens, from one pass in two thirds of the time:
        as `encode` gives them, but for what most of the products lose in int8 (mean cosine 0.997 on real texts).
        """
        return self._encode(text, self._manifest.prefixes.document, reading=True)

    def read_query(self, text: str) -> Encoded:
        """The vector of a query, and those of its tokens, from one pass of the same copy."""
        return self._encode(text, self._manifest.prefixes.query, reading=True)

    @cached_property
    def _session(self) -> InferenceSession:
        return _session(self._folder / _GRAPHS[self._precision])

    @cached_property
    def _reading(self) -> InferenceSession:
        return self._session if self._precision == "int8" else _session(self._folder / _READING)

    def _encode(self, text: str, prefix: str, *, reading: bool = False) -> Encoded:
        encoding = self._tokenizer.encode(prefix + text)
        pooled, tokens = self._run(encoding, "pooled", "tokens", reading=reading)
        return Encoded(pooled, _tokens(encoding, tokens, len(prefix), self._unknown))

    def _document(self, text: str) -> Encoding:
        return self._tokenizer.encode(self._manifest.prefixes.document + text)

    def _run(self, encoding: Encoding, *outputs: str, reading: bool = False) -> list[Vectors]:
        """One text through the model. A batch would pay only for texts of under twenty tokens, and cost memory."""
        ids = np.array([encoding.ids], dtype=np.int64)
        session = self._reading if reading else self._session
        with EMBEDDING.time():
            found: Any = session.run(outputs, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return [output[0] for output in found]


def pool(tokens: TokenVectors, start: int, end: int) -> Vectors | None:
    """The unit vector of the tokens that lie within the half-open span of code points, or None when none does.

    It is in the space of `Embedder.embed` only where `Embedder.pools_by_mean`; then a sentence's or a window's vector
    costs no pass of its own, and knows the text around it.
    """
    within = [place for place, (first, last) in enumerate(tokens.spans) if start <= first and last <= end]
    if not within:
        return None
    mean: Vectors = tokens.vectors[within].mean(axis=0)
    length = float(np.linalg.norm(mean))
    return mean / np.float32(length) if length else None


def _tokens(encoding: Encoding, vectors: Vectors, skip: int, unknown: str | None) -> TokenVectors:
    """The tokens of a text that stands `skip` code points into what was encoded; `unknown` is how the model writes a
    word of which it has no piece, None where it has pieces of all.
    """
    offsets = encoding.offsets  # made anew each time it is asked for
    kept = [place for place, (_, end) in enumerate(offsets) if end > skip]  # a special token spans nothing
    spans = [(max(offsets[place][0] - skip, 0), offsets[place][1] - skip) for place in kept]
    written = encoding.tokens
    without = frozenset(row for row, place in enumerate(kept) if written[place] == unknown)
    return TokenVectors(vectors[kept], spans, without)


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer  # with onnxruntime, 0.4 s that a command which embeds nothing need not wait

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def _session(path: Path) -> InferenceSession:
    import onnxruntime  # see _tokenizer

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1  # a second takes a tenth more CPU, and from whoever else reads or is read to
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # an arena keeps the most it ever needed, and gains no speed here
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
