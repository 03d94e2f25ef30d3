"""The bundle that scripts/build makes, and others like it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.conftest import ROOT


def build(target: Path, model: Path, wheels: Path | None) -> Path:
    """Builds the bundle of this checkout; without the wheels of its dependencies where a folder is given instead."""
    environment = {**os.environ, "MODEL": str(model), "PYTHON": sys.executable}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    if wheels:
        environment["WHEELS"] = str(wheels)
    subprocess.run([str(ROOT / "scripts" / "build"), str(target)], env=environment, check=True)
    return target


def variant(bundle: Path, name: str, edits: dict[str, tuple[str, str]], base: Path) -> Path:
    """A bundle beside another, with its own name: `edits` maps a file, of the bundle or of dream in its wheel, to what
    is replaced in it by what.
    """
    target = base / name
    shutil.copytree(bundle, target, copy_function=os.link, symlinks=True)
    release = f"{(bundle / 'release').read_text().rpartition('-')[0]}-{name}"
    write(target / "release", f"{release}\n")
    for file, (old, new) in edits.items():
        if file.startswith("dream/"):
            rewrite(next(target.glob("dream-*.whl")), file, old, new)
        else:
            text = (target / file).read_text()
            assert old in text, (file, old)
            write(target / file, text.replace(old, new))
    seal(target)
    return target


def seal(bundle: Path) -> None:
    """Writes the sums of a bundle that was edited."""
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(bundle)}\n"
        for path in sorted(bundle.rglob("*"))
        if path.is_file() and path.name != "SHA256SUMS" and path.parent.name != "model"
    ]
    write(bundle / "SHA256SUMS", "".join(sums))


def write(path: Path, text: str) -> None:
    """Writes a file anew, leaving whatever shares its bytes alone."""
    mode = path.stat().st_mode
    path.unlink()
    path.write_text(text)
    path.chmod(mode)


def rewrite(wheel: Path, file: str, old: str, new: str) -> None:
    members = _members(wheel)
    text = members[file].decode()
    assert old in text, (file, old)
    _pack(wheel, {**members, file: text.replace(old, new).encode()})


def add(wheel: Path, file: str, text: str) -> None:
    _pack(wheel, {**_members(wheel), file: text.encode()})


def keep(wheel: Path, wanted: Callable[[str], bool]) -> None:
    """Leaves out of a wheel the files whose names are not wanted."""
    _pack(wheel, {name: data for name, data in _members(wheel).items() if wanted(name)})


def _members(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def _pack(wheel: Path, members: dict[str, bytes]) -> None:
    wheel.unlink()  # its bytes may be another bundle's too
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
