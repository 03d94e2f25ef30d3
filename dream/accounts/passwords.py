"""Passwords: hashed with argon2id, and made where a person needs one to begin with."""

from __future__ import annotations

import base64
import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dream.errors import FormRefused
from dream.wording import worded

SHORTEST, LONGEST = 10, 200

# 19 MiB and two passes, the least that OWASP names: a small host must survive several sign-ins at once.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_ROOM = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    with _ROOM:
        return _HASHER.hash(_folded(password))


def fits(password: str, stored: str | None) -> bool:
    """Whether a password is the one that was hashed. With None, for an account that does not exist, it takes just as
    long, so that nobody learns from the clock which accounts there are.
    """
    with _ROOM:
        nobodys = _nobodys()
        try:
            _HASHER.verify(stored or nobodys, _folded(password))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


@cache
def _nobodys() -> str:
    """What no password fits; made by whoever signs in first, since it would hold up each start of the service."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def check(password: str, name: str) -> None:
    """Raises FormRefused for a password that is too easily guessed, or too long to be hashed for everybody."""
    if len(password) < SHORTEST:
        raise FormRefused.of(
            "password", worded("Please choose a password of at least %(least)s characters.", least=SHORTEST)
        )
    if len(password) > LONGEST:
        raise FormRefused.of(
            "password", worded("Please choose a password of at most %(most)s characters.", most=LONGEST)
        )
    if _folded(password).casefold() in (name, name * 2) or len(set(password)) < 4:
        raise FormRefused.of("password", "That would be guessed at once. Please choose another password.")


def made() -> str:
    """A password from 100 random bits, in four groups that can be read aloud."""
    letters = base64.b32encode(secrets.token_bytes(13)).decode("ascii").lower()[:20]
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def _folded(password: str) -> str:
    """The same characters however a keyboard composed them."""
    return unicodedata.normalize("NFC", password)
