"""Every hostile file ends in a typed answer in time, reaches nothing outside itself, and leaves a service untouched."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dream.corpus.confinement import MEMORY
from dream.corpus.refusals import SENTENCES
from tests.hostile.bombs import SECRET, Bait, traps
from tests.hostile.reading import Answer, read, small_parent
from tests.serving import Serving
from tests.trials import Trials

SECONDS = 10


@pytest.fixture(scope="module")
def server() -> Iterator[socket.socket]:
    """A server that nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def bait(tmp_path_factory: pytest.TempPathFactory, server: socket.socket) -> Bait:
    path = tmp_path_factory.mktemp("bait") / "secret.txt"
    path.write_text(SECRET)
    return Bait(str(path), f"http://127.0.0.1:{server.getsockname()[1]}/")


@pytest.fixture(scope="module")
def trials(request: pytest.FixtureRequest) -> Iterator[Trials]:
    trials = Trials("hostile files")
    yield trials
    trials.show(request.config)


NAMES = [trap.name for trap in traps(Bait("", ""))]


@pytest.fixture(scope="module")
def answer() -> Iterator[Callable[[Path, str], Answer]]:
    with small_parent() as pool:
        yield lambda path, name: pool.submit(read, path, name).result()


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_ends_in_a_typed_answer(
    name: str,
    bait: Bait,
    server: socket.socket,
    trials: Trials,
    answer: Callable[[Path, str], Answer],
    tmp_path: Path,
) -> None:
    [trap] = [trap for trap in traps(bait) if trap.name == name]
    path = tmp_path / "file"
    path.write_bytes(trap.make())
    began = time.monotonic()
    answered = answer(path, "tale")
    seconds = time.monotonic() - began
    trials.count(answered.found)
    assert answered.found in trap.answers
    assert answered.found == "read" or answered.found in SENTENCES
    assert seconds < SECONDS
    assert answered.most <= MEMORY
    assert not answered.told
    with pytest.raises(BlockingIOError):
        server.accept()


@pytest.mark.parametrize(
    "name",
    [
        "이야기.txt", "物語.txt", "рассказ.txt", "قصة.txt", "סיפור.txt", "कहानी.txt", "นิทาน.txt", "📖.txt",
        "e\u0301.txt", "a\u202etxt.exe", "../../../etc/passwd", "/etc/passwd", "..", ".", "", " ", "-rf", "a\x00b.txt",
        "a\nb.txt", "a.\x00", "a;true", "$(true).txt", "con.txt", "a" * 10_000, "a" * 10_000 + ".txt",
        "a." + "b" * 10_000, "\udcff.txt", "a.t\udcffxt",
    ],
    ids=lambda name: ascii(name)[:40],
)  # fmt: skip
def test_any_name_will_do(name: str, trials: Trials, answer: Callable[[Path, str], Answer], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("It rang.")
    found = answer(path, name).found
    trials.count(found)
    assert found == "read"


def test_what_is_no_file_is_not_waited_for(
    trials: Trials, answer: Callable[[Path, str], Answer], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "zero", tmp_path / "loop", tmp_path / "none", Path("a\x00b")):
        found = answer(path, "tale.txt").found
        trials.count(found)
        assert found == "file_unreadable"


SERVED = (
    "a billion laughs in a Word file", "an archive that lies about its sizes", "a locked PDF", "noise",
    "a tree of pages that holds itself", "half a PDF", "a million marks on one letter",
    "a page that unpacks to 300 MB",
)  # fmt: skip


def test_a_service_reads_on_and_stays_well(home: Path, bait: Bait, trials: Trials, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, trap in enumerate(trap for trap in traps(bait) if trap.name in SERVED):
        (folder / f"{number}.txt").write_bytes(trap.make())
    (folder / "z.txt").write_text("The lamp at Cold Point burned all night.")
    with Serving(home) as serving:
        brought = serving.command("ingest", str(folder))
        assert brought.stdout.startswith("starter: ")
        assert "1 new" in brought.stdout
        assert f"{len(SERVED)} refused" in brought.stdout
        assert brought.stderr.count("refused: ") == len(SERVED)
        for code in ("unsafe_markup", "encrypted"):
            assert SENTENCES[code] in brought.stderr
        assert serving.client.get("/livez").status_code == 200
        found = serving.command("search", "who burned a lamp")
        assert "Cold Point" in found.stdout
        trials.count("refused by a service", len(SERVED))
