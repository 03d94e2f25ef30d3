"""The manifest of an exported model, and how its folder is found and checked."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from dream.settings import Settings

FORMAT = 1  # raise it, here and in Manifest, when an older export cannot be used any more
MANIFEST = "model.json"
FILES = (
    "model.onnx",
    "model.onnx.data",
    "model.reading.onnx",
    "model.int8.onnx",
    "model.int8.onnx.data",
    "tokenizer.json",
)
DIRECTIONS = "token-space.4.npy"  # made of the others, by whoever finds it missing


class Prefixes(BaseModel):
    """What the model wants in front of a text, by what the text is for; mostly nothing."""

    model_config = ConfigDict(frozen=True)

    query: str = ""
    document: str = ""


class Agreement(BaseModel):
    """How far the export's vectors are from sentence-transformers' own, both of unit length."""

    model_config = ConfigDict(frozen=True)

    max_difference: float
    mean_cosine: float
    min_cosine: float


class Manifest(BaseModel):
    """`model.json`: what an exported model is. `files` maps each file's name to its sha256."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    name: str
    dimensions: int
    max_tokens: int
    pooling: Literal["mean", "other"]
    prefixes: Prefixes
    agreement: dict[Literal["fp32", "int8", "reading"], Agreement]
    files: dict[str, str]


def model_folder(settings: Settings) -> Path:
    """Where the exported model of these settings belongs, whether it is there or not."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "--", settings.embedding_model).strip("-.") or "model"
    return settings.home / "models" / slug


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in `folder`, or None when there is none of this format."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return None


def find_model(settings: Settings) -> Path | None:
    """The folder of the exported model when one stands there for these settings. Cheap: files are not read through."""
    folder = model_folder(settings)
    manifest = read_manifest(folder)
    stands = manifest is not None and manifest.name == settings.embedding_model
    return folder if stands and all((folder / name).is_file() for name in FILES) else None


def faults(folder: Path, name: str) -> list[str]:
    """What keeps `folder` from being a whole export of the model `name`: a phrase each, none when all is well."""
    manifest = read_manifest(folder)
    if manifest is None:
        return [f"it has no {MANIFEST} of format {FORMAT}"]
    if manifest.name != name:
        return [f"it holds {manifest.name}, not {name}"]
    return [f"{file} is missing or changed" for file in FILES if manifest.files.get(file) != sha256(folder / file)]


def sha256(path: Path) -> str | None:
    """The file's sha256 in hexadecimal, or None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
