"""A corpus and the embedder, as LangChain programs use them."""

from __future__ import annotations

import numpy as np

from dream.retrieval.langchain import CorpusEmbeddings, CorpusRetriever
from dream.service import Service


def test_a_corpus_is_a_retriever(stocked: Service) -> None:
    corpus = CorpusRetriever(retriever=stocked.retriever, corpus_id=stocked.corpus("starter").id, k=3)
    documents = corpus.invoke("the keeper who may not lie inside the lamp room")
    assert len(documents) == 3
    assert documents[0].metadata["work"] == "Ask Him on the Stairs"
    assert documents[0].page_content
    assert len(corpus.invoke("the lamp room", k=1)) == 1


def test_the_embedder_is_embeddings(stocked: Service) -> None:
    embedder = stocked.embedder()
    assert embedder
    embeddings = CorpusEmbeddings(embedder)
    found = embeddings.embed_documents(["a lamp", "the tide"])
    assert np.allclose(found, embedder.embed(["a lamp", "the tide"]))
    assert isinstance(embeddings.embed_query("a lamp")[0], float)
