"""What is deployed with: units, workflows and the set-up of a host, as far as they can be checked off a host."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import cache_from_source
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.deploy import units

UNITS = sorted(units.FOLDER.glob("*"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, **environment})


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_holds_only_what_systemd_knows(unit: Path, tmp_path: Path) -> None:
    """Programs that only a host has are left out: the verification would look for them here."""
    for other in UNITS:
        text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", other.read_text(), flags=re.MULTILINE)
        (tmp_path / other.name.replace("@.", "@blue.")).write_text(text)
    verified = run("systemd-analyze", "verify", "--man=no", tmp_path / unit.name.replace("@.", "@blue."))
    assert (verified.returncode, verified.stderr) == (0, "")


SERVICES = [path for path in UNITS if path.suffix == ".service"]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_is_little_exposed(unit: Path) -> None:
    """By systemd's own reckoning, from 0 to 10."""
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit).stdout
    found = re.search(r"Overall exposure level for (\S+): ([\d.]+)", said)
    assert found, said
    print(f"{unit.name}: exposure {found[2]}")
    assert float(found[2]) <= (4.0 if "resume" in unit.name else 2.0)  # that one has to be root


@pytest.mark.parametrize("unit", [path for path in SERVICES if "resume" not in path.name], ids=lambda path: path.name)
def test_a_service_has_limits_and_outlives_a_process_that_the_kernel_killed(unit: Path) -> None:
    assert units.values(unit, "User") == ["dream"]
    for limit in ("MemoryHigh", "MemoryMax", "MemorySwapMax"):
        assert units.mebibytes(unit, limit)
    assert units.values(unit, "TasksMax")
    if "web" in unit.name or "jobs" in unit.name:
        assert units.values(unit, "OOMPolicy") == ["continue"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_pins_its_actions_and_asks_for_no_more_than_it_needs(workflow: Path) -> None:
    said = yaml.safe_load(workflow.read_text())
    assert said["permissions"] == {}
    assert said["concurrency"]
    for job in said["jobs"].values():
        assert job["timeout-minutes"]
        assert "contents" in job["permissions"]
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"])
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_every_hook_of_the_appspec_is_there_and_may_run() -> None:
    hooks = yaml.safe_load((ROOT / "appspec.yml").read_text())["hooks"]
    assert list(hooks) == ["ApplicationStop", "BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService"]
    for entries in hooks.values():
        for entry in entries:
            assert os.access(ROOT / entry["location"], os.X_OK)
            assert entry["timeout"] > 0


def test_provisioning_says_what_it_would_do_and_does_nothing() -> None:
    said = run(ROOT / "scripts" / "provision", "--host", "dream.example", "--dry-run")
    assert said.returncode == 0, said.stderr
    assert "write /etc/dream/dream.env" in said.stdout
    assert "write /etc/systemd/system/dream-web@.service" in said.stdout
    assert not Path("/etc/dream").exists() or Path("/etc/dream/dream.env").exists()
    assert run(ROOT / "scripts" / "provision", "--host", "not a name", "--dry-run").returncode == 2
    assert run(ROOT / "scripts" / "provision", "--host", "dream.example", "--ssh", "$(id)", "--dry-run").returncode == 2


def test_a_template_with_a_value_missing_is_refused() -> None:
    refused = run(ROOT / "scripts" / "render", ROOT / "nginx" / "dream" / "proxy.conf")
    assert refused.returncode == 1
    assert "@HOST@" in refused.stderr


def test_the_bytecode_of_a_bundle_is_of_what_was_named_and_taken_without_a_look_at_its_source(tmp_path: Path) -> None:
    wheels, site, modules = tmp_path / "wheels", tmp_path / "site", tmp_path / "modules"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "told-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("told/__init__.py", "SAID = 'as it was built'")
        wheel.writestr("told/unloaded.py", "")
    modules.write_text("told/__init__.py\nnowhere.py\n")
    made = run(sys.executable, ROOT / "scripts" / "bytecode", modules, wheels, tmp_path / "bytecode.zip")
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(tmp_path / "bytecode.zip") as archive:
        (name,) = archive.namelist()
        archive.extractall(site)
    assert site / name == Path(cache_from_source(site / "told" / "__init__.py"))
    (site / "told" / "__init__.py").write_text("SAID = 'as it was edited'")
    said = run(sys.executable, "-c", "import told; print(told.SAID)", PYTHONPATH=str(site)).stdout
    assert said == "as it was built\n"


def test_a_backup_of_a_host_is_whole_and_its_owners_alone(tmp_path: Path) -> None:
    """As the unit makes it: the script beside the release that is current, with the service's settings."""
    kept = tmp_path / "kept"
    for folder in (tmp_path / "bin", tmp_path / "current" / "bin", kept):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "backup", tmp_path / "bin")
    (tmp_path / "current" / "bin" / "dream").symlink_to(Path(sys.executable).with_name("dream"))
    settings = {"DREAM_HOME": str(tmp_path / "home"), "DREAM_CHROMA_URL": "http://127.0.0.1:1"}
    run(tmp_path / "current" / "bin" / "dream", "ingest", ROOT / "corpus" / "en" / "eleven-coats.md", **settings)
    made = run(tmp_path / "bin" / "backup", kept, **settings)
    assert made.returncode == 0, made.stderr
    (backup,) = kept.iterdir()
    assert backup.stat().st_mode & 0o077 == 0
    assert str(backup) in made.stdout
    again = {**settings, "DREAM_HOME": str(tmp_path / "again"), "DREAM_CHROMA_URL": ""}
    assert run(tmp_path / "current" / "bin" / "dream", "restore", backup, **again).returncode == 0
    assert "Eleven Coats" in run(tmp_path / "current" / "bin" / "dream", "works", **again).stdout


def stored(tmp_path: Path, **parameters: str) -> subprocess.CompletedProcess[str]:
    """What comes of parameters that are stored under /dream/."""
    command = tmp_path / "aws"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "tests" / "deploy" / "aws.py"} "$@"\n')
    command.chmod(0o755)
    (tmp_path / "parameters").write_text(json.dumps({f"/dream/{name}": value for name, value in parameters.items()}))
    path = f"{tmp_path}:{os.environ['PATH']}"
    return run(ROOT / "deploy" / "secrets", "/dream/", tmp_path / "secrets.env", PATH=path, AWS_STATE=str(tmp_path))


def test_secrets_of_ssm_become_settings_as_they_are(tmp_path: Path) -> None:
    key = r'k$HOME "#\ y'
    made = stored(tmp_path, DREAM_OPENAI_API_KEY=key, DREAM_SECRET_KEY="s")
    assert made.returncode == 0, made.stderr
    file = tmp_path / "secrets.env"
    assert file.stat().st_mode & 0o777 == 0o600
    told = run("sh", "-c", f'. {file}; printf %s "$DREAM_OPENAI_API_KEY"')
    assert told.stdout == key


@pytest.mark.parametrize("parameters", [{"not-a-setting": "x"}, {"DREAM_SECRET_KEY": "it's"}])
def test_a_secret_that_cannot_be_a_setting_changes_nothing(tmp_path: Path, parameters: dict[str, str]) -> None:
    (tmp_path / "secrets.env").write_text("as it was")
    assert stored(tmp_path, **parameters).returncode == 1
    assert (tmp_path / "secrets.env").read_text() == "as it was"
