"""`dream serve` for real: one owner, clean ends, and nothing told is lost when it is killed."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dream.service import Service
from dream.serving import HEAPS, IDLE_CONNECTIONS, _Gunicorn
from dream.settings import Settings
from tests.conftest import TALES
from tests.retrieval.small_model import make
from tests.serving import Serving

SLOW = {"loom_pace": 20}
HEAP_BYTES = 64 << 20


def begin(serving: Serving) -> dict[str, Any]:
    answer = serving.client.post("/api/v1/stories", json={"premise": "A keeper who may not lie", "seed": 7})
    assert answer.status_code == 201
    begun: dict[str, Any] = answer.json()
    return begun


def search(serving: Serving) -> dict[str, Any]:
    answer = serving.client.get("/api/v1/search", params={"q": "the keeper of the lamp"})
    return {"status": answer.status_code, **answer.json()}


def text(events: list[tuple[int, str, str]]) -> str:
    return "".join(json.loads(data)["text"] for _, name, data in events if name == "delta")


def test_commands_go_through_the_service_that_holds_the_folder(home: Path) -> None:
    with Serving(home) as serving:
        ingested = serving.command("ingest", str(TALES / "en" / "eleven-coats.md"))
        assert (ingested.returncode, ingested.stdout) == (0, "starter: 1 new\n")
        assert json.loads(serving.command("works", "--json").stdout)["works"][0]["title"] == "Eleven Coats"
        assert serving.client.get("/api/v1/works").json()["works"][0]["title"] == "Eleven Coats"
        assert "Eleven Coats" in serving.command("search", "a button").stdout
        told = serving.command("tell", "A pedlar sells a button", "--length", "short")
        assert "Woven from:\n  Eleven Coats" in told.stdout
        assert serving.command("reindex").returncode == 0
        missing = serving.command("ingest", "/nowhere/at/all")
        assert missing.returncode == 1
        assert "There is no file or folder /nowhere/at/all" in missing.stderr


def test_another_embedding_model_takes_over_while_readers_search(
    stocked_home: Path, home: Path, tmp_path: Path, model_folder: Path
) -> None:
    shutil.copytree(stocked_home, home, symlinks=True)
    small = make(tmp_path / "small", "test/small", model_folder)
    answers: list[dict[str, Any]] = []
    with Serving(home) as serving:
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                answers.append(search(serving))

        reader = threading.Thread(target=read)
        reader.start()
        changed = serving.command("reindex", "--embedding-model", "test/small", "--model", str(small))
        done.set()
        reader.join()
        assert (changed.returncode, changed.stdout.splitlines()[-1]) == (0, "Every live work is indexed by test/small.")
        assert answers
        assert {(answer["status"], *answer["missing"], len(answer["hits"]) > 0) for answer in answers} == {(200, True)}
        nowhere = serving.command("reindex", "--model", str(small))
        assert nowhere.returncode == 2
        assert "--model goes with --embedding-model" in nowhere.stderr
    with Serving(home) as serving:
        assert serving.client.get("/readyz").json()["checks"]["model"] == "ok"
        after = search(serving)
        assert (after["missing"], after["hits"] != answers[0]["hits"]) == ([], True)
        doctor = serving.command("doctor")
        assert "The embedding model test/small is exported." in doctor.stdout


def test_a_second_service_on_the_same_folder_refuses_with_one_sentence(home: Path) -> None:
    with Serving(home) as serving:
        second = serving.command("serve")
        assert second.returncode == 1
        assert second.stderr.startswith(
            f"dream: The data folder {home} is in use by dream serve (process {serving.process.pid})."
        )
        assert second.stderr.count("\n") == 1
        assert serving.client.get("/livez").status_code == 200


def test_a_service_that_cannot_begin_says_why_once_and_ends(home: Path) -> None:
    refused = Serving(home, storyteller="nobody").command("serve")
    assert refused.returncode != 0
    assert refused.stderr.startswith("dream: There is no storyteller nobody")
    assert "Traceback" not in refused.stderr


def test_the_socket_for_commands_is_its_owners_alone_and_answers_nobody_else(home: Path) -> None:
    with Serving(home) as serving:
        assert (home / "dream.sock").stat().st_mode & 0o777 == 0o600
        assert home.stat().st_mode & 0o777 == 0o700
        for path in ("/control/works", "//control/works", "/CONTROL/works", "/x/../control/works"):
            assert serving.client.post(path, json={"corpus": None}).status_code in (403, 404, 405)


def test_ctrl_c_ends_it_at_once_and_keeps_what_was_told(home: Path) -> None:
    with Serving(home, **SLOW) as serving:
        begun = begin(serving)
        with serving.follow(begun["events"], begun["reader_token"]) as events:
            next(event for event in events if event[1] == "delta")
    assert serving.process.returncode == 0
    assert "dream has stopped" in serving.said
    with Serving(home) as serving:
        scene = serving.client.get(
            begun["scene"]["url"], headers={"Authorization": f"Bearer {begun['reader_token']}"}
        ).json()
    assert (scene["state"], scene["code"]) == ("interrupted", "service_stopped")
    assert scene["text"]


def test_a_killed_worker_loses_nothing_that_was_shown_and_the_story_goes_on(home: Path) -> None:
    with Serving(home, **SLOW) as serving:
        begun = begin(serving)
        reader = {"Authorization": f"Bearer {begun['reader_token']}"}
        seen: list[tuple[int, str, str]] = []
        with serving.follow(begun["events"], begun["reader_token"]) as events:
            for event in events:
                seen.append(event)
                if len(text(seen)) > 100:
                    break
        for worker in serving.workers():
            os.kill(worker, signal.SIGKILL)
        serving.wait_until_ready()
        with serving.follow(begun["events"], begun["reader_token"], after=seen[-1][0]) as events:
            rest = list(events)
        assert [number for number, _, _ in seen + rest] == list(range(1, len(seen) + len(rest) + 1))
        assert [name for _, name, _ in rest][-2:] == ["threads", "interrupted"]
        scene = serving.client.get(begun["scene"]["url"], headers=reader).json()
        assert scene["state"] == "interrupted"
        assert scene["text"] == text(seen + rest)
        scenes = f"{begun['story']['url']}/scenes"
        following = serving.client.post(scenes, headers=reader, json={"after": scene["id"]})
        assert following.status_code == 201


def test_the_process_that_watches_over_the_worker_holds_nothing_of_the_application() -> None:
    heavy = {"flask", "sqlalchemy", "alembic", "numpy", "dream.service", "dream.web"}
    script = "import sys, dream.cli, dream.serving; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "gunicorn" in loaded
    assert heavy.isdisjoint(loaded)


@pytest.mark.parametrize("threads", [8, 1024])
def test_who_waits_for_a_next_request_never_needs_a_threads_place(home: Path, threads: int) -> None:
    configured = _Gunicorn(Settings(_env_file=None, home=home, threads=threads, followers=4), "", print).cfg
    assert configured.worker_connections == threads + IDLE_CONNECTIONS


def test_threads_share_the_heaps_that_there_may_be(home: Path) -> None:
    with Serving(home, threads=16, followers=4) as serving, ThreadPoolExecutor(16) as readers:
        assert {answer.status_code for answer in readers.map(serving.client.get, ["/livez"] * 200)} == {200}
        (worker,) = serving.workers()
        assert 1 + heaps_of_threads(worker) <= HEAPS


@pytest.mark.parametrize("well", [True, False])
def test_what_the_application_is_made_of_is_no_work_for_the_collector(
    home: Path, monkeypatch: pytest.MonkeyPatch, *, well: bool
) -> None:
    gunicorn = _Gunicorn(Settings(_env_file=None, home=home), "", print)
    try:
        service: Service = gunicorn.load().extensions["dream"]
        assert not gc.isenabled()
        if not well:
            monkeypatch.setattr(service, "model", lambda: 1 / 0)
        gunicorn._warm(service)  # as the worker does once it has begun
        assert gc.isenabled()
        assert gc.get_freeze_count() > len(gc.get_objects())
        service.close()
    finally:
        gc.unfreeze()
        gc.enable()


def heaps_of_threads(pid: int) -> int:
    """The heaps beside the main one: each lies in 64 MiB of its own, of which only the beginning is in use."""
    count, start, end = 0, 0, 0
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, rights, *_ = line.split()
        low, high = (int(address, 16) for address in span.split("-"))
        if rights == "rw-p" and low % HEAP_BYTES == 0:
            start, end = low, high
        elif rights == "---p" and low == end and high == start + HEAP_BYTES:
            count += 1
    return count
