"""All that speaks for each fragment behind each sentence, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dream.storytelling.provenance.meaning import meaning
from dream.storytelling.provenance.passage import read
from dream.storytelling.provenance.wording import wording

if TYPE_CHECKING:
    from dream.retrieval.embedding import Embedder


def gather(
    text: str, sources: Sequence[str], embedder: Embedder | None, *, language: str, known: str
) -> NDArray[np.float32]:
    """Float32 of shape (sentences, sources, features): of the wording, and with an embedder of the meaning."""
    scene, passages = read(text, language, known), [read(source, language) for source in sources]
    told = wording(scene, passages, language)
    if embedder is None:
        return told
    return np.concatenate([told, meaning(scene, passages, embedder, known)], axis=2)
