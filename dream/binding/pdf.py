"""PDF, printed by WeasyPrint in a child of its own: it takes CPU and memory that serving has no room for."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from dream.binding.book import Book
from dream.binding.pages import page
from dream.errors import Busy, NotBound

MEDIA_TYPE = "application/pdf"
SECONDS = 60
AT_ONCE = 2

_presses = BoundedSemaphore(AT_ONCE)
logger = logging.getLogger(__name__)


def bind(book: Book, fonts: Path) -> bytes:
    """`fonts` is a folder of ours for the unpacked fonts. Raises Busy where every press is in use, and NotBound where
    it could not be printed.
    """
    if not _presses.acquire(blocking=False):
        raise Busy("Your story is kept. Other books are being printed just now.")
    try:
        return _print(page("book.html", book), fonts)
    finally:
        _presses.release()


def _print(html: str, fonts: Path) -> bytes:
    command = [sys.executable, "-m", "dream.binding.press", str(fonts)]
    try:
        printed = subprocess.run(command, input=html.encode(), capture_output=True, timeout=SECONDS, check=True)
    except subprocess.TimeoutExpired:
        reason = "it took too long"
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        reason = last[0] if last else f"the press ended with {error.returncode}"
    else:
        return printed.stdout
    logger.warning("a PDF could not be printed: %s", reason)
    raise NotBound("This story could not be printed as a PDF here. It is kept; as an EPUB or as text it can be had.")
