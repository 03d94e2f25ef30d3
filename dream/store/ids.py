"""Ids. Every id a person ever sees is made here, by the server."""

from __future__ import annotations

import base64
import secrets


def new_id() -> str:
    """16 lower-case characters from 80 random bits: short enough for an address, too many to guess."""
    return base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()


def fragment_id(work_id: str, version: int, position: int) -> str:
    """The id of a fragment: the same for the same work, version and position, so that writing twice changes nothing."""
    return f"{work_id}.{version}.{position}"


def beside(fragment: str) -> tuple[str, str]:
    """The ids of the fragments right before and after one, where its work has any there."""
    version, _, position = fragment.rpartition(".")
    return f"{version}.{int(position) - 1}", f"{version}.{int(position) + 1}"


def work_of(fragment: str) -> str:
    """The id of the work that a fragment's id belongs to."""
    return fragment.partition(".")[0]
