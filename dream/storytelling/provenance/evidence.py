"""All that speaks for each fragment behind each sentence, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dream.storytelling.provenance.meaning import meaning
from dream.storytelling.provenance.passage import Passage
from dream.storytelling.provenance.wording import wording

if TYPE_CHECKING:
    from dream.retrieval.embedding import Embedder


def gather(scene: Passage, sources: Sequence[Passage], language: str, embedder: Embedder | None) -> NDArray[np.float32]:
    """Float32 of shape (sentences, sources, features): of the wording, and with an embedder of the meaning."""
    told = wording(scene, sources, language)
    return told if embedder is None else np.concatenate([told, meaning(scene, sources, embedder)], axis=2)
