"""The bundle with all its wheels: on a host that has nothing of it yet, and as the file tree of the image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import zipfile
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy import bundles
from tests.deploy.host import RehearsalHost

pytestmark = pytest.mark.nightly

DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    return bundles.build(tmp_path_factory.mktemp("bundle") / "whole", model_folder, None)


def test_a_bundle_makes_its_own_environment_without_a_network(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not list((bundle / "wheels").glob("torch*"))
    with RehearsalHost(tmp_path / "h") as host:
        monkeypatch.setitem(host.environment, "PIP_NO_INDEX", "1")
        deployed = host.deploy(bundle)
        assert deployed.failed == "", deployed.said
        environment = (host.root / "current" / "environment").resolve()
        assert environment.parent == host.root / "environments"
        assert (environment / "bin" / "gunicorn").exists()
        (site,) = environment.glob("lib/python*/site-packages")
        with zipfile.ZipFile(bundle / "bytecode.zip") as archive:
            compiled = {site / name for name in archive.namelist()}
        needed = {site / "flask" / "__init__.py", site / "sqlalchemy" / "orm" / "session.py"}
        assert {Path(cache_from_source(path)) for path in needed} < compiled
        assert [path for path in compiled if not path.exists()] == []
        assert len(compiled) < len(list(site.rglob("*.py"))) / 4  # the rest has time
        deadline = time.monotonic() + 300
        while not (environment / "compiled").exists():  # nobody tells when it is done
            assert time.monotonic() < deadline, "the rest was never compiled"
            time.sleep(0.2)


def test_the_image_holds_what_its_file_names_and_nothing_of_torch(bundle: Path, tmp_path: Path) -> None:
    """The same commands in the same order, in a folder instead of a layer."""
    (built,) = re.findall(r"^RUN (deploy/docker/install) /opt/dream$", DOCKERFILE, re.MULTILINE)
    context, tree = tmp_path / "context", tmp_path / "dream"
    shutil.copytree(bundle, context, copy_function=os.link, symlinks=True)
    subprocess.run([context / built, tree], cwd=context, check=True)
    for named in re.findall(
        r"/opt/dream/([\w/]+)", DOCKERFILE + (ROOT / "deploy" / "docker" / "compose.yml").read_text()
    ):
        assert (tree / named).exists(), named
    assert not list(tree.rglob("torch"))
    assert not [path for path in tree.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
    said = subprocess.run([tree / "bin" / "dream", "--version"], capture_output=True, text=True, check=True).stdout
    assert (bundle / "release").read_text().split("-")[0] in said
