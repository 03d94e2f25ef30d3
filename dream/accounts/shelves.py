"""Authors' shelves: made, renamed, opened to everybody or to some, and taken away again."""

from __future__ import annotations

import re
import unicodedata

from dream.accounts import names
from dream.actor import Actor
from dream.errors import Conflict, FormRefused, NotFound
from dream.store import models
from dream.store.ids import new_id
from dream.store.library import Library
from dream.wording import worded

LONGEST_TITLE = 80
SHELVES = 200
"""Corpora that an account may own at once."""


class Shelves:
    """`actor` is always who asks; what is not theirs is not there for them."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def make(self, actor: Actor, title: str, *, public: bool) -> models.Corpus:
        """A new corpus of an author. Raises FormRefused and Conflict."""
        assert actor.account_id
        title = _title(title)
        if len(self._library.corpora.owned(actor.account_id)) >= SHELVES:
            raise Conflict(
                worded(
                    "You have %(shelves)s shelves, which is as many as there is room for. Remove one first.",
                    shelves=SHELVES,
                )
            )
        return self._library.corpora.make(_address(title), title, actor.account_id, public=public)

    def owned(self, actor: Actor, reference: str) -> models.Corpus:
        """A corpus of theirs, by name or id. Raises NotFound."""
        corpus = self._library.corpora.readable(actor, reference)
        if corpus is None or actor.account_id is None or corpus.owner_id != actor.account_id:
            raise NotFound("There is no such shelf among yours.")
        return corpus

    def change(self, corpus: models.Corpus, *, title: str | None = None, public: bool | None = None) -> None:
        """Renames a corpus, or says who may see it; what is None stays. Raises FormRefused."""
        self._library.corpora.change(
            corpus.id,
            title=corpus.title if title is None else _title(title),
            public=corpus.visibility == "public" if public is None else public,
        )

    def share(self, corpus: models.Corpus, name: str, *, may_add: bool) -> None:
        """Lets a named account read a corpus, and put works on it where `may_add`. Raises FormRefused."""
        account = self._library.accounts.named(names.folded(name))
        if account is None:
            raise FormRefused.of("name", "There is nobody of that name here. Please ask them how they sign in.")
        if account.id == corpus.owner_id:
            raise FormRefused.of("name", "This shelf is yours already.")
        if may_add and account.role == "reader":
            raise FormRefused.of("name", "They are a reader, and only authors can put works on a shelf.")
        self._library.corpora.grant(corpus.id, account.id, may_add=may_add)


def _title(title: str) -> str:
    title = " ".join(unicodedata.normalize("NFC", title).split())
    if not any(c.isalnum() for c in title) or len(title) > LONGEST_TITLE or not title.isprintable():
        raise FormRefused.of(
            "title", worded("Please give the shelf a name of at most %(most)s characters.", most=LONGEST_TITLE)
        )
    return title


def _address(title: str) -> str:
    """What a new corpus is called in addresses and commands. It ends in chance, so that it is free, and so that nobody
    learns from a refusal what others call theirs.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return f"{words or 'shelf'}-{new_id()[:6]}"
