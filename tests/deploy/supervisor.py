"""What plays `systemctl` where systemd does not run: `supervisor.py start|stop|restart|is-active|show ... UNIT`.

It reads the units that ship, from $SUPERVISOR/units, and keeps a process id and a log for each in $SUPERVISOR.
Of a unit it knows ExecStart, Environment, EnvironmentFile, RuntimeDirectory and TimeoutStopSec. System calls that it
lets through are in $SUPERVISOR/filters; where $SUPERVISOR_GROUPS names a folder of control groups, its memory is
limited too.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

STATE = Path(os.environ["SUPERVISOR"])
RUN = Path(os.environ["SUPERVISOR_RUN"])
CONFINE = Path(__file__).with_name("confine.py")


def settings(unit: str) -> dict[str, list[str]]:
    """The lines of a unit by their names, with the instance filled in."""
    name, _, instance = unit.removesuffix(".service").partition("@")
    path = STATE / "units" / (f"{name}@.service" if instance else f"{name}.service")
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value.replace("%i", instance))
    return found


def pid(unit: str) -> int | None:
    """The unit's process, while it lives."""
    try:
        number = int((STATE / f"{unit}.pid").read_text())
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return None
    return None if state == "Z" else number


def ended(number: int, seconds: float | None = None) -> bool:
    """Waits until a process has ended; False where it has not within the seconds."""
    try:
        handle = os.pidfd_open(number)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def start(unit: str) -> int:
    if (number := pid(unit)) and (STATE / f"{unit}.stopping").exists():
        ended(number)
    if pid(unit):
        return 0
    (STATE / f"{unit}.stopping").unlink(missing_ok=True)
    found = settings(unit)
    environment = dict(os.environ)
    for path in found.get("EnvironmentFile", []):
        if path.startswith("-") and not Path(path[1:]).exists():
            continue
        pairs = [line.partition("=") for line in Path(path.lstrip("-")).read_text().splitlines() if "=" in line]
        environment.update({name: value.strip("'") for name, _, value in pairs})
    for line in found.get("Environment", []):
        environment.update(dict(pair.split("=", 1) for pair in line.split()))
    for folder in found.get("RuntimeDirectory", []):
        (RUN / folder.removeprefix("dream/")).mkdir(parents=True, exist_ok=True)
    command = found["ExecStart"][0].split()
    if not Path(command[0]).exists():
        print(f"{command[0]} is not there", file=sys.stderr)
        return 1
    filter_ = STATE / "filters" / f"{unit.partition('@')[0].removesuffix('.service')}"
    with (STATE / f"{unit}.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, str(CONFINE), str(filter_), group(unit, found), *command],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (STATE / f"{unit}.pid").write_text(str(process.pid))
    return 0


def group(unit: str, found: dict[str, list[str]]) -> str:
    """The unit's control group, with its limits set, "-" where there is none."""
    place = os.environ.get("SUPERVISOR_GROUPS")
    if place is None or "MemoryMax" not in found:
        return "-"
    folder = Path(place) / unit
    folder.mkdir(exist_ok=True)
    most = int(found["MemoryMax"][0].removesuffix("M"))
    with_swap = most + int(found["MemorySwapMax"][0].removesuffix("M"))
    for name, mebibytes in (("memory", most), ("memory.memsw", with_swap)):
        (folder / f"{name}.limit_in_bytes").write_text(f"{mebibytes}M")
    return str(folder)


def stop(unit: str) -> int:
    found = settings(unit)
    if number := pid(unit):
        (STATE / f"{unit}.stopping").touch()
        os.kill(number, signal.SIGTERM)
        if not ended(number, float(found.get("TimeoutStopSec", ["90"])[0])):
            os.killpg(number, signal.SIGKILL)
    for folder in found.get("RuntimeDirectory", []):
        shutil.rmtree(RUN / folder.removeprefix("dream/"), ignore_errors=True)
    (STATE / f"{unit}.stopping").unlink(missing_ok=True)
    return 0


def main(arguments: list[str]) -> int:
    options = {word for word in arguments if word.startswith("--")}
    words = [word for word in arguments if not word.startswith("--") and word != "ActiveState"]
    verb, unit = words[0], words[1]
    if "--no-block" in options:
        subprocess.Popen(
            [sys.executable, __file__, verb, unit], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if verb == "stop" and pid(unit):
            (STATE / f"{unit}.stopping").touch()
        return 0
    if verb == "start":
        return start(unit)
    if verb == "stop":
        return stop(unit)
    if verb == "restart":
        return stop(unit) or start(unit)
    stopping = (STATE / f"{unit}.stopping").exists()
    if verb == "is-active":
        return 0 if pid(unit) and not stopping else 3
    print(("deactivating" if stopping else "active") if pid(unit) else "inactive")  # show
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
