"""The entrance: names, passwords, attempts and tokens."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from dream.accounts import passwords
from dream.accounts.entrance import TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS
from dream.errors import Forbidden, FormRefused, TooMany
from dream.service import Service
from dream.store import models
from dream.store.library.attempts import WINDOW_SECONDS
from tests.conftest import OpenService

PASSWORD = "eleven wet coats"
HERE = "192.0.2.7"


@pytest.fixture
def mara(service: Service) -> models.Account:
    return service.entrance.register("Mara", PASSWORD, HERE)


def sign_in(service: Service, name: str = "mara", password: str = PASSWORD, address: str = HERE) -> str:
    return service.entrance.sign_in(name, password, address, "a browser")[1]


def test_who_registered_signs_in_however_the_name_is_spelt(service: Service, mara: models.Account) -> None:
    for name in ("mara", " MARA ", "Ｍara"):
        actor = service.gate.signed_in(sign_in(service, name))
        assert actor
        assert (actor.account_id, actor.role) == (mara.id, "reader")


def test_neither_passwords_nor_secrets_are_kept(service: Service, mara: models.Account) -> None:
    secret = sign_in(service)
    token, shown = service.entrance.make_token(mara, "a script", ["read"])
    service.database.close()
    written = b"".join(path.read_bytes() for path in service.settings.home.glob("dream.sqlite3*"))
    for hidden in (PASSWORD, secret, shown):
        assert hidden.encode() not in written
    assert mara.password.startswith("$argon2id$")
    assert token.id.encode() in written


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("a", PASSWORD, "name"),
        ("two words", PASSWORD, "name"),
        ("x" * 81, PASSWORD, "name"),
        ("ma\u202era", PASSWORD, "name"),
        ("MARA", PASSWORD, "name"),
        ("noor", "short", "password"),
        ("noor", "x" * 201, "password"),
        ("noornoornoor", "noornoornoor", "password"),
        ("noor", "aaaaaaaaaaaa", "password"),
    ],
)
@pytest.mark.usefixtures("mara")
def test_what_makes_no_account_says_what_to_change(service: Service, name: str, password: str, field: str) -> None:
    with pytest.raises(FormRefused) as refused:
        service.entrance.register(name, password, HERE)
    assert set(refused.value.fields) == {field}
    assert len(service.library.accounts.all()) == 1


def test_who_may_register_is_a_setting(open_service: OpenService) -> None:
    closed = open_service(registration="closed")
    with pytest.raises(Forbidden):
        closed.entrance.register("mara", PASSWORD, HERE)
    closed.close()
    assert open_service(registration="author").entrance.register("mara", PASSWORD, HERE).role == "author"


@pytest.mark.usefixtures("mara")
def test_an_account_is_not_guessed_at_for_long(service: Service) -> None:
    for number in range(TRIES_PER_ACCOUNT):
        with pytest.raises(FormRefused):
            sign_in(service, password="wrong", address=f"192.0.2.{number}")
    with pytest.raises(TooMany) as refused:
        sign_in(service)  # not even with the right one
    assert 0 < refused.value.wait_seconds <= WINDOW_SECONDS
    service.entrance.register("noor", PASSWORD, HERE)
    assert sign_in(service, "noor")
    with service.database.write() as session:
        session.execute(update(models.Attempt).values(made_at=models.Attempt.made_at - WINDOW_SECONDS))
    assert sign_in(service)


@pytest.mark.usefixtures("mara")
def test_neither_is_one_address_free_to_try_every_name(service: Service) -> None:
    with pytest.raises(FormRefused):
        sign_in(service, "nobody", address="2001:db8::1")
    for _ in range(TRIES_PER_ADDRESS):
        assert sign_in(service, address="2001:db8::1")  # what succeeds does not count
    with service.database.write() as session:
        _, name, address = session.scalars(select(models.Attempt.key).order_by(models.Attempt.id))
        session.add_all(models.Attempt(key=address) for _ in range(TRIES_PER_ADDRESS - 1))
    assert name != address
    with pytest.raises(TooMany):
        sign_in(service, "somebody", address="2001:db8::2")  # the same network
    with pytest.raises(FormRefused):
        sign_in(service, "somebody", address="2001:db8:0:1::2")


@pytest.mark.usefixtures("mara")
def test_a_right_password_wipes_the_slate(service: Service) -> None:
    for _ in range(2):
        for _ in range(TRIES_PER_ACCOUNT - 1):
            with pytest.raises(FormRefused):
                sign_in(service, password="wrong")
        assert sign_in(service)


def test_a_suspended_account_learns_so_only_with_its_password(service: Service, mara: models.Account) -> None:
    service.library.accounts.suspend(mara.id)
    with pytest.raises(FormRefused):
        sign_in(service, password="wrong")
    with pytest.raises(Forbidden, match="suspended"):
        sign_in(service)


def test_a_changed_password_signs_out_everywhere_else(service: Service, mara: models.Account) -> None:
    here, there = sign_in(service), sign_in(service)
    actor = service.gate.signed_in(here)
    assert actor
    with pytest.raises(FormRefused):
        service.entrance.change_password(actor, "wrong", "a lantern on the ebb", HERE, here)
    service.entrance.change_password(actor, PASSWORD, "a lantern on the ebb", HERE, here)
    assert service.gate.signed_in(here)
    assert service.gate.signed_in(there) is None
    with pytest.raises(FormRefused):
        sign_in(service)
    assert sign_in(service, password="a lantern on the ebb")
    assert sign_in(service, password=service.entrance.reset(mara))
    assert service.gate.signed_in(here) is None


def test_a_token_has_no_scope_that_its_account_lacks(service: Service, mara: models.Account) -> None:
    for scopes in ([], ["author"], ["read", "operator"]):
        with pytest.raises(FormRefused):
            service.entrance.make_token(mara, "a script", scopes)
    token, secret = service.entrance.make_token(mara, "  a   script ", ["read"])
    assert token.name == "a script"
    assert service.gate.with_token(secret).scopes == {"read"}
    assert service.library.tokens.of_account(mara.id)[0].used_at
    assert service.library.tokens.revoke(mara.id, token.id)


def test_made_passwords_pass_our_own_checks() -> None:
    made = {passwords.made() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check(password, "admin")
