"""Reads texts in as dream does: `python -m benchmarks.ingest.ours TEXTS HOME`. HOME has the exported model.

Prints what benchmarks.ingest.tutorial prints; the seconds are those of the processes that parse as well.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from dream.service import Service
from dream.settings import load_settings


def main(texts: Path, home: Path) -> None:
    service = Service(load_settings(home=home))
    service.vector_stores.open()
    model = service.model()
    assert model
    model.embedder.embed_query("once upon a time")
    began = _seconds()
    pieces = sum(done.fragments for done in service.ingest.files([texts], "tales"))
    seconds = _seconds() - began
    service.close()
    print(json.dumps({"seconds": seconds, "pieces": pieces}))


def _seconds() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
