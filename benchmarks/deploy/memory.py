"""Memory of a whole host's processes, one by one, under the limits of their units: idle, and while 100 streams are
followed, an author's texts are read and a deployment goes on, so that both colours are up.

    python -m benchmarks.deploy.memory [--streams N] [--spike] [--naive FOLDER]

The bundle that scripts/build makes, its hooks, the real NGINX and Chroma's own server. Each group's PSS is summed from
/proc/<pid>/smaps_rollup; the most of each, and of their sum at one moment, as shares of a host of 2 GiB. Limits are
control groups of version 1, which take root. --spike has the web ask for more memory than its unit may have. --naive
measures the naive stack too, under as many readers as it has workers; FOLDER holds its environment, which is made where
it is not there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.deploy.naive import WORKERS, Naive, ask
from benchmarks.load.rig import upstream
from benchmarks.memory import pss
from dream.retrieval.export.manifest import find_model
from dream.settings import Settings
from tests.deploy import bundles
from tests.deploy.groups import control_groups
from tests.deploy.host import RehearsalHost
from tests.deploy.load import Readers

HOST_MIB = 2048
SETTINGS = {"loom_pace": 14, "threads": 144, "followers": 120, "tellings": 120, "drain_seconds": 300}
TALES = Path(__file__).resolve().parents[2] / "corpus"
SPIKE = """from flask import request
    held = bytearray(int(request.args.get("spike", 0)) << 20)  # zeros, each written
    return jsonify"""


class Watch:
    """Samples groups of processes, named by the files that hold their ids, until the block ends."""

    def __init__(self, groups: Callable[[], dict[str, Path]]) -> None:
        self._groups = groups
        self._over = threading.Event()
        self.most: dict[str, float] = {}
        self.together = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            now = {name: group(path) for name, path in self._groups().items()}
            for name, held in now.items():
                self.most[name] = max(self.most.get(name, 0.0), held)
            self.together = max(self.together, sum(now.values()))


def group(pid_file: Path) -> float:
    """MiB of a process and all that it began."""
    try:
        waiting, held = [int(pid_file.read_text())], 0.0
    except (OSError, ValueError):
        return 0.0
    while waiting:
        pid = waiting.pop()
        try:
            held += pss(pid)
            children = Path(f"/proc/{pid}/task").glob("*/children")
            waiting += [int(child) for path in children for child in path.read_text().split()]
        except (OSError, AssertionError):
            continue  # it ended meanwhile
    return held


def groups(host: RehearsalHost) -> dict[str, Path]:
    units = {path.name.removesuffix(".service.pid"): path for path in host.state.glob("*.pid")}
    return {**units, "nginx": host.front.folder / "nginx.pid"}


def show(what: str, watch: Watch) -> None:
    print(f"\n{what}: the most of each, MiB")
    for name, held in sorted(watch.most.items()):
        print(f"  {name:24}{held:8.0f}")
    print(f"  {'together at one moment':24}{watch.together:8.0f}   {watch.together / HOST_MIB:.1%} of {HOST_MIB} MiB")
    sys.stdout.flush()


def busy(host: RehearsalHost, bundle: Path, streams: int) -> None:
    """Streams, an author's upload and a deployment at once."""
    host.dream("user", "add", "busy-author")
    token = host.dream("user", "token", "busy-author").split()[0]
    headers = {"Authorization": f"Bearer {token}"}
    files = [("files", (path.name, path.read_bytes())) for path in sorted(TALES.rglob("*.md"))]
    with (
        Watch(lambda: groups(host)) as watch,
        Readers(host.front, clients=8, streams=streams) as readers,
        host.front.client("127.0.3.1") as author,
    ):
        brought = author.post("/api/v1/works", headers=headers, data={"rights": "yes"}, files=files)
        brought.raise_for_status()
        deployed = host.deploy(bundle)
        assert not deployed.failed, deployed.said
        read = wait_until_read(author, headers)
    show(f"{streams} streams, an upload being read, a deployment", watch)
    whole = sum(stream.whole for stream in readers.streams)
    print(f"  {len(readers.failed)} requests failed of {readers.asked}; {whole} of {streams} streams whole", end="")
    print(f"; {read} texts read")


def wait_until_read(author: httpx.Client, headers: dict[str, str]) -> int:
    """How many texts were read, once none waits."""
    while True:
        jobs = author.get("/api/v1/jobs", headers=headers).json()["jobs"]
        if all(job["outcome"] for job in jobs):
            return len(jobs)
        time.sleep(1)


def spike(host: RehearsalHost, bundle: Path, mebibytes: int) -> None:
    """A worker of the web asks for more than its unit may have."""
    assert not host.deploy(bundle).failed
    others = {name: path.read_text() for name, path in groups(host).items()}
    began = time.monotonic()
    with host.front.client() as client:
        try:
            answered = str(client.get("/version", params={"spike": mebibytes}).status_code)
        except httpx.HTTPError as error:
            answered = type(error).__name__
        host.wait_until_served()
    kept = [name for name, pid in others.items() if groups(host)[name].read_text() == pid]
    print(f"\na spike of {mebibytes} MiB in the web: answered with {answered}; readers were served again after", end="")
    print(f" {time.monotonic() - began:.1f} s; units whose process never ended: {', '.join(sorted(kept))}")


def naive(folder: Path) -> None:
    """The naive stack with as many readers as it has workers."""
    stack = Naive(folder)
    if not stack.python.exists():
        stack.install(folder / "cache")
    if not (folder / "store").exists():
        stack.fill(TALES)
    with upstream(0) as port, stack.serving(port) as (pid, client):
        (folder / "pid").write_text(str(pid))
        with Watch(lambda: {f"gunicorn, {WORKERS} workers": folder / "pid"}) as watch:
            for _ in range(3):
                ask(client, WORKERS)
    show(f"the naive stack, {WORKERS} readers", watch)


@contextmanager
def limited(host: RehearsalHost) -> Iterator[None]:
    """Every unit that begins in the block has the limits that it says."""
    with control_groups() as place:
        if place is None:
            print("This machine lets nobody limit memory: the figures hold without the units' limits.")
        else:
            host.environment["SUPERVISOR_GROUPS"] = str(place)
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--spike", action="store_true")
    parser.add_argument("--naive", type=Path)
    given = parser.parse_args()
    model = find_model(Settings())
    if model is None:
        sys.exit("There is no exported model: run scripts/setup first.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wheels").mkdir()
        (folder / "wheels" / "none.whl").touch()
        bundle = bundles.build(folder / "bundle", model, folder / "wheels")
        with RehearsalHost(folder / "h", **SETTINGS) as host, limited(host):
            host.lend_environment(bundle)
            assert not host.deploy(bundle).failed
            with Watch(lambda: groups(host)) as idle:
                threading.Event().wait(10)
            show("idle, one colour", idle)
            host.set(loom_pace=0)
            busy(host, bundles.variant(bundle, "second", {}, folder), given.streams)
            if given.spike:
                edits = {"dream/web/health.py": ("return jsonify(version", f"{SPIKE}(version")}
                spike(host, bundles.variant(bundle, "spiking", edits, folder), 900)
                spike(host, bundles.variant(bundle, "spiking-more", edits, folder), 2000)
    if given.naive:
        given.naive.mkdir(exist_ok=True)
        naive(given.naive)


if __name__ == "__main__":
    main()
