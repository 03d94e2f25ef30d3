"""Backups: the database and the source files, copied while they are in use, and put back into an empty folder.

Vectors and other indexes are not copied: they are made anew from the database.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from dream.errors import SetupFailed
from dream.settings import Settings

_DATABASE = "dream.sqlite3"
_FILES = "files"
_KEPT = ("secret-key",)


def back_up(settings: Settings, folder: Path) -> None:
    """Copies everything that cannot be made anew into a new folder. Raises SetupFailed where it is not empty.

    Files first kept after the database was copied are not in it. It is copied before them, so that it names none that
    is missing but what its author removed meanwhile.
    """
    _check_empty(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        closing(sqlite3.connect(settings.database_path)) as source,
        closing(sqlite3.connect(folder / _DATABASE)) as copy,
    ):
        # In one step, which holds up no writer where the log is write-ahead; a copy in several begins anew whenever
        # somebody writes in between, and beside a busy service it would never end.
        source.backup(copy)
    if (settings.home / _FILES).is_dir():
        ignore = shutil.ignore_patterns("incoming")
        shutil.copytree(settings.home / _FILES, folder / _FILES, ignore=ignore, copy_function=_copy_what_is_there)
    for name in _KEPT:
        if (settings.home / name).exists():
            shutil.copy2(settings.home / name, folder / name)
    (folder / _DATABASE).chmod(0o600)


def restore(settings: Settings, folder: Path) -> None:
    """Puts a backup into a data folder that has no database. Raises SetupFailed otherwise."""
    if not (folder / _DATABASE).is_file():
        raise SetupFailed(f"There is no backup in {folder}: it has no {_DATABASE}.")
    if settings.database_path.exists():
        raise SetupFailed(
            f"{settings.home} holds data already, which is kept. Set DREAM_HOME to an empty folder, or move it away."
        )
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / _FILES).is_dir():
        shutil.copytree(folder / _FILES, settings.home / _FILES, dirs_exist_ok=True)
    for name in (*_KEPT, _DATABASE):  # the database last: with it the folder holds data
        if (folder / name).exists():
            shutil.copy2(folder / name, settings.home / name)


def _copy_what_is_there(source: str, target: str) -> None:
    with suppress(FileNotFoundError):  # removed for good since the folder was listed
        shutil.copy2(source, target)


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SetupFailed(f"{folder} is not empty. Name a new folder for the backup; nothing was changed.")
