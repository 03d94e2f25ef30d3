"""The tutorial's stack: Flask, LangChain's retrieval chain, HuggingFaceEmbeddings, Chroma, ChatOpenAI.

gunicorn serves `app`; `python -m benchmarks.load.peers.tutorial TEXTS` fills its store, passages of 1,000 characters
with 200 shared. PEER_STORE, PEER_MODEL, PEER_UPSTREAM and PEER_TELLS say where its store and embedding model are, and
what is asked.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, request
from langchain_chroma import Chroma
from langchain_classic.chains import create_retrieval_chain
from langchain_classic.chains.combine_documents import create_stuff_documents_chain
from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_openai import ChatOpenAI
from langchain_text_splitters import RecursiveCharacterTextSplitter
from pydantic import SecretStr

embeddings = HuggingFaceEmbeddings(model_name=os.environ["PEER_MODEL"])
store = Chroma(persist_directory=os.environ["PEER_STORE"], embedding_function=embeddings)
model = ChatOpenAI(
    model=os.environ["PEER_TELLS"], base_url=os.environ["PEER_UPSTREAM"], api_key=SecretStr("none"), streaming=True
)
prompt = ChatPromptTemplate.from_messages(
    [("system", "Tell a story from the following context.\n\n{context}"), ("human", "{input}")]
)
chain = create_retrieval_chain(store.as_retriever(), create_stuff_documents_chain(model, prompt))
app = Flask(__name__)


@app.get("/livez")
def livez() -> str:
    return "ok"


@app.post("/story")
def story() -> Response:
    return Response(_told(request.get_json()["premise"]), mimetype="text/event-stream")


def _told(premise: str) -> Iterator[str]:
    for part in chain.stream({"input": premise}):
        if part.get("answer"):
            yield f"data: {json.dumps({'text': part['answer']})}\n\n"
    yield "data: [DONE]\n\n"


def fill(texts: Path) -> None:
    works = [Document(path.read_text(encoding="utf-8")) for path in sorted(texts.rglob("*.md"))]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    store.add_documents(splitter.split_documents(works))


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
