"""Where a command's work is done: in the service that holds the data folder, or in this process where none does."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dream.errors import DreamError, HomeInUse
from dream.settings import Settings
from dream.store.lock import Holder, HomeLock, check_owner

Report = dict[str, Any]


class OperationFailed(DreamError):
    """What the service said when an operation could not be done."""

    code = "operation_failed"


def run(settings: Settings, operation: str, **arguments: Any) -> Iterator[Report]:
    """The reports of an operation (see dream.operations), wherever it is done.

    Raises DreamError with a sentence for the person, HomeInUse where another command is at work in the folder.
    """
    check_owner(settings.home)
    holder = HomeLock(settings.home).holder()
    if holder is None:
        yield from _here(settings, operation, arguments)
    elif holder.socket:
        yield from _there(holder, operation, arguments)
    else:
        raise HomeInUse(
            f"{holder.purpose.capitalize()} (process {holder.pid}) is at work in {settings.home}. "
            "Try again when it is done."
        )


def _here(settings: Settings, operation: str, arguments: dict[str, Any]) -> Iterator[Report]:
    from dream.operations import OPERATIONS  # a command that a service carries out need not load the rooms
    from dream.service import Service

    with locked(settings, f"dream {operation}"):
        service = Service(settings)
        try:
            yield from OPERATIONS[operation](service, **arguments)
        finally:
            service.close()


@contextmanager
def locked(settings: Settings, purpose: str) -> Iterator[None]:
    """Holds the data folder for one command, beside the services that share it where the vectors have a server."""
    lock = HomeLock(settings.home)
    lock.take(purpose, shared=bool(settings.chroma_url))
    try:
        yield
    finally:
        lock.release()


def _there(holder: Holder, operation: str, arguments: dict[str, Any]) -> Iterator[Report]:
    connection = _UnixConnection(holder.socket)
    try:
        connection.request("POST", f"/control/{operation}", json.dumps(arguments), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise OperationFailed(str(json.loads(response.read()).get("detail", "The service refused.")))
        for line in response:
            report = json.loads(line)
            if "error" in report:
                raise OperationFailed(report["sentence"])
            yield report
    except (OSError, http.client.HTTPException) as error:
        raise OperationFailed(
            f"{holder.purpose} (process {holder.pid}) holds the data folder but does not answer "
            f"({error}). Wait a moment, or restart it."
        ) from None
    finally:
        connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)
