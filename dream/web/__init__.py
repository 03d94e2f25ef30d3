"""Pages for people, an API for programs, and the stream of a telling. With `create_app`, the only room that knows
Flask.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from dream.service import Service
from dream.web import auth, problems, requests, uploads
from dream.web.access import check_marked, needs
from dream.web.api import api
from dream.web.compatible import compatible
from dream.web.control import control
from dream.web.health import health
from dream.web.languages import speak
from dream.web.metrics import metrics
from dream.web.openapi import NO_CONTENT, document
from dream.web.pages import pages
from dream.web.streaming import Followers

LARGEST_REQUEST = 256 * 1024
_SELF = ("script-src", "style-src", "font-src", "img-src", "connect-src", "form-action")
_NONE = ("default-src", "base-uri", "frame-ancestors", "trusted-types")
_POLICY = "; ".join(
    [*(f"{name} 'none'" for name in _NONE), *(f"{name} 'self'" for name in _SELF), "require-trusted-types-for 'script'"]
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}


def build_app(service: Service) -> Flask:
    """The Flask application of a service; `app.extensions["dream"]` is the service."""
    app = Flask(__name__, static_folder=None)
    settings = service.settings
    app.extensions["dream"] = service
    app.extensions["followers"] = Followers(settings.followers)
    app.config.update(
        SECRET_KEY=auth.secret_key(settings),
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        SESSION_COOKIE_NAME="dream",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(days=365),
        WTF_CSRF_CHECK_DEFAULT=False,  # dream.web.auth decides when a request needs the token
        WTF_CSRF_TIME_LIMIT=None,  # a story page may stay open for days
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask types the provider by its base class
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    requests.watch(app)
    speak(app)
    uploads.receive(app)
    auth.guard(app)
    problems.answer(app)
    for blueprint in (api, compatible, pages, health, metrics, control):
        app.register_blueprint(blueprint)
    app.add_url_rule("/openapi.json", "openapi", needs(None)(lambda: document(app)))
    check_marked(app)
    app.after_request(_protect)
    return app


def _protect(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status_code == NO_CONTENT:
        response.headers.pop("Content-Type", None)  # there is nothing that could be of a type
    return response
