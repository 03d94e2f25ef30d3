"""dream at home in LangChain: a corpus as a retriever, the embedder as embeddings. Nothing in dream imports this file.

service = Service(load_settings())
corpus = CorpusRetriever(retriever=service.retriever, corpus_id=service.corpus("starter").id, k=6)
corpus.invoke("a lamp that must not go out")
"""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from dream.retrieval.embedding import Embedder
from dream.retrieval.retriever import Retriever


class CorpusRetriever(BaseRetriever):
    """The fragments of one corpus, at most `k`, best first. A document's metadata says which work it is from, where it
    stands there, and its score.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    corpus_id: str
    k: int = 20

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's signature
        **kwargs: Any,
    ) -> list[Document]:
        found = self.retriever.search(self.corpus_id, query, limit=int(kwargs.get("k", self.k)))
        return [
            Document(
                id=hit.fragment.id,
                page_content=hit.fragment.text,
                metadata={
                    "work": hit.fragment.title,
                    "author": hit.fragment.author,
                    "licence": hit.fragment.licence,
                    "source": hit.fragment.source,
                    "start": hit.fragment.start,
                    "end": hit.fragment.end,
                    "score": hit.score,
                },
            )
            for hit in found.hits
        ]


class CorpusEmbeddings(Embeddings):
    """The embedding model that the corpora are indexed by."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(part) for part in vector] for vector in self._embedder.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        return [float(part) for part in self._embedder.embed_query(text)]
