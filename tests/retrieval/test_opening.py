"""Opening the vector store: each start waits for it."""

from __future__ import annotations

import subprocess
import sys

_OPENED = "import sys, dream.retrieval.vectors, chromadb; sys.exit('lark' in sys.modules)"


def test_chroma_makes_no_grammar_that_nothing_needs() -> None:
    assert subprocess.run([sys.executable, "-c", _OPENED], check=False).returncode == 0
