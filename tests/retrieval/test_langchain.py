"""A corpus and the embedder, as LangChain programs use them: LangChain's own standard suites, and what is ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests.embeddings import EmbeddingsIntegrationTests
from langchain_tests.integration_tests.retrievers import RetrieversIntegrationTests
from langchain_tests.unit_tests.embeddings import EmbeddingsUnitTests

from dream.retrieval.embedding import Embedder
from dream.retrieval.langchain import CorpusEmbeddings, CorpusRetriever
from dream.service import Service
from dream.settings import Settings

QUERY = "the keeper who may not lie inside the lamp room"


@pytest.fixture(scope="class")
def shelf(stocked_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A stocked service for a whole class: the suites ask for their parameters outside of any fixture of a test."""
    home = tmp_path_factory.mktemp("langchain") / "home"
    shutil.copytree(stocked_home, home, symlinks=True)
    service = Service(Settings(_env_file=None, home=home))
    yield service
    service.close()


class TestTheStandardRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _open(self, shelf: Service) -> None:
        self._service = shelf

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return CorpusRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"retriever": self._service.retriever, "corpus_id": self._service.corpus("starter").id}

    @property
    def retriever_query_example(self) -> str:
        return QUERY


class _Ours:
    @pytest.fixture(autouse=True)
    def _open(self, model_folder: Path) -> None:
        self._embedder = Embedder(model_folder)

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return CorpusEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"embedder": self._embedder}


class TestStandardEmbeddings(_Ours, EmbeddingsUnitTests):
    """The suite's own unit tests."""


class TestStandardEmbeddingsAtWork(_Ours, EmbeddingsIntegrationTests):
    """The suite's own integration tests."""


def test_documents_say_where_they_are_from(stocked: Service) -> None:
    corpus = CorpusRetriever(retriever=stocked.retriever, corpus_id=stocked.corpus("starter").id, k=3)
    documents = corpus.invoke(QUERY)
    assert documents[0].metadata["work"] == "Ask Him on the Stairs"
    assert documents[0].metadata["licence"]
    fragment = stocked.library.fragments.live([str(documents[0].id)])[str(documents[0].id)]
    assert (documents[0].page_content, documents[0].metadata["start"]) == (fragment.text, fragment.start)


def test_a_corpus_is_a_part_of_a_chain(stocked: Service) -> None:
    corpus = CorpusRetriever(retriever=stocked.retriever, corpus_id=stocked.corpus("starter").id, k=2)
    chain = corpus | (lambda documents: [document.metadata["work"] for document in documents])
    assert chain.batch([QUERY, "서로 말을 모르는 두 뱃사공"])[1][0] == "짧은 노"


def test_the_embedder_is_embeddings(stocked: Service) -> None:
    embedder = stocked.embedder()
    assert embedder
    found = CorpusEmbeddings(embedder).embed_documents(["a lamp", "the tide"])
    assert np.allclose(found, embedder.embed(["a lamp", "the tide"]))
