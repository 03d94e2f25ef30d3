"""The exported model in the data folder: made once, whole or not at all."""

from __future__ import annotations

import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dream.errors import SetupFailed
from dream.retrieval.export.manifest import DIRECTIONS, FILES, MANIFEST, Manifest, faults, model_folder, sha256
from dream.retrieval.export.workshop import Progress, Workshop
from dream.settings import Settings

SPACE = 2_500_000_000  # bytes: the tools unpacked, one of them packed, and the model
LEAST_COSINE = 0.9999


def ensure_model(settings: Settings, progress: Progress, source: Path | None = None) -> Path:
    """The folder of the exported model, which is there and whole when this returns.

    Where it is missing or damaged it is copied from `source`, a folder exported elsewhere, or else made: in a throwaway
    environment that needs the network, 2.5 GB of space and a minute or a few. `progress` gets a line a step.

    Raises SetupFailed; what stood before then still stands.
    """
    target = model_folder(settings)
    if not faults(target, settings.embedding_model):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target.parent, progress):
        if faults(target, settings.embedding_model):
            with _scratch(target.parent) as scratch:
                fresh = scratch / "model"
                if source is None:
                    _make(settings.embedding_model, fresh, scratch, progress)
                else:
                    _copy(settings.embedding_model, fresh, source, progress)
                _put(fresh, target, scratch)
    return target


@contextmanager
def _alone(models: Path, progress: Progress) -> Iterator[None]:
    """One export at a time; a second one waits and then finds it done."""
    with (models / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another set-up is exporting the model; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _scratch(models: Path) -> Iterator[Path]:
    """A folder beside the models, so that a rename is enough; gone afterwards, with what a killed export left."""
    for left in models.glob(".export-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=models, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _make(name: str, fresh: Path, scratch: Path, progress: Progress) -> None:
    free = shutil.disk_usage(scratch).free
    if free < SPACE:
        raise SetupFailed(
            f"The export of the model needs {SPACE / 1e9:.1f} GB for a while, and {scratch.parent} has "
            f"{free / 1e9:.1f} GB free. Nothing is changed. Make room, or name a data folder elsewhere with "
            "DREAM_HOME, and run `dream setup` again."
        )
    workshop = Workshop(scratch / "workshop", progress)
    workshop.furnish()
    workshop.export(name, fresh)
    found: dict[str, Any] = json.loads((fresh / "export.json").read_text(encoding="utf-8"))
    (fresh / "export.json").unlink()
    manifest = Manifest(name=name, files={file: sha256(fresh / file) or "" for file in FILES}, **found)
    _judge(manifest, progress)
    (fresh / MANIFEST).write_text(manifest.model_dump_json(indent=2), encoding="utf-8")


def _judge(manifest: Manifest, progress: Progress) -> None:
    """Say how well the export agrees with sentence-transformers, and refuse one that does not."""
    exact, small, reading = (manifest.agreement[name] for name in ("fp32", "int8", "reading"))
    progress(
        f"agreement with sentence-transformers: largest difference {exact.max_difference:.1e}, mean cosine "
        f"{exact.mean_cosine:.6f}; the int8 copy: mean cosine {small.mean_cosine:.4f}; the copy that reads works in: "
        f"{reading.mean_cosine:.4f}"
    )
    if exact.min_cosine < LEAST_COSINE:
        raise SetupFailed(
            f"The exported {manifest.name} does not agree with the original (cosine {exact.min_cosine:.4f}, least "
            f"allowed {LEAST_COSINE}), so it is not kept. Choose another model with DREAM_EMBEDDING_MODEL and run "
            "`dream setup` again."
        )


def _copy(name: str, fresh: Path, source: Path, progress: Progress) -> None:
    progress(f"copying the exported model from {source}")
    fresh.mkdir()
    for file in (MANIFEST, *FILES, DIRECTIONS):
        if (source / file).is_file():
            shutil.copyfile(source / file, fresh / file)
    if wrong := faults(fresh, name):
        raise SetupFailed(
            f"{source} does not hold a whole export of {name}: {'; '.join(wrong)}. Nothing is changed. Copy the folder "
            "again from where `dream setup` made it, and check DREAM_EMBEDDING_MODEL."
        )


def _put(fresh: Path, target: Path, scratch: Path) -> None:
    """Move the new folder into place; a damaged one that stood there goes with the scratch folder."""
    if target.exists():
        target.rename(scratch / "damaged")
    fresh.rename(target)
