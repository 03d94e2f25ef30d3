"""Files that authors send: each goes straight to the disk as its bytes come, and counts against what there is room for.

Only views that say so take any; for all others a request stays as small as a form.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import IO, Any, TypeVar, cast

from flask import Flask, Request, current_app, g, request

from dream.corpus.parsing import LARGEST_FILE
from dream.errors import FileTooLarge, FormRefused, QuotaReached
from dream.store import models
from dream.store.files import Incoming
from dream.store.library.jobs import Asked
from dream.web.auth import actor
from dream.web.current import service
from dream.wording import worded

MOST_FILES = 200
LARGEST_UPLOAD = 2 * 2**30
LONGEST_NAME = 200
RIGHTS = worded(
    "Please say that the texts are yours to bring: you wrote them, have the rights, or they are free for all."
)
_YES = ("yes", "on", "true")

View = TypeVar("View", bound=Callable[..., Any])


def takes_files(view: View) -> View:
    """Marks a view whose requests may bring files."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def receive(app: Flask) -> None:
    """Lets marked views receive files; before any check that reads a form."""
    app.request_class = UploadRequest
    app.before_request(_widen)
    app.teardown_request(_clear)


def bring() -> list[models.Job]:
    """Asks for the files of this request to be read, as its form says. Raises FormRefused where there are none, or
    without the rights, CorpusMissing, and Forbidden for a work that was taken down.
    """
    wrong = {}
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        wrong["files"] = worded("Please choose at least one file.")
    if request.form.get("rights") not in _YES:
        wrong["rights"] = RIGHTS
    if wrong:
        missing = " ".join((worded("Nothing was brought yet."), *wrong.values()))
        raise FormRefused(missing, wrong)
    asking, desk, about = actor(), service().desk, _about()
    shelf = desk.shelf(asking, request.form.get("corpus", ""))
    asked = []
    for file in files:
        kept = cast(Incoming, file.stream).keep()
        asked.append(Asked(_name(file.filename or ""), kept.sha256, kept.size, about))
    return desk.bring(asking, shelf, asked)


def _about() -> dict[str, Any]:
    """What the form says of all its works."""
    about: dict[str, Any] = {}
    if licence := request.form.get("licence", "").strip()[:200]:
        about["licence"] = licence
    if "quotable" in request.form:
        about["quotable"] = request.form["quotable"] in _YES
    elif request.form.get("unquotable") in _YES:  # what a page's box can say
        about["quotable"] = False
    return about


class UploadRequest(Request):
    """A request whose files, where its view takes any, never stand in memory as a whole."""

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None, filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:  # fmt: skip
        if not _wanted():
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        if "arriving" not in g:
            g.arriving = Arriving()
        return cast("IO[bytes]", g.arriving.begin(_name(filename or "")))


class Arriving:
    """The files of one request, on their way to the disk. Raises SignInNeeded and Forbidden before it keeps a byte."""

    def __init__(self) -> None:
        asking = actor()
        service().gate.permit(asking, "author")
        room = service().desk.room(asking)
        self._bytes_left = room.bytes
        self._files_left = min(room.files, MOST_FILES)
        self._opened: list[Incoming] = []

    def begin(self, name: str) -> Incoming:
        """Raises QuotaReached where these are too many; writing to it raises that, FileTooLarge and NoRoom."""
        if name and len(self._opened) >= self._files_left:
            raise QuotaReached(
                worded(
                    "There is room for %(files)s files at once. Nothing was changed: bring fewer.",
                    files=self._files_left,
                )
            )
        size = 0

        def grown(by: int) -> None:
            nonlocal size
            size += by
            self._bytes_left -= by
            if size > LARGEST_FILE:
                limit = LARGEST_FILE // 2**20
                raise FileTooLarge(
                    worded(
                        "%(name)s is larger than %(limit)s MiB. Nothing was changed: split it, and bring the parts.",
                        name=name,
                        limit=limit,
                    )
                )
            if self._bytes_left < 0:
                raise QuotaReached(
                    worded("With %(name)s there would be more than you have room for. Nothing was changed.", name=name)
                )

        opened = service().files.incoming(grown)
        self._opened.append(opened)
        return opened

    def clear(self) -> None:
        """Removes what was not kept."""
        for opened in self._opened:
            opened.close()


def _wanted() -> bool:
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), "takes_files", False))


def takes(largest: int) -> Callable[[View], View]:
    """Marks a view whose requests may be larger than a form: `largest` bytes. They stand in memory."""

    def mark(view: View) -> View:
        view.takes = largest  # type: ignore[attr-defined]
        return view

    return mark


def _widen() -> None:
    if largest := getattr(current_app.view_functions.get(request.endpoint or ""), "takes", 0):
        request.max_content_length = largest
    if _wanted():
        request.max_content_length = LARGEST_UPLOAD


def _clear(_error: BaseException | None) -> None:
    if "arriving" in g:
        g.arriving.clear()


def _name(filename: str) -> str:
    """What a work is known by: the file's own name, whatever folders a browser put before it."""
    name = "".join(c for c in PurePosixPath(filename.replace("\\", "/")).name if c.isprintable()).strip()
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 20] + name[-20:]
