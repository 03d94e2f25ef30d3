"""Who asks: an account, known by its sign-in or by an API token, or an anonymous reader, known by a signed cookie or a
signed token; and nobody else's stories. Every request passes here before it reaches a view.

Unsafe requests that carry the cookie need the CSRF token as well. A request without cookies has none to forge: it
must be JSON, must not come from another site's page, and its answer sets no cookie but gives the reader's token for
what comes next.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import replace
from ipaddress import IPv6Network, ip_address
from typing import TypeVar

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import BadSignature, URLSafeSerializer

from dream.accounts.gate import TOKEN
from dream.actor import Actor
from dream.errors import BadRequest, Forbidden, NotFound, SignInNeeded
from dream.settings import Settings
from dream.store import models
from dream.store.library.scenes import Whose
from dream.web.access import needed
from dream.web.current import service

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_csrf = CSRFProtect()

Owned = TypeVar("Owned", models.Story, Whose)


def secret_key(settings: Settings) -> str:
    """The key that signs cookies and tokens: the setting, or one made once and kept in the data folder."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    path = settings.home / "secret-key"
    if path.exists() and (kept := path.read_text().strip()):
        return kept
    made, new = secrets.token_urlsafe(48), path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made)
    new.replace(path)  # whole or not at all: a full disk must not leave an empty key, which anyone could sign with
    return made


def guard(app: Flask) -> None:
    """Checks every request before it reaches a view: that it was meant, and that whoever sent it may."""
    _csrf.init_app(app)
    app.before_request(_check)


def actor() -> Actor:
    """Who asks. Raises Forbidden and SignInNeeded for a token that dream did not give, or no longer knows."""
    if "actor" not in g:
        found = _actor_of_token(_token()) if _token() else _actor_of_cookie()
        g.actor = replace(found, address=_address())
    asking: Actor = g.actor
    return asking


def known_reader() -> str | None:
    """The reader who asks, None where this is nobody yet."""
    return actor().reader_id


def present_reader() -> str | None:
    """The reader who asks, None where there is none yet, or none any more."""
    reader = known_reader()
    return reader if reader and service().library.stories.reader_exists(reader) else None


def welcome(reader: str) -> None:
    """Has whoever asks be a reader that was just made for them."""
    g.actor = Actor(reader, address=_address())
    if not cookieless():
        session["reader"] = reader
        session.permanent = True


def reader_id() -> str:
    """The reader who asks; a new one where nobody was known."""
    reader = present_reader()
    if reader is None:
        reader = service().library.stories.new_reader()
        welcome(reader)
    return reader


def address() -> str:
    """Where a request comes from, as far as the proxies in front of dream can be trusted to say."""
    return request.remote_addr or ""


def enter(secret: str) -> None:
    """Signs this browser in with the secret of a new sign-in. Nothing else that its cookie held before stays: whoever
    gave it that must not know the cookie now.
    """
    reader = session.get("reader")
    session.clear()
    session.update(sign_in=secret, reader=reader)
    session.permanent = True


def become(reader: str) -> None:
    """Makes this browser that reader. Nothing else that its cookie held stays."""
    session.clear()
    session["reader"] = reader
    session.permanent = True


def leave() -> None:
    """Signs this browser out; it is again the reader it was before."""
    reader = session.get("reader")
    session.clear()
    if reader:
        session["reader"] = reader
        session.permanent = True


def browser_reader() -> str | None:
    """The reader that this browser was before it signed in, None for nobody."""
    reader = session.get("reader")
    return reader if isinstance(reader, str) else None


def sign_in_secret() -> str:
    """What this browser's cookie holds of its sign-in, "" where it has none."""
    return str(session.get("sign_in", ""))


def reader_token() -> str | None:
    """What a program without cookies and without an account sends as `Authorization: Bearer ...` to be this reader
    again; None for all others.
    """
    asking = actor()
    if asking.account_id or asking.reader_id is None or not cookieless():
        return None
    return str(_signer().dumps(asking.reader_id))


def cookieless() -> bool:
    """Whether this request came without dream's cookie, as a program's does."""
    return bool(_token()) or (request.path.startswith("/api/") and "dream" not in request.cookies)


def own_story(story_id: str, *, put_away: bool = False) -> models.Story:
    """The story, where it belongs to who asks, one at hand or one `put_away`. Raises NotFound for someone else's as for
    none at all.
    """
    return _owned(service().library.stories.story(story_id), put_away=put_away)


def own_scene(scene_id: str) -> models.Scene:
    """The scene, where its story belongs to who asks. Raises NotFound otherwise."""
    scene = service().library.scenes.scene(scene_id)
    if scene is None:
        raise NotFound("There is no such scene here.")
    own_story(scene.story_id)
    return scene


def own_scene_state(scene_id: str) -> str:
    """The state of a scene, by one quick look. Raises NotFound as `own_scene` does."""
    whose = service().library.scenes.whose(scene_id)
    if whose is None:
        raise NotFound("There is no such scene here.")
    return _owned(whose).state


def _owned(story: Owned | None, *, put_away: bool = False) -> Owned:
    if story is None or story.reader_id != known_reader():
        raise NotFound("There is no such story here. It may belong to another reader, or to another browser.")
    if bool(story.put_away_at) != put_away:
        raise NotFound("You have put this story away. It can be brought back from the list of your stories.")
    return story


def _check() -> None:
    if request.endpoint is None or request.blueprint == "control":
        return  # nothing to be had there; commands are known by their socket
    if request.method not in _SAFE and not _token():
        if request.blueprint == "compatible":
            raise SignInNeeded("This needs an API token of an account, sent as `Authorization: Bearer dream_...`.")
        if cookieless():
            _check_cookieless()
        else:
            _check_form()
    scope = needed(current_app, request.endpoint)
    if scope is not None:
        service().gate.permit(actor(), scope)


def _check_cookieless() -> None:
    if request.content_length and not request.is_json:
        raise BadRequest("Please send JSON, with Content-Type: application/json.")
    origin = request.headers.get("Origin")
    elsewhere = origin is not None and origin.partition("://")[2] != request.host
    if elsewhere or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Forbidden("This request came from another site's page. Nothing was changed.")


def _check_form() -> None:
    try:
        _csrf.protect()
    except CSRFError:
        raise Forbidden(
            "What you wrote is kept, and nothing was changed. This page was open for too long to be sent as it is: "
            "please send it again."
        ) from None


def _token() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _address() -> str:
    """Where this request comes from, as a keyed hash; of an IPv6 address the network, which is one household's."""
    address = request.remote_addr or ""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""  # a unix socket without a proxy that says whom it speaks for
    network = str(IPv6Network((parsed, 64), strict=False)) if parsed.version == 6 else address
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, network.encode(), hashlib.sha256).hexdigest()[:24]


def _actor_of_cookie() -> Actor:
    secret = session.get("sign_in")
    found = service().gate.signed_in(secret) if secret else None
    return found or Actor(session.get("reader"))


def _actor_of_token(token: str) -> Actor:
    if token.startswith(TOKEN):
        return service().gate.with_token(token)
    try:
        return Actor(str(_signer().loads(token)))
    except BadSignature:
        raise Forbidden("That token is not one of ours. Start a story without it to get one.") from None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="reader-token")
