"""Who asks: an anonymous reader, known by a signed cookie or by a signed token, and nobody else's stories.

Unsafe requests that carry the cookie need the CSRF token as well. A request without cookies has none to forge: it
must be JSON, must not come from another site's page, and its answer sets no cookie but gives the reader's token for
what comes next.
"""

from __future__ import annotations

import os
import secrets

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import BadSignature, URLSafeSerializer

from dream.errors import BadRequest, Forbidden, NotFound
from dream.settings import Settings
from dream.store import models
from dream.web.current import service

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_csrf = CSRFProtect()


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
    """Checks every unsafe request before it reaches a view."""
    _csrf.init_app(app)
    app.before_request(_check)


def known_reader() -> str | None:
    """The reader who asks, None where this is nobody yet. Raises Forbidden for a token that dream did not give."""
    if "reader" not in g:
        g.reader = _reader_of_token() if _token() else session.get("reader")
    return g.reader if isinstance(g.reader, str) else None


def reader_id() -> str:
    """The reader who asks; a new one where nobody was known."""
    reader = known_reader()
    if reader is None or not service().library.stories.reader_exists(reader):
        reader = g.reader = service().library.stories.new_reader()
        if not cookieless():
            session["reader"] = reader
            session.permanent = True
    return reader


def reader_token(reader: str) -> str:
    """What a program without cookies sends as `Authorization: Bearer ...` to be this reader again."""
    return str(_signer().dumps(reader))


def cookieless() -> bool:
    """Whether this request came without dream's cookie, as a program's does."""
    return bool(_token()) or (request.path.startswith("/api/") and "dream" not in request.cookies)


def own_story(story_id: str) -> models.Story:
    """The story, where it belongs to who asks. Raises NotFound for someone else's as for none at all."""
    story = service().library.stories.story(story_id)
    if story is None or story.reader_id != known_reader():
        raise NotFound("There is no such story here. It may belong to another reader, or to another browser.")
    return story


def own_scene(scene_id: str) -> models.Scene:
    """The scene, where its story belongs to who asks. Raises NotFound otherwise."""
    scene = service().library.scenes.scene(scene_id)
    if scene is None:
        raise NotFound("There is no such scene here.")
    own_story(scene.story_id)
    return scene


def _check() -> None:
    if request.method in _SAFE or request.blueprint == "control":
        return
    if _token():
        known_reader()
    elif cookieless():
        _check_cookieless()
    else:
        _check_form()


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
            "This page was open for too long to be sent as it is. Nothing was changed, and what you wrote is kept: "
            "please send it again."
        ) from None


def _token() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _reader_of_token() -> str:
    try:
        return str(_signer().loads(_token()))
    except BadSignature:
        raise Forbidden("That token is not one of ours. Start a story without it to get one.") from None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="reader-token")
