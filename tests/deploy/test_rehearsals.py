"""Deployments rehearsed: the bundle that scripts/build makes, its hooks, real processes and the real NGINX."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dream.store.schema import SCHEMA
from tests.deploy import bundles
from tests.deploy.host import RehearsalHost
from tests.deploy.load import Readers
from tests.trials import Trials

Variant = Callable[..., Path]
START = "application-start\n      timeout: {}"
HEALTH = "dream/web/health.py"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """The bundle of this checkout, but for the wheels of its dependencies, and with two tales instead of all."""
    folder = tmp_path_factory.mktemp("bundles")
    (folder / "wheels").mkdir()
    (folder / "wheels" / "none.whl").touch()
    built = bundles.build(folder / "whole", model_folder, folder / "wheels")
    kept = ("dream/corpus/tales/en/eleven-coats.md", "dream/corpus/tales/ko/two-ferrymen.md")
    bundles.keep(next(built.glob("dream-*.whl")), lambda name: "/tales/" not in name or name in kept)
    return bundles.variant(built, "first", {}, folder)


@pytest.fixture(scope="module")
def variant(bundle: Path) -> Variant:
    """Makes a bundle that differs from the first by its name and by some edits."""

    def make(name: str, edits: dict[str, tuple[str, str]] | None = None) -> Path:
        return bundles.variant(bundle, name, edits or {}, bundle.parent)

    return make


@pytest.fixture(scope="module")
def host(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RehearsalHost]:
    """A host after its first deployment. Each test leaves it serving some release."""
    with RehearsalHost(tmp_path_factory.mktemp("host") / "h", loom_pace=30) as host:
        host.lend_environment(bundle)
        deployed = host.deploy(bundle)
        assert deployed.failed == "", deployed.said
        assert host.live() == "0.1.0-first"
        assert "password" not in deployed.said
        host.set(loom_pace=0)  # only the release that is live now tells slowly enough to be replaced meanwhile
        yield host


def test_upgrades_under_load_lose_no_request_no_stream_and_no_event(host: RehearsalHost, variant: Variant) -> None:
    with Readers(host.front, clients=8, streams=50) as readers:
        for name in ("second", "third"):
            deployed = host.deploy(variant(name))
            assert deployed.failed == "", deployed.said
            assert host.live() == f"0.1.0-{name}"
    assert readers.failed == []
    assert readers.asked > 50
    assert [stream for stream in readers.streams if not stream.whole] == []


LOOM = "dream/storytelling/storytellers/loom/__init__.py"


@pytest.mark.nightly
def test_ten_releases_ended_with_fifty_live_streams_lose_nothing_either(
    host: RehearsalHost, variant: Variant, request: pytest.FixtureRequest
) -> None:
    trials = Trials("Releases ended by SIGTERM with 50 live streams")
    for number in range(10):
        host.set(loom_pace=30)
        deployed = host.deploy(variant(f"slow-{number}"))
        assert deployed.failed == "", deployed.said
        host.set(loom_pace=0)
        with Readers(host.front, clients=8, streams=50) as readers:
            deployed = host.deploy(variant(f"fast-{number}"))
            assert deployed.failed == "", deployed.said
        assert readers.failed == []
        assert [stream for stream in readers.streams if not stream.whole] == []
        trials.count("streams that came to their identical end", len(readers.streams))
        trials.count("other requests, each answered with 200", readers.asked)
    trials.show(request.config)


BROKEN = {
    "unimportable": ("AfterInstall", {"dream/service.py": ("import logging", "import logging, no_such_module")}),
    "unready": ("ApplicationStart", {HEALTH: ('text("SELECT 1")', 'text("SELECT no_such_column")')}),
    "silent": (
        "ApplicationStart",
        {LOOM: ("def tell(", "def tell_not(")},
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_build_is_refused_and_the_release_before_it_never_stops(
    host: RehearsalHost, variant: Variant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, edits = BROKEN[name]
    monkeypatch.setitem(host.environment, "DREAM_READY_SECONDS", "6" if name == "unready" else "90")
    release, colour = host.live(), host.colour()
    process = host.process(f"dream-web@{colour}")
    refused = host.deploy(variant(name, edits))
    assert refused.failed == event
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


def test_a_rollback_is_a_deployment_and_the_same_revision_twice_changes_nothing(
    host: RehearsalHost, bundle: Path
) -> None:
    assert host.deploy(bundle).failed == ""
    assert host.live() == "0.1.0-first"
    process = host.process(f"dream-web@{host.colour()}")
    again = host.deploy(bundle)
    assert again.failed == ""
    assert "serves this release already" in again.said
    assert host.process(f"dream-web@{host.colour()}") == process


def test_a_full_disk_refuses_before_anything_is_placed(
    host: RehearsalHost, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(host.root).free // 2**20
    monkeypatch.setitem(host.environment, "DREAM_SPARE_MIB", str(free))
    release = host.live()
    refused = host.deploy(variant("large"))
    assert refused.failed == "BeforeInstall"
    assert "Nothing was changed" in refused.said
    assert not (host.root / "releases" / "0.1.0-large").exists()
    assert host.live() == release


def test_a_bundle_that_was_damaged_on_its_way_is_refused(host: RehearsalHost, variant: Variant) -> None:
    damaged = variant("damaged")
    bundles.write(damaged / "requirements.lock", "flask==0.1")
    refused = host.deploy(damaged)
    assert (refused.failed, "requirements.lock: FAILED" in refused.said) == ("BeforeInstall", True)


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
