"""The lock of a data folder: one holder, named, and none left behind by a killed process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dream.errors import HomeInUse, SetupFailed
from dream.store.lock import HomeLock, socket_path

HOLD = """
import sys
from pathlib import Path
from dream.store.lock import HomeLock
lock = HomeLock(Path(sys.argv[1]))
lock.take("a test", "/somewhere/dream.sock")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def elsewhere(home: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_process_is_refused_with_who_holds_it_and_what_to_do(
    home: Path, elsewhere: subprocess.Popen[bytes]
) -> None:
    with pytest.raises(HomeInUse, match=rf"in use by a test \(process {elsewhere.pid}\).*DREAM_HOME"):
        HomeLock(home).take("another")
    holder = HomeLock(home).holder()
    assert holder is not None
    assert (holder.pid, holder.socket) == (elsewhere.pid, "/somewhere/dream.sock")
    elsewhere.communicate(b"")


def test_a_killed_holder_leaves_no_lock(home: Path, elsewhere: subprocess.Popen[bytes]) -> None:
    elsewhere.send_signal(signal.SIGKILL)
    elsewhere.communicate()
    assert HomeLock(home).holder() is None
    HomeLock(home).take("the next one")


def test_looking_for_a_holder_takes_nothing(home: Path) -> None:
    assert HomeLock(home).holder() is None
    lock = HomeLock(home)
    lock.take("a test")
    lock.release()
    assert HomeLock(home).holder() is None


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(SetupFailed, match="cannot be written"):
        HomeLock(blocked / "home").take("a test")


def test_another_users_folder_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    someone_else = os.geteuid() + 1  # giving the folder away instead would take root
    monkeypatch.setattr(os, "geteuid", lambda: someone_else)
    with pytest.raises(SetupFailed, match="belongs to another user"):
        HomeLock(home).take("a test")


def test_the_socket_has_a_path_that_the_kernel_takes(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 90) / "home"
    assert len(socket_path(deep).encode()) < 107
    assert socket_path(Path("/srv/dream")) == "/srv/dream/dream.sock"
