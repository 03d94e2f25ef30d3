"""A file system that is nearly full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, free_mebibytes: int) -> Iterator[None]:
    """Until the block ends the folder is a file system of its own with what it holds and so much room; what is written
    there meanwhile is lost. It takes root.
    """
    whole = folder.with_name(f"{folder.name}-on-a-small-disk")
    whole.mkdir()
    used = int(_said("du", "--summarize", "--block-size=1M", folder).split()[0])
    _said("mount", "-t", "tmpfs", "-o", f"size={used + free_mebibytes}m", "small", whole)
    try:
        _said("cp", "--archive", f"{folder}/.", whole)
        _said("mount", "--bind", whole, folder)
        try:
            yield
        finally:
            _said("umount", "--lazy", folder)
    finally:
        _said("umount", "--lazy", whole)
        whole.rmdir()


def _said(*command: object) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout
