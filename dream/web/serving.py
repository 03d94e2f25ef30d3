"""`dream serve`: one gunicorn worker with threads, on the public address and on the socket for commands."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from dream import create_app
from dream.errors import DreamError
from dream.service import Service
from dream.settings import Settings
from dream.store.lock import HomeLock, socket_path

DRAIN_SECONDS = 300

logger = logging.getLogger(__name__)


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves until a signal ends it: Ctrl-C at once, SIGTERM after open streams have ended.

    Raises HomeInUse where another process serves this folder.
    """
    lock = HomeLock(settings.home)
    control = socket_path(settings.home)
    lock.take("dream serve", control)
    try:
        _Gunicorn(settings, control, say).run()
    finally:
        lock.release()


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's thread worker, except that Ctrl-C ends it surely.

    Its own handler shuts the thread pool down inside the signal, which deadlocks where the signal falls into a submit.
    """

    def handle_quit(self, signal: int, frame: Any) -> None:
        if not self.alive:
            sys.exit(0)
        self.cfg.set("graceful_timeout", 0)
        self.handle_exit(signal, frame)


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, settings: Settings, control: str, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._control = control
        self._say = say
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": [self._settings.bind, f"unix:{self._control}"],
            "umask": 0o177,  # the socket for commands is its owner's alone
            "workers": 1,  # the embedded vector store belongs to one process
            "worker_class": Worker,
            "threads": self._settings.threads,
            "timeout": 120,
            "graceful_timeout": DRAIN_SECONDS,
            "keepalive": 15,
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108  # a heartbeat file; never wait for a disk
            "control_socket_disable": True,
            "accesslog": None,
            "loglevel": "warning",
            "post_worker_init": self._worker_started,
            "worker_exit": _worker_ended,
            "on_exit": lambda _arbiter: self._say("dream has stopped. Everything told so far is kept."),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        try:
            app = create_app(**self._settings.model_dump())
        except DreamError as error:
            print(f"dream: {error.sentence}", file=sys.stderr, flush=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)  # the arbiter then ends as well, instead of trying for ever
        app.config["CONTROL_SOCKET"] = self._control
        return app

    def _worker_started(self, worker: Any) -> None:
        service: Service = worker.app.callable.extensions["dream"]
        threading.Thread(target=self._warm, args=(service,), name="warm", daemon=True).start()

    def _warm(self, service: Service) -> None:
        try:
            service.warm()
        except Exception:
            logger.exception("the service could not be made ready")
            self._say("dream could not be made ready; the lines above say why. `dream doctor` says what mends it.")
            return
        self._say(f"dream is ready at {self._settings.public_url or address(self._settings.bind)}")


def address(bind: str) -> str:
    """The address to open for what the service is bound to."""
    host, _, port = bind.rpartition(":")
    return f"http://{'127.0.0.1' if host in ('', '0.0.0.0', '[::]') else host}:{port}"  # noqa: S104  # compared, not bound


def _worker_ended(_arbiter: Any, worker: Any) -> None:
    app = getattr(worker.app, "callable", None)
    if app is None:
        return  # it never began; its exit status says why
    app.extensions["dream"].close()
    # Everything is stored by now; a reader who never reads must not keep the process.
    os._exit(0)
