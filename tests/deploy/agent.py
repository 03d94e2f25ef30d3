"""A stand-in for CodeDeploy's agent: the documented order of events, whose hooks run when, their environment and
time-outs, and what it deletes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EVENTS = ("ApplicationStop", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService")


@dataclass
class Deployment:
    """`failed` is the event that ended it, "" where all went well; `said` is what the hooks wrote; `seconds` is what
    each event took, in their order.
    """

    failed: str = ""
    said: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


class Agent:
    """Deploys bundles to a host, one after the other. `environment` is what its hooks see beside their own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._count = 0
        self._installed: Path | None = None
        self._copied: list[Path] = []

    def deploy(self, bundle: Path, until: str = "ValidateService") -> Deployment:
        """Brings a bundle through its events; `until` names the last one, as where the host goes down after it."""
        self._count += 1
        archive = self._folder / f"d-{self._count}" / "deployment-archive"
        archive.parent.mkdir(parents=True)
        shutil.copytree(bundle, archive, copy_function=os.link, symlinks=True)
        done = Deployment()
        for event in EVENTS:
            began = time.monotonic()
            well = self._event(event, archive, done)
            done.seconds[event] = time.monotonic() - began
            if not well:
                done.failed = event
            if not well or event == until:
                break
        return done

    def _event(self, event: str, archive: Path, done: Deployment) -> bool:
        if event == "Install":
            self._install(archive)
            return True
        return self._run(event, self._installed if event == "ApplicationStop" else archive, done)

    def _install(self, archive: Path) -> None:
        """Deletes what the deployment before copied, then copies what this one names."""
        for path in self._copied:
            path.unlink(missing_ok=True)
        self._copied = []
        for entry in _appspec(archive).get("files", []):
            target = Path(entry["destination"]) / entry["source"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(archive / entry["source"], target)
            self._copied.append(target)
        self._installed = archive

    def _run(self, event: str, archive: Path | None, done: Deployment) -> bool:
        if archive is None:
            return True  # the first deployment has nothing to stop
        for hook in _appspec(archive)["hooks"].get(event, []):
            environment = {
                **self._environment, "LIFECYCLE_EVENT": event, "DEPLOYMENT_ID": f"d-{self._count}",
                "APPLICATION_NAME": "dream", "DEPLOYMENT_GROUP_NAME": "rehearsal", "DEPLOYMENT_GROUP_ID": "0",
            }  # fmt: skip
            process = subprocess.Popen(
                [str(archive / hook["location"])], cwd="/", env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
            try:
                said, _ = process.communicate(timeout=hook.get("timeout", 3600))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGTERM)
                said, _ = process.communicate()
            done.said += said
            if process.returncode:
                return False
        return True


def _appspec(archive: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((archive / "appspec.yml").read_text())
    return found
