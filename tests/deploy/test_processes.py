"""Several processes on one data folder, whose vectors have a server, and how a process makes room for the next."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from dream.errors import HomeInUse, VectorsUnreachable
from dream.retrieval.retriever import AWAY
from dream.service import Service
from dream.settings import Settings
from dream.store import models
from dream.store.lock import HomeLock
from tests.conftest import OpenService
from tests.deploy.chroma import Chroma
from tests.fakes.client import FakeUpstream
from tests.serving import Serving

PIECES = 12


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    with Chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


def told_by(upstream: FakeUpstream) -> dict[str, object]:
    """Settings of a service whose stories go on when a test says so."""
    return {
        "storyteller": "openai", "openai_base_url": upstream.base_url, "model": "fake", "read_back": False,
        "between_pieces_seconds": 600,
    }  # fmt: skip


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared") / "home"


@pytest.fixture(scope="module")
def blue(shared_home: Path, chroma: Chroma, upstream_process: FakeUpstream) -> Iterator[Serving]:
    with Serving(shared_home, chroma_url=chroma.url, **told_by(upstream_process)) as blue:
        yield blue


@pytest.fixture(scope="module")
def green(shared_home: Path, chroma: Chroma, upstream_process: FakeUpstream) -> Iterator[Serving]:
    """A second service on the same folder."""
    with Serving(shared_home, chroma_url=chroma.url, **told_by(upstream_process)) as green:
        yield green


def begin(serving: Serving) -> dict[str, Any]:
    brief = {"premise": "A keeper who may not lie", "seed": 7, "length": "short"}
    answer = serving.client.post("/api/v1/stories", json=brief)
    assert answer.status_code == 201
    begun: dict[str, Any] = answer.json()
    return begun


def scene(serving: Serving, begun: dict[str, Any]) -> dict[str, Any]:
    reader = {"Authorization": f"Bearer {begun['reader_token']}"}
    found: dict[str, Any] = serving.client.get(begun["scene"]["url"], headers=reader).json()
    return found


def text(events: list[tuple[int, str, str]]) -> str:
    return "".join(json.loads(data)["text"] for _, name, data in events if name == "delta")


def test_two_services_share_a_folder_and_a_beginning_one_leaves_the_others_tellings_alone(
    blue: Serving, upstream: FakeUpstream, request: pytest.FixtureRequest
) -> None:
    upstream.script(pieces=PIECES, after=3, latch="both-are-there")
    begun = begin(blue)
    with blue.follow(begun["events"], begun["reader_token"]) as near:
        seen = list(islice(near, 4))
        green: Serving = request.getfixturevalue("green")
        with green.follow(begun["events"], begun["reader_token"]) as far:
            from_afar = list(islice(far, 4))
            upstream.release("both-are-there")
            from_afar += far
        seen += near
        assert seen == from_afar
        assert [number for number, _, _ in seen] == list(range(1, len(seen) + 1))
        assert seen[-1][1] == "told"
        assert scene(green, begun)["text"] == text(seen)


def test_a_story_is_stopped_through_the_other_process(blue: Serving, green: Serving, upstream: FakeUpstream) -> None:
    upstream.script(pieces=PIECES, after=3, latch="never")
    begun = begin(blue)
    reader = {"Authorization": f"Bearer {begun['reader_token']}"}
    with blue.follow(begun["events"], begun["reader_token"]) as events:
        next(event for event in events if event[1] == "delta")
        assert green.client.post(f"{begun['scene']['url']}/stop", headers=reader).status_code < 300
        assert list(events)[-1][1] == "stopped"


def test_one_that_would_embed_the_store_is_kept_out_and_told_the_setting(blue: Serving, shared_home: Path) -> None:
    refused = Serving(shared_home).command("serve")
    assert refused.returncode == 1
    assert "in use by dream serve with DREAM_CHROMA_URL" in refused.stderr
    assert not (shared_home / "dream.sock").exists()
    assert blue.command("works").returncode == 0


def test_the_lock_is_shared_only_by_those_who_ask_to(home: Path) -> None:
    first, second, alone = HomeLock(home), HomeLock(home), HomeLock(home)
    first.take("one", shared=True)
    second.take("two", shared=True)
    assert alone.holder() is None
    second.release()
    with pytest.raises(HomeInUse):
        alone.take("alone")
    first.release()
    alone.take("alone")
    with pytest.raises(HomeInUse):
        first.take("one", shared=True)


@pytest.fixture(scope="module")
def read_home(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A data folder with the model and one short text; to be copied, not used."""
    folder = tmp_path_factory.mktemp("read")
    tale = folder / "the-oil-in-the-lantern.md"
    tale.write_text("# The Oil in the Lantern\n\nThe tide brought a dead man's lantern back, and it was still warm.\n")
    (folder / "home" / "models").mkdir(parents=True)
    (folder / "home" / "models" / model_folder.name).symlink_to(model_folder)
    service = Service(Settings(_env_file=None, home=folder / "home"))
    assert [done.outcome for done in service.ingest.files([tale], "starter")] == ["new"]
    service.close()
    return folder / "home"


def test_without_its_server_search_goes_by_words_and_comes_back_by_itself(
    read_home: Path, home: Path, open_service: OpenService, tmp_path: Path
) -> None:
    shutil.copytree(read_home, home, symlinks=True)
    with Chroma(tmp_path / "server") as server:
        service = open_service(chroma_url=server.url)
        assert list(service.indexing.reindex())[-1] == (1, 1)
        assert missing(service) == ()
        server.stop()
        assert missing(service) == (AWAY,)
        with pytest.raises(VectorsUnreachable, match="DREAM_CHROMA_URL"):
            service.vector_stores.open()
        unreached = open_service(chroma_url=server.url)
        assert missing(unreached) == (AWAY,)
        assert unreached.mending.wait(0)
        server.start()
        assert missing(service) == missing(unreached) == ()


def missing(service: Service) -> tuple[str, ...]:
    """What a search went without; it finds its tale all the same."""
    found = service.search("a dead man's lantern comes back on the tide")
    assert found.hits[0].fragment.title == "The Oil in the Lantern"
    return found.missing


def test_a_collection_made_anew_by_another_process_is_found(
    open_service: OpenService, chroma: Chroma, read_home: Path, home: Path
) -> None:
    shutil.copytree(read_home, home, symlinks=True)
    one, other = open_service(chroma_url=chroma.url), open_service(chroma_url=chroma.url)
    assert list(one.indexing.reindex())
    assert missing(other) == ()
    one.vectors.drop(one.corpus("starter").id)
    assert list(one.indexing.reindex())
    assert missing(other) == ()


def test_sigterm_lets_stories_end_answers_meanwhile_and_begins_nothing_new(
    home: Path, upstream: FakeUpstream, open_service: OpenService
) -> None:
    upstream.script(pieces=PIECES, after=3, latch="the-end")
    with Serving(home, **told_by(upstream)) as serving, ExitStack() as stack:
        begun = begin(serving)
        events = stack.enter_context(serving.follow(begun["events"], begun["reader_token"]))
        seen = [next(events), next(events)]
        serving.process.send_signal(signal.SIGTERM)
        assert until_draining(serving)["status"] == "draining"
        refused = serving.client.post("/api/v1/stories", json={"premise": "One more"})
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert int(refused.headers["Retry-After"]) > 0
        upstream.release("the-end")
        seen += list(events)
        assert seen[-1][1] == "told"
        assert serving.process.wait(30) == 0
    assert kept(open_service(), begun).text == text(seen)


def kept(service: Service, begun: dict[str, Any]) -> models.Scene:
    """A scene as it is stored."""
    scene = service.library.scenes.scene(begun["scene"]["id"])
    assert scene
    return scene


def until_draining(serving: Serving) -> dict[str, Any]:
    while True:
        answer = serving.client.get("/readyz")
        if answer.status_code == 503:
            found: dict[str, Any] = answer.json()
            return found


def test_a_story_that_outlasts_the_drain_is_interrupted_and_kept(
    home: Path, upstream: FakeUpstream, open_service: OpenService
) -> None:
    upstream.script(pieces=PIECES, after=3, latch="never")
    with Serving(home, drain_seconds=1, **told_by(upstream)) as serving:
        begun = begin(serving)
        with serving.follow(begun["events"], begun["reader_token"]) as events:
            next(event for event in events if event[1] == "delta")
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait(30) == 0
    scene = kept(open_service(), begun)
    assert (scene.state, scene.code) == ("interrupted", "service_stopped")
    assert scene.text


def test_a_setting_that_is_no_chroma_server_is_refused(home: Path) -> None:
    refused = Serving(home, chroma_url="127.0.0.1:8001").command("works")
    assert isinstance(refused, subprocess.CompletedProcess)
    assert (refused.returncode, "DREAM_CHROMA_URL" in refused.stderr) == (1, True)
