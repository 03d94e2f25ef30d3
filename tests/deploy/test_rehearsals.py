"""Deployments rehearsed: the bundle that scripts/build makes, its hooks, real processes and the real NGINX."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dream.store.schema import SCHEMA
from tests.deploy import bundles
from tests.deploy.disks import small_disk
from tests.deploy.groups import control_groups
from tests.deploy.host import RehearsalHost
from tests.deploy.load import Readers
from tests.fakes.client import FakeUpstream
from tests.trials import Trials

Variant = Callable[..., Path]
START = "application-start\n      timeout: {}"
HEALTH = "dream/web/health.py"
SPIKE = """from flask import request
    held = bytearray(int(request.args.get("spike", 0)) << 20)  # zeros, each written
    return jsonify(version"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """The bundle of this checkout, but for the wheels of its dependencies, and with two tales instead of all. Who asks
    it for its version may have it take memory.
    """
    folder = tmp_path_factory.mktemp("bundles")
    (folder / "wheels").mkdir()
    (folder / "wheels" / "none.whl").touch()
    built = bundles.build(folder / "whole", model_folder, folder / "wheels")
    kept = ("dream/corpus/tales/en/eleven-coats.md", "dream/corpus/tales/ko/two-ferrymen.md")
    bundles.keep(next(built.glob("dream-*.whl")), lambda name: "/tales/" not in name or name in kept)
    return bundles.variant(built, "first", {HEALTH: ("return jsonify(version", SPIKE)}, folder)


@pytest.fixture(scope="module")
def variant(bundle: Path) -> Variant:
    """Makes a bundle that differs from the first by its name and by some edits."""

    def make(name: str, edits: dict[str, tuple[str, str]] | None = None) -> Path:
        return bundles.variant(bundle, name, edits or {}, bundle.parent)

    return make


@pytest.fixture(scope="module")
def groups() -> Iterator[Path | None]:
    with control_groups() as place:
        yield place


@pytest.fixture(scope="module")
def host(
    bundle: Path, groups: Path | None, tmp_path_factory: pytest.TempPathFactory, upstream_process: FakeUpstream
) -> Iterator[RehearsalHost]:
    """A host after its first deployment, whose release tells on cue; its units have their limits where this machine
    lets them. Each test leaves it serving some release.
    """
    with RehearsalHost(tmp_path_factory.mktemp("host") / "h", openai_base_url=upstream_process.base_url) as host:
        if groups:
            host.environment["SUPERVISOR_GROUPS"] = str(groups)
        host.lend_environment(bundle)
        host.set(**ON_CUE)
        deployed = host.deploy(bundle)
        assert deployed.failed == "", deployed.said
        assert host.live() == "0.1.0-first"
        assert "password" not in deployed.said
        host.set(**BY_THE_LOOM)  # as for every release to come
        yield host


ON_CUE: dict[str, object] = {"storyteller": "openai", "model": "fake", "read_back": False}
BY_THE_LOOM: dict[str, object] = {"storyteller": "loom", "model": ""}


def turn_under_load(host: RehearsalHost, upstream: FakeUpstream, bundle: Path) -> Readers:
    """A release takes the place of one that tells 50 readers on cue; their stories end when it has."""
    cue = f"{bundle.name}-is-let-in"
    upstream.script(fault="flow", after=5, delay=0.25, latch=cue)
    with Readers(host.front, clients=8, streams=50) as readers:
        upstream.script()
        deployed = host.deploy(bundle)
        assert deployed.failed == "", deployed.said
        assert host.live() == f"0.1.0-{bundle.name}"
        upstream.release(cue)
    assert readers.failed == []
    assert readers.asked > 50
    assert [stream for stream in readers.streams if not stream.whole] == []
    return readers


def test_upgrades_under_load_lose_no_request_no_stream_and_no_event(
    host: RehearsalHost, variant: Variant, upstream: FakeUpstream
) -> None:
    host.set(**ON_CUE)
    turn_under_load(host, upstream, variant("second"))
    host.set(**BY_THE_LOOM)
    turn_under_load(host, upstream, variant("third"))


@pytest.mark.nightly
def test_ten_upgrades_under_load_lose_nothing_either(
    host: RehearsalHost, variant: Variant, upstream: FakeUpstream, request: pytest.FixtureRequest
) -> None:
    trials = Trials("Releases ended by SIGTERM with 50 live streams")
    host.set(**ON_CUE)
    deployed = host.deploy(variant("on-cue"))
    assert deployed.failed == "", deployed.said
    for number in range(1, 11):
        if number == 10:
            host.set(**BY_THE_LOOM)
        readers = turn_under_load(host, upstream, variant(f"release-{number}"))
        trials.count("streams that came to their identical end", len(readers.streams))
        trials.count("other requests, each answered with 200", readers.asked)
    trials.show(request.config)


def test_a_worker_that_takes_too_much_memory_is_replaced_and_nothing_else_notices(
    host: RehearsalHost, groups: Path | None
) -> None:
    if groups is None:
        pytest.skip("this machine lets nobody limit memory")
    web = host.process(f"dream-web@{host.colour()}")
    others = host.processes()
    (worker,) = children(web)
    with host.front.client() as client:
        assert client.get("/version", params={"spike": 2000}).status_code >= 500
    host.wait_until_served()
    assert not Path(f"/proc/{worker}").exists()
    assert host.processes() == others


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


LOOM = "dream/storytelling/storytellers/loom/__init__.py"
# Where each is refused, what the log says of it, and how it is broken; nothing that serves loads what does not compile.
BROKEN = {
    "uncompilable": ("AfterInstall", "does not compile", {"dream/doctor.py": ("import shutil", "import !")}),
    "unimportable": (
        "AfterInstall", "no_such_module", {"dream/service.py": ("import logging", "import logging, no_such_module")}
    ),
    "unready": ("ApplicationStart", "was not ready", {HEALTH: ('text("SELECT 1")', 'text("SELECT no_such_column")')}),
    "silent": ("ApplicationStart", "told no story", {LOOM: ("def tell(", "def tell_not(")}),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_build_is_refused_and_the_release_before_it_never_stops(
    host: RehearsalHost, variant: Variant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, why, edits = BROKEN[name]
    monkeypatch.setitem(host.environment, "DREAM_READY_SECONDS", "5" if name == "unready" else "90")
    release, colour = host.live(), host.colour()
    process = host.process(f"dream-web@{colour}")
    refused = host.deploy(variant(name, edits))
    assert refused.failed == event
    assert why in refused.said
    assert "goes on serving" in refused.said
    assert (host.live(), host.process(f"dream-web@{colour}")) == (release, process)
    with host.front.client() as client:
        assert client.get("/works").status_code == 200


def test_a_story_that_does_not_come_through_nginx_brings_the_release_before_back(
    host: RehearsalHost, variant: Variant
) -> None:
    release, colour = host.live(), host.colour()
    process = host.process(f"dream-web@{colour}")
    text = host.file.read_text()
    host.file.write_text(text.replace(f":{host.front.https}", ":1"))
    refused = host.deploy(variant("unreachable"))
    host.file.write_text(text)
    assert refused.failed == "ValidateService"
    assert f"{colour} serves again" in refused.said
    assert (host.live(), host.process(f"dream-web@{colour}")) == (release, process)


def test_a_hook_that_hangs_is_ended_and_nothing_has_changed(host: RehearsalHost, variant: Variant) -> None:
    release = host.live()
    hanging = variant(
        "hanging",
        {
            "scripts/hooks/application-start": ('systemctl start "dream-web@$colour', 'sleep 600; : "'),
            "appspec.yml": (START.format(600), START.format(3)),
        },
    )
    refused = host.deploy(hanging)
    assert refused.failed == "ApplicationStart"
    assert "goes on serving" in refused.said
    assert host.live() == release


def test_the_same_revision_twice_changes_nothing(host: RehearsalHost, variant: Variant) -> None:
    again = variant("again")
    assert host.deploy(again).failed == ""
    process = host.process(f"dream-web@{host.colour()}")
    repeated = host.deploy(again)
    assert repeated.failed == ""
    assert "serves this release already" in repeated.said
    assert host.process(f"dream-web@{host.colour()}") == process


def test_a_full_disk_refuses_before_anything_is_placed_and_one_that_fills_meanwhile_leaves_what_serves(
    host: RehearsalHost, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes a file system")
    release, large = host.live(), variant("large")
    with small_disk(host.root, free_mebibytes=1):
        refused = host.deploy(large)
        assert refused.failed == "BeforeInstall"
        assert "Nothing was changed" in refused.said
        with monkeypatch.context() as earlier:
            earlier.setitem(host.environment, "DREAM_SPARE_MIB", "-100000")  # there was room when it was looked for
            refused = host.deploy(large)
        assert refused.failed == "AfterInstall"
        assert "No space left" in refused.said
        assert "goes on serving" in refused.said
        assert not (host.root / "releases" / "0.1.0-large").exists()
        assert host.live() == release
        with host.front.client() as client:
            assert client.get("/works").status_code == 200
    deployed = host.deploy(large)
    assert deployed.failed == "", deployed.said
    assert host.live() == "0.1.0-large"


def test_a_bundle_that_was_damaged_on_its_way_is_refused(host: RehearsalHost, variant: Variant) -> None:
    """Its wheels are read only where their environment is not there, as for a lock that no host has seen."""
    damaged = variant("damaged")
    bundles.write(damaged / "requirements.lock", "flask==0.1")
    bundles.write(damaged / "wheels" / "none.whl", "damaged")
    refused = host.deploy(damaged)
    assert refused.failed == "BeforeInstall"
    assert "requirements.lock: FAILED" in refused.said
    assert "none.whl: FAILED" in refused.said


@pytest.mark.parametrize(
    "event",
    [
        pytest.param("BeforeInstall", marks=pytest.mark.nightly),
        pytest.param("AfterInstall", marks=pytest.mark.nightly),
        "ApplicationStart",
    ],
)
def test_a_reboot_between_events_serves_again_and_the_next_deployment_goes_through(
    host: RehearsalHost, variant: Variant, event: str
) -> None:
    host.deploy(variant(f"before-{event}"), until=event)
    host.power_off()
    host.boot()
    host.wait_until_served()
    deployed = host.deploy(variant(f"after-{event}"))
    assert deployed.failed == "", deployed.said
    assert host.live() == f"0.1.0-after-{event}"


def test_a_migration_runs_before_the_turn_and_the_release_before_it_can_come_back(
    host: RehearsalHost, variant: Variant, bundle: Path
) -> None:
    newer = variant("migrating", {"dream/store/schema.py": (f'SCHEMA = "{SCHEMA}"', 'SCHEMA = "9999"')})
    migration = (
        f'revision = "9999"\ndown_revision = "{SCHEMA}"\n\n\ndef upgrade():\n'
        '    from alembic import op\n    op.execute("CREATE TABLE shelves_to_come (id TEXT)")\n'
    )
    bundles.add(next(newer.glob("dream-*.whl")), "dream/store/migrations/versions/9999_later.py", migration)
    bundles.seal(newer)
    deployed = host.deploy(newer)
    assert deployed.failed == "", deployed.said
    with host.front.client() as client:
        assert client.get("/version").json()["schema"] == "9999"
    assert host.deploy(bundle).failed == ""
    with host.front.client() as client:
        assert client.get("/version").json()["schema"] == SCHEMA
