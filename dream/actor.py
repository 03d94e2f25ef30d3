"""Who acts: a reader, an author, an admin, or the operator at the machine itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["reader", "author", "admin", "operator"]
Scope = Literal["read", "tell", "author", "admin"]

SCOPES: dict[Role, frozenset[Scope]] = {
    "reader": frozenset({"read", "tell"}),
    "author": frozenset({"read", "tell", "author"}),
    "admin": frozenset({"read", "tell", "author", "admin"}),
    "operator": frozenset({"read", "tell", "author", "admin"}),
}
"""What each role may do: read shelves and its own stories, have stories told, bring works, look after the service."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for something, as the gate found them just now; never kept for later, since an account may be suspended
    meanwhile.

    `reader_id` is whose stories they see, None before their first; `account_id` is None for who has not signed in.
    Which corpora they may read, dream.store.library.corpora knows. `address` is a keyed hash of where they ask from.
    """

    reader_id: str | None = None
    account_id: str | None = None
    name: str = ""
    role: Role = "reader"
    scopes: frozenset[Scope] = SCOPES["reader"]
    address: str = ""

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes


PUBLIC = Actor()
"""Anybody: what needs no account."""

OPERATOR = Actor(role="operator", scopes=SCOPES["operator"])
"""Whoever owns the data folder, at the command line. Reads every corpus; the folder is theirs."""
