"""Reads texts in as tutorials do it: `python tutorial.py TEXTS STORE MODEL`. Stands alone, in its own environment.

Passages of 1,000 characters with 200 shared, sentence-transformers on torch with one thread, Chroma. Prints one line of
JSON: CPU seconds from the first text to the last vector, and passages.
"""

import json
import sys
import time
from pathlib import Path

import torch
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter


def main(texts: Path, store: str, model: str) -> None:
    torch.set_num_threads(1)  # two on two shared cores cost it more
    embeddings = HuggingFaceEmbeddings(model_name=model)
    embeddings.embed_query("once upon a time")
    began = time.process_time()
    works = [Document(path.read_text(encoding="utf-8")) for path in sorted(texts.glob("*.txt"))]
    passages = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(works)
    Chroma.from_documents(passages, embeddings, persist_directory=store)
    seconds = time.process_time() - began
    print(json.dumps({"seconds": seconds, "pieces": len(passages)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
