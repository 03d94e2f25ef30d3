"""scripts/deploy against a stand-in for AWS, with real stories from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.front import free_port
from tests.serving import Serving

AWS = Path(__file__).with_name("aws.py")
FIRST = "revisionType=S3,s3Location={bucket=shelf,key=dream/0.1.0-first.tgz,version=v1,bundleType=tgz}"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(tmp_path_factory.mktemp("served") / "home", loom_pace=0) as serving:
        yield serving


class Delivery:
    """A bundle, a cloud to bring it to, and the script that does."""

    def __init__(self, folder: Path, url: str) -> None:
        self.state, self.bundle = folder / "aws", folder / "bundle"
        for made in (self.state, self.bundle, folder / "bin"):
            made.mkdir()
        (self.bundle / "release").write_text("0.1.0-first\n")
        (self.bundle / "SHA256SUMS").touch()
        command = folder / "bin" / "aws"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} {AWS} "$@"\n')
        command.chmod(0o755)
        self.environment = {
            **os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "AWS_STATE": str(self.state),
            "DREAM_BUCKET": "shelf", "DREAM_APPLICATION": "dream", "DREAM_GROUP": "hosts", "DREAM_PUBLIC_URL": url,
        }  # fmt: skip

    def bring(self, what: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "scripts" / "deploy", what or self.bundle],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def deployments(self) -> list[list[str]]:
        return [line.split(" ", 2) for line in (self.state / "deployments").read_text().splitlines()]


@pytest.fixture
def delivery(tmp_path: Path, serving: Serving) -> Delivery:
    return Delivery(tmp_path, serving.url)


def test_a_bundle_is_uploaded_under_its_version_deployed_and_asked_for_a_story(delivery: Delivery) -> None:
    brought = delivery.bring()
    assert brought.returncode == 0, brought.stderr
    assert delivery.deployments() == [["d-1", "Succeeded", FIRST]]
    assert "a story was told" in brought.stdout
    with tarfile.open(delivery.state / "shelf" / "dream" / "0.1.0-first.tgz" / "v1") as archive:
        assert archive.getmember("./release").uname in ("", "root")


def test_an_archive_is_uploaded_byte_for_byte(delivery: Delivery, tmp_path: Path) -> None:
    archive = tmp_path / "bundle.tgz"
    subprocess.run(["tar", "-C", delivery.bundle, "-czf", archive, "."], check=True)
    assert delivery.bring(archive).returncode == 0
    assert (delivery.state / "shelf" / "dream" / "0.1.0-first.tgz" / "v1").read_bytes() == archive.read_bytes()


def test_what_tells_no_story_outside_goes_back_to_what_was_there(delivery: Delivery) -> None:
    (delivery.state / "target").write_text("before")
    delivery.environment["DREAM_PUBLIC_URL"] = f"http://127.0.0.1:{free_port()}"
    brought = delivery.bring()
    assert brought.returncode == 1
    assert "going back" in brought.stderr
    assert [row[2] for row in delivery.deployments()] == [FIRST, "before"]


def test_a_deployment_that_fails_is_said_to_and_asked_for_no_story(delivery: Delivery) -> None:
    (delivery.state / "broken").write_text("0.1.0-first")
    brought = delivery.bring()
    assert brought.returncode != 0
    assert "Failed" in brought.stderr
    assert "story" not in brought.stdout + brought.stderr
    assert [row[1] for row in delivery.deployments()] == ["Failed"]


def test_a_deployment_that_is_under_way_is_waited_for(delivery: Delivery) -> None:
    (delivery.state / "deployments").write_text("d-1 InProgress before\n")
    brought = delivery.bring()
    assert brought.returncode == 0, brought.stderr
    assert "waiting for deployment d-1" in brought.stdout
    assert [row[1] for row in delivery.deployments()] == ["Succeeded", "Succeeded"]


def test_what_is_no_bundle_is_refused(delivery: Delivery, tmp_path: Path) -> None:
    assert delivery.bring(tmp_path / "nothing").returncode == 2
    assert not (delivery.state / "deployments").exists()
