"""A data folder with the starter corpus, made anew for one benchmark."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dream.retrieval.export.manifest import find_model
from dream.service import Service
from dream.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def starter_home() -> Iterator[Path]:
    """Lasts as long as the block. Needs the exported model that the set-up made."""
    model = find_model(Settings(_env_file=None, home=Path(os.environ.get("DREAM_TEST_HOME", ROOT / "var"))))
    if model is None:
        raise SystemExit("There is no exported model. Run scripts/setup first.")
    with tempfile.TemporaryDirectory(prefix="dream-bench-") as folder:
        home = Path(folder) / "home"
        (home / "models").mkdir(parents=True, mode=0o700)
        (home / "models" / model.name).symlink_to(model)
        service = Service(Settings(_env_file=None, home=home))
        for _ in service.ingest.files([ROOT / "corpus"], "starter"):
            pass
        service.close()
        yield home
