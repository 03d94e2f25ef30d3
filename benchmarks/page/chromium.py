"""Chromium as the tests run it, and services for it to read."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.home import ROOT
from dream.service import Service
from dream.settings import Settings

CHROMIUM = os.environ.get("DREAM_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def small_home(*tales: str) -> Iterator[Path]:
    """A data folder with a few of the starter tales, found by their words; lasts as long as the block."""
    with tempfile.TemporaryDirectory(prefix="dream-bench-") as folder:
        service = Service(Settings(_env_file=None, home=Path(folder) / "home"))
        for _ in service.ingest.files([ROOT / "corpus" / tale for tale in tales], "starter"):
            pass
        service.close()
        yield service.settings.home


@contextmanager
def serving(home: Path, bind: str, **settings: object) -> Iterator[None]:
    """`dream serve` at `bind`: an address, or unix:/a/path."""
    values = {"home": home, "bind": bind, "log_level": "error", "quota_reader": "0 0 0", **settings}
    environment = {**os.environ, **{f"DREAM_{name.upper()}": str(value) for name, value in values.items()}}
    command = [sys.executable, "-m", "dream", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert any("ready at" in line for line in process.stdout), "dream serve ended before it was ready"
        yield
    finally:
        process.terminate()
        process.wait(30)
