"""Time from a bundle on the disk to the new release serving, beside the naive way: a fresh environment, pip install of
its requirements with torch from the index, restart.

    python -m benchmarks.deploy.duration [--bundle DIR]

Both sides first on an empty host and then again with unchanged dependencies, when pip has all its downloads cached.
dream's side is the bundle that scripts/build makes (or one made before, in DIR), its hooks, the real NGINX and Chroma's
server, until the hook that lets readers in has ended. Its first deployment also reads the starter corpus in
(in AfterInstall) and is let in only when it has told a story; the naive side does neither.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.deploy.naive import Naive
from dream.retrieval.export.manifest import find_model
from dream.settings import Settings
from tests.deploy import bundles
from tests.deploy.agent import Deployment
from tests.deploy.host import RehearsalHost

Parts = dict[str, float]


def naive(folder: Path) -> tuple[Parts, Parts]:
    """Seconds of a first deployment and of one with unchanged dependencies."""
    stack = Naive(folder)
    found = []
    for _ in range(2):
        began = time.monotonic()
        stack.install(folder / "cache")
        installed = time.monotonic()
        with stack.serving():
            served = time.monotonic()
        found.append({"pip install": installed - began, "restart": served - installed})
    return found[0], found[1]


def ours(folder: Path, bundle: Path) -> tuple[Parts, Parts]:
    """The same of dream, on a host that has never seen the bundle's dependencies."""
    with RehearsalHost(folder / "host") as host:
        first = host.deploy(bundle)
        compiled = next((host.root / "environments").iterdir()) / "compiled"
        while not first.failed and not compiled.exists():  # no deployment follows another within seconds
            time.sleep(0.5)
        second = host.deploy(bundles.variant(bundle, "second", {}, folder))
    for deployed in (first, second):
        if deployed.failed:
            sys.exit(f"{deployed.said}\n{deployed.failed} failed")
    return serving(first), serving(second)


def serving(deployed: Deployment) -> Parts:
    """What it took until readers were let in."""
    before = list(deployed.seconds)[: list(deployed.seconds).index("ValidateService")]
    return {event: deployed.seconds[event] for event in before}


def show(what: str, naively: Parts, deployed: Parts) -> None:
    print(f"\n{what}, seconds until the new release serves")
    for side, parts in (("naive", naively), ("dream", deployed)):
        told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items() if seconds >= 0.05)
        print(f"  {side:8}{sum(parts.values()):8.1f}   ({told})")
    print(f"  dream takes {1 - sum(deployed.values()) / sum(naively.values()):.1%} less")


def size(*folders: Path) -> float:
    """MiB of files, each once."""
    files = {
        (found.st_dev, found.st_ino): found.st_size
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and (found := path.stat())
    }
    return sum(files.values()) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path)
    given = parser.parse_args()
    model = find_model(Settings())
    if model is None:
        sys.exit("There is no exported model: run scripts/setup first.")
    with tempfile.TemporaryDirectory(prefix="dream-deploy-") as name:
        folder = Path(name)
        bundle = given.bundle or bundles.build(folder / "bundle", model, None)
        (folder / "naive").mkdir()
        naively, deployed = naive(folder / "naive"), ours(folder, bundle)
        show("A first deployment", naively[0], deployed[0])
        show("Dependencies unchanged", naively[1], deployed[1])
        print(f"\nMiB: the bundle {size(bundle):.0f}", end="")
        print(f" (wheels {size(bundle / 'wheels'):.0f}, model {size(bundle / 'model'):.0f})", end="")
        print(f"; what pip downloads for the naive stack {size(folder / 'naive' / 'cache'):.0f}", end="")
        print(f", its environment {size(Naive(folder / 'naive').environment):.0f}")


if __name__ == "__main__":
    main()
