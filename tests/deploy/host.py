"""A host in a folder: the hooks' folders, the units under the stand-in for systemd, NGINX, and the agent."""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.deploy import units
from tests.deploy.agent import Agent, Deployment
from tests.deploy.front import HOST, Front, free_port

SUPERVISOR = Path(__file__).with_name("supervisor.py")


class RehearsalHost:
    """`deploy` brings bundles to it; `front` is its NGINX. Everything that it started ends with it."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.root, self.run, self.etc = folder / "opt", folder / "run", folder / "etc"
        self.state = folder / "state"
        for made in (self.root, self.run, self.etc, self.state / "units", self.state / "filters", folder / "bin"):
            made.mkdir(parents=True)
        self.front = Front(folder / "nginx", self.root / "live" / "web.sock", self.root / "public")
        chroma = free_port()
        self._settings = {
            "home": folder / "var", "chroma_url": f"http://127.0.0.1:{chroma}", "public_url": f"https://{HOST}",
            "proxies": 1, "storyteller": "loom", "loom_pace": 0, "threads": 96, "followers": 80, "tellings": 70,
            "drain_seconds": 60, **settings,
        }  # fmt: skip
        self.set()
        self.file = self.etc / "host.env"
        self.file.write_text(
            f"root={self.root} run={self.run} etc={self.etc} user={getpass.getuser()} "
            f"nginx=127.0.0.1:{self.front.https}\n"
        )
        for unit in units.FOLDER.glob("*.service"):
            filter_ = self.state / "filters" / unit.name.removesuffix(".service").rstrip("@")
            filter_.write_text("\n".join([str(units.refusal(unit)), *units.system_calls(unit)]))
            text = unit.read_text().replace("/opt/dream", str(self.root)).replace("/run/dream", str(self.run))
            text = text.replace("/etc/dream", str(self.etc)).replace("/var/lib/dream", str(folder / "var"))
            (self.state / "units" / unit.name).write_text(text.replace("--port 8001", f"--port {chroma}"))
        systemctl = folder / "bin" / "systemctl"
        systemctl.write_text(f'#!/bin/sh\nexec {sys.executable} {SUPERVISOR} "$@"\n')
        systemctl.chmod(0o755)
        self.environment = {
            "PATH": f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder),
            "SUPERVISOR": str(self.state), "SUPERVISOR_RUN": str(self.run), "DREAM_HOST_FILE": str(self.file),
            "SSL_CERT_FILE": str(self.front.certificate), "DREAM_SPARE_MIB": "0",
        }  # fmt: skip
        self.agent = Agent(folder / "agent", self.environment)

    def __enter__(self) -> RehearsalHost:
        self.front.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.front.__exit__(kind, error, trace)
        self.power_off()

    def deploy(self, bundle: Path, until: str = "ValidateService") -> Deployment:
        return self.agent.deploy(bundle, until)

    def set(self, **settings: object) -> None:
        """Changes settings of dream's, for the processes that begin from now on."""
        self._settings.update(settings)
        lines = [f"{name}={value}\n" for name, value in self.settings().items()]
        (self.etc / "dream.env").write_text("".join(lines))

    def settings(self) -> dict[str, str]:
        """dream's settings as its environment has them."""
        return {f"DREAM_{name.upper()}": str(value) for name, value in self._settings.items()}

    def live(self) -> str:
        """The release that readers reach."""
        colour = self.colour()
        return (self.root / colour).readlink().name if colour else ""

    def colour(self) -> str:
        link = self.root / "live"
        return link.readlink().name if link.is_symlink() else ""

    def process(self, unit: str) -> int:
        return int((self.state / f"{unit}.service.pid").read_text())

    def processes(self) -> dict[str, int]:
        """The process of every unit that was started."""
        return {path.name.removesuffix(".service.pid"): int(path.read_text()) for path in self.state.glob("*.pid")}

    def dream(self, *words: str) -> str:
        """What a command says, run as the service's user would."""
        command = [str(self.root / "current" / "bin" / "dream"), *words]
        environment = {**self.environment, **self.settings()}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def systemctl(self, *words: str) -> int:
        return subprocess.run(["systemctl", *words], env=self.environment, check=False).returncode

    def power_off(self) -> None:
        """Every process is gone at once, and with it what lives in memory."""
        for path in self.state.glob("*.pid"):
            with suppress(ProcessLookupError, ValueError):
                os.killpg(int(path.read_text()), signal.SIGKILL)
            path.unlink()
        for path in self.state.glob("*.stopping"):
            path.unlink()
        shutil.rmtree(self.run)
        self.run.mkdir()

    def boot(self) -> None:
        """What systemd starts by itself: the units that are wanted at boot."""
        for unit in ("dream-chroma", "dream-jobs"):
            self.systemctl("start", f"{unit}.service")
        subprocess.run([str(self.root / "bin" / "resume")], env=self.environment, check=True)

    def wait_until_served(self) -> None:
        """Returns when readers are answered again."""
        with self.front.client() as client:
            for _ in range(1800):
                if client.get("/livez").status_code == 200:
                    return
                time.sleep(0.05)
        raise AssertionError("readers were not served again")

    def lend_environment(self, bundle: Path) -> None:
        """Puts this suite's own environment where the bundle's would be made, as if a release before had left it."""
        digest = hashlib.sha256((bundle / "requirements.lock").read_bytes()).hexdigest()[:16]
        place = self.root / "environments" / digest
        place.mkdir(parents=True)
        for name in ("bin", "lib", "pyvenv.cfg"):
            (place / name).symlink_to(Path(sys.prefix) / name)
        (place / "complete").touch()
        (place / "compiled").touch()
