"""The gate: who acts, what they may do, and that it ends when the account does."""

from __future__ import annotations

import secrets

import pytest

from dream.accounts.gate import TOKEN, digest
from dream.actor import OPERATOR, PUBLIC, Actor, Scope
from dream.errors import Forbidden, SignInNeeded
from dream.service import Service
from dream.store import models


def account(service: Service, name: str, role: str = "author") -> models.Account:
    made = service.library.accounts.add(name, "no password fits this", role)
    assert made
    return made


def signed_in(service: Service, who: models.Account) -> str:
    secret = secrets.token_urlsafe()
    service.library.sign_ins.begin(who.id, digest(secret), "a browser")
    return secret


def token(service: Service, who: models.Account, *scopes: Scope) -> str:
    secret = TOKEN + secrets.token_urlsafe()
    service.library.tokens.add(who.id, digest(secret), "a program", scopes)
    return secret


def acting(service: Service, who: models.Account) -> Actor:
    actor = service.gate.of_account(who.id)
    assert actor
    return actor


def test_a_sign_in_and_a_token_act_for_their_account(service: Service) -> None:
    mara = account(service, "mara")
    by_cookie = service.gate.signed_in(signed_in(service, mara))
    assert by_cookie == Actor(mara.reader_id, mara.id, "mara", "author", frozenset({"read", "tell", "author"}))
    by_token = service.gate.with_token(token(service, mara, "read", "admin"))
    assert by_token.scopes == {"read"}  # never more than the account's own


def test_what_nobody_was_given_opens_nothing(service: Service) -> None:
    account(service, "mara")
    assert service.gate.signed_in("made up") is None
    with pytest.raises(SignInNeeded):
        service.gate.with_token(TOKEN + "made up")


def test_a_suspended_account_ends_at_once(service: Service) -> None:
    mara, other = account(service, "mara"), account(service, "noor")
    cookie, key, others = signed_in(service, mara), token(service, mara, "read"), signed_in(service, other)
    _, scene = service.library.stories.begin(mara.reader_id, service.corpus(None).id, {"premise": "A bell."}, 1)
    service.library.accounts.suspend(mara.id)
    assert service.gate.signed_in(cookie) is None
    with pytest.raises(SignInNeeded):
        service.gate.with_token(key)
    assert service.gate.of_account(mara.id) is None
    assert not service.library.accounts.is_active(mara.id)
    assert service.library.scenes.asked_to_stop([scene.id]) == {scene.id}
    assert service.gate.signed_in(others)
    service.library.accounts.restore(mara.id)
    assert service.gate.of_account(mara.id)
    assert service.gate.signed_in(cookie) is None


def test_a_new_password_ends_every_other_sign_in(service: Service) -> None:
    mara = account(service, "mara")
    here, there = signed_in(service, mara), signed_in(service, mara)
    found = service.library.sign_ins.account(digest(here))
    assert found
    service.library.accounts.set_password(mara.id, "another", keep=found[0].id)
    assert service.gate.signed_in(here)
    assert service.gate.signed_in(there) is None


def test_nobody_may_more_than_their_role(service: Service) -> None:
    with pytest.raises(SignInNeeded):
        service.gate.permit(PUBLIC, "author")
    author = acting(service, account(service, "mara"))
    service.gate.permit(author, "author")
    with pytest.raises(Forbidden, match="admin"):
        service.gate.permit(author, "admin")
    service.gate.permit(OPERATOR, "admin")


def test_a_private_corpus_is_read_by_its_owner_and_whom_they_named(service: Service) -> None:
    mara, noor, admin = (account(service, name) for name in ("mara", "noor", "ada"))
    library = service.library.corpora
    shelf = library.make("drafts-7f3k", "Drafts", mara.id, public=False)
    library.grant(shelf.id, noor.id, may_add=False)
    service.library.accounts.set_role(admin.id, "admin")
    owner, guest, other = (acting(service, who) for who in (mara, noor, admin))
    readers = [actor for actor in (owner, guest, other, PUBLIC, OPERATOR) if library.readable(actor, "drafts-7f3k")]
    assert readers == [owner, guest, OPERATOR]
    assert [actor for actor in (owner, guest, other, PUBLIC) if library.addable(actor, shelf.id)] == [owner]
    assert "drafts-7f3k" not in [found.name for found in library.shelves(other)]
    library.change(shelf.id, title="Tales", public=True)
    assert library.may_read(PUBLIC, shelf.id)
    assert not library.addable(guest, shelf.id)
    library.grant(shelf.id, noor.id, may_add=True)
    assert library.addable(guest, shelf.id)
