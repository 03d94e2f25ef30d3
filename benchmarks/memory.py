"""Memory of the serving process after 20 stories on the starter corpus, with fp32 and int8, and where it goes.

    python -m benchmarks.memory

PSS from /proc/<pid>/smaps_rollup. First the parts, loaded one after the other in a process of their own; then
the real service.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.home import starter_home
from tests.serving import Serving

STORIES = 20
PREMISES = [
    "A keeper who may not lie",
    "A pedlar sells a button",
    "등대지기가 거짓말을 한다",
    "A bell rings under the sea",
]


def pss(pid: int | str = "self") -> float:
    """Proportional set size in MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no Pss line")


def main() -> None:
    with starter_home() as home:
        for precision in ("fp32", "int8"):
            print(f"\n{precision}: the parts, one after the other")
            sys.stdout.flush()
            environment = {
                **os.environ,
                "DREAM_HOME": str(home),
                "DREAM_EMBEDDING_PRECISION": precision,
                "DREAM_LOOM_PACE": "0",
            }
            subprocess.run([sys.executable, "-m", "benchmarks.memory", "parts"], env=environment, check=True)
            _serve(home, precision)


def parts() -> None:
    """Loads what a service is made of, part by part, and prints what each one adds."""
    before = 0.0

    def step(name: str, load: Callable[[], object]) -> object:
        nonlocal before
        loaded = load()
        now = pss()
        print(f"  {name:42} {now - before:+7.1f}   {now:7.1f} MiB")
        before = now
        return loaded

    step("the interpreter", lambda: None)
    step("numpy", lambda: __import__("numpy"))
    step("SQLAlchemy", lambda: __import__("sqlalchemy.orm"))
    step("Flask, pydantic, gunicorn and dream's own", lambda: (__import__("dream.serving"), __import__("dream.web")))
    app = step("the application on its data", lambda: __import__("dream").create_app())
    service = app.extensions["dream"]  # type: ignore[attr-defined]  # a Flask application
    step("onnxruntime and the model", lambda: service.embedder().embed_query("once upon a time"))
    step("Chroma, opened and asked", service.warm)
    step("Chroma's collection", lambda: service.search("a bell"))
    service.close()


def _serve(home: Path, precision: str) -> None:
    with Serving(home, embedding_precision=precision, loom_pace=0) as serving:
        (worker,) = serving.workers()
        fresh = pss(worker)
        for number in range(STORIES):
            begun = serving.client.post(
                "/api/v1/stories", json={"premise": PREMISES[number % len(PREMISES)], "seed": number}
            ).json()
            with serving.follow(begun["events"], begun["reader_token"]) as events:
                assert [name for _, name, _ in events][-1] == "told"
        told, parent = pss(worker), pss(serving.process.pid)
    print(
        f"{precision}: the serving process when ready {fresh:.0f} MiB, "
        f"after {STORIES} stories {told:.0f} MiB (its supervisor {parent:.0f} MiB)"
    )


if __name__ == "__main__":
    parts() if sys.argv[1:] == ["parts"] else main()
