"""`dream serve`: one gunicorn worker with threads, on the public address and on the socket for commands.

The process that watches over the worker imports nothing of the application: it would hold all of it a second time.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http.wsgi import Response as Answer
from gunicorn.util import parse_address
from gunicorn.workers.gthread import ThreadWorker

from dream import create_app
from dream.errors import DreamError, SetupFailed
from dream.logs import configure
from dream.settings import Settings
from dream.store.lock import HomeLock, socket_path

if TYPE_CHECKING:
    from dream.service import Service

CLOSE_SECONDS = 20
"""What a worker may take after its stories have ended, or had to."""

IDLE_CONNECTIONS = 1000
"""Connections that may wait for their next request beside those that hold a thread. Past them nobody is let in."""

SWITCH_SECONDS = 0.0005
"""How long a thread that computes may keep the interpreter from those that wait for it: Python's own 5 ms would let
through two hundred pieces a second while threads are tied, and 50 streams bring thousands.
"""

HEAPS = 2
"""Heaps that the C library may have. Left to itself it gives threads up to eight a core, each of which keeps the most
that it ever held.
"""
_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h

logger = logging.getLogger(__name__)


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves until a signal ends it: Ctrl-C at once, SIGTERM after the stories being told and their streams have ended.

    Raises HomeInUse where another process serves this folder, unless both have their vectors in a Chroma server; then
    commands do their work themselves, and need no socket.
    """
    lock = HomeLock(settings.home)
    shared = bool(settings.chroma_url)
    control = "" if shared else socket_path(settings.home)
    lock.take("dream serve with DREAM_CHROMA_URL" if shared else "dream serve", control, shared=shared)
    configure(settings.log_level)
    try:
        _try_address(settings.bind)
        _Gunicorn(settings, control, say).run()
    finally:
        lock.release()


def _try_address(bind: str) -> None:
    """Raises SetupFailed where nothing can listen there, in one sentence instead of five tries."""
    try:
        place = parse_address(bind)
        if isinstance(place, tuple):
            host, port = place
            family = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
            with socket.socket(family, socket.SOCK_STREAM) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupFailed(
                f"Something listens on {bind} already. Stop that, or set DREAM_BIND to another address."
            ) from None
        raise SetupFailed(
            f"Nothing can listen on {bind}: {error.strerror}. Set DREAM_BIND, as 127.0.0.1:8000."
        ) from None
    except (RuntimeError, OverflowError):
        raise SetupFailed(f"{bind} is no address. Set DREAM_BIND, as 127.0.0.1:8000 or unix:/a/path.") from None


class _Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own lines go where all others go."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's thread worker, except that SIGTERM lets the stories being told end first, answering meanwhile, and
    that Ctrl-C ends it surely.

    Its own handler for Ctrl-C shuts the thread pool down inside the signal, which deadlocks where the signal falls into
    a submit.
    """

    deadline: float | None = None

    def handle_exit(self, signum: int, frame: Any) -> None:
        app = getattr(self.app, "callable", None)
        if app is None:
            super().handle_exit(signum, frame)
        elif self.deadline is None:
            service: Service = app.extensions["dream"]
            self.deadline = time.monotonic() + service.settings.drain_seconds
            threading.Thread(target=self._drain, args=(service,), name="drain", daemon=True).start()

    def handle_quit(self, signum: int, frame: Any) -> None:
        if not self.alive:
            sys.exit(0)
        self.deadline = time.monotonic()
        self.cfg.set("graceful_timeout", 0)
        super().handle_exit(signum, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Takes whoever has connected already before it stops accepting: the proxy was not told to go elsewhere."""
        if not enabled and not self.alive:
            for listener in self.sockets:
                while select.select([listener], [], [], 0)[0]:
                    self.accept(listener)
        super().set_accept_enabled(enabled)

    def left(self) -> float:
        """Seconds until stories have to end."""
        return max(0.0, (self.deadline or 0.0) - time.monotonic())

    def _drain(self, service: Service) -> None:
        service.tellings.drain()
        service.tellings.wait(self.left())
        if self.cfg.graceful_timeout:
            self.cfg.set("graceful_timeout", max(1, int(self.left())))
            super().handle_exit(signal.SIGTERM, None)


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, settings: Settings, control: str, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._control = control
        self._say = say
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": [self._settings.bind, *([f"unix:{self._control}"] if self._control else [])],
            "umask": 0o177,  # the socket for commands is its owner's alone
            "when_ready": self._open_to_the_proxy,
            "workers": 1,  # the embedded vector store belongs to one process
            "worker_class": Worker,
            "threads": self._settings.threads,
            "worker_connections": self._settings.threads + IDLE_CONNECTIONS,
            "timeout": 120,
            "graceful_timeout": self._settings.drain_seconds + CLOSE_SECONDS,
            "keepalive": 15,
            "limit_request_line": 8190,  # what is looked for stands in an address, nine bytes a Korean syllable
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108  # a heartbeat file; never wait for a disk
            "control_socket_disable": True,
            "logger_class": _Log,
            "accesslog": None,  # see dream.web.requests
            "loglevel": "warning",
            "post_worker_init": self._worker_started,
            "worker_exit": _worker_ended,
            "on_exit": lambda _arbiter: self._say("dream has stopped. Everything told so far is kept."),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        _limit_heaps()
        gc.disable()  # until all that stays has been imported and made
        try:
            app = create_app(**self._settings.model_dump())
        except DreamError as error:
            print(f"dream: {error.sentence}", file=sys.stderr, flush=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)  # the arbiter then ends as well, instead of trying for ever
        app.config["CONTROL_SOCKET"] = self._control
        app.wsgi_app = _with_way_out(app.wsgi_app)  # type: ignore[method-assign]
        return app

    def _open_to_the_proxy(self, _arbiter: Any) -> None:
        """A public unix socket is its group's too, in which the proxy is; its folder decides who else comes near."""
        if self._settings.bind.startswith("unix:"):
            Path(self._settings.bind.removeprefix("unix:")).chmod(0o660)

    def _worker_started(self, worker: Any) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        service: Service = worker.app.callable.extensions["dream"]
        if not self._settings.chroma_url:  # beside several processes, `dream jobs` is one of its own
            service.background.start()
        threading.Thread(target=self._warm, args=(service,), name="warm", daemon=True).start()

    def _warm(self, service: Service) -> None:
        try:
            service.warm()
        except Exception:
            logger.exception("the service could not be made ready")
            self._say("dream could not be made ready; the lines above say why. `dream doctor` says what mends it.")
            return
        finally:
            _collect_from_here()
        self._say(f"dream is ready at {self._settings.public_url or address(self._settings.bind)}")


def _limit_heaps() -> None:
    """A C library that has no such setting is left as it is."""
    if adjust := getattr(ctypes.CDLL(None), "mallopt", None):
        adjust(_ARENA_MAX, HEAPS)


def _collect_from_here() -> None:
    """What the application is made of stays: looking through it for garbage would stop every stream for a tenth of a
    second, again and again.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


def _with_way_out(application: Any) -> Any:
    """Lets the web know how an answer leaves, once its head has been sent; gunicorn keeps that to its answer."""
    from dream.web.line import WAY_OUT, WayOut  # in the worker alone

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        given = start_response.__self__

        def leave() -> WayOut | None:
            plain = type(given) is Answer and type(given.sock) is socket.socket and given.req.method != "HEAD"
            return WayOut(given.sock, given.chunked) if plain and given.headers_sent else None

        environ[WAY_OUT] = leave
        return application(environ, start_response)

    return answer


def address(bind: str) -> str:
    """The address to open for what the service is bound to."""
    if bind.startswith("unix:"):
        return bind
    host, _, port = bind.rpartition(":")
    return f"http://{'127.0.0.1' if host in ('', '0.0.0.0', '[::]') else host}:{port}"  # noqa: S104  # compared, not bound


def _worker_ended(_arbiter: Any, worker: Any) -> None:
    app = getattr(worker.app, "callable", None)
    if app is None:
        return  # it never began; its exit status says why
    service: Service = app.extensions["dream"]
    service.tellings.wait(worker.left())  # one may have begun with the last request
    service.close()
    # Everything is stored by now; a reader who never reads must not keep the process.
    os._exit(0)
