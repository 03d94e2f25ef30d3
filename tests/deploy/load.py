"""Readers while the host changes under them: clients that ask, and streams that are followed to their end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

from tests.deploy.front import Front

PATHS = ("/", "/works", "/api/v1/corpora", "/api/v1/works", "/livez", "/version")
BRIEF = {"premise": "A keeper who may not lie", "length": "long"}


@dataclass
class Stream:
    """What one reader saw of a story; `reconnects` counts the lines that ended before the story did."""

    numbers: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    text: str = ""
    stored: str = ""
    reconnects: int = 0

    @property
    def whole(self) -> bool:
        in_order = self.numbers == list(range(1, len(self.numbers) + 1))
        return in_order and self.names[-1:] == ["told"] and self.text == self.stored and self.reconnects == 0


class Readers:
    """Begins `streams` stories and `clients` who ask without a pause, until the block ends; then the streams end by
    themselves. Every client and every ten streams come from an address of their own, as readers do.
    """

    def __init__(self, front: Front, clients: int, streams: int) -> None:
        self._front = front
        self.asked = 0
        self.failed: list[str] = []
        self.streams = [Stream() for _ in range(streams)]
        self._over = threading.Event()
        self._live = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]
        self._followers = [threading.Thread(target=self._follow, args=pair) for pair in enumerate(self.streams)]

    def __enter__(self) -> Readers:
        for thread in [*self._followers, *self._threads]:
            thread.start()
        for _ in self._followers:
            assert self._live.acquire(timeout=120), self.failed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in [*self._threads, *self._followers]:
            thread.join(300)

    def _ask(self, number: int) -> None:
        with self._front.client(f"127.0.1.{number + 1}") as client:
            while not self._over.is_set():
                path = PATHS[self.asked % len(PATHS)]
                try:
                    answer = client.get(path)
                    wrong = "" if answer.status_code == 200 else f"{path}: {answer.status_code} {answer.text[:200]}"
                except httpx.HTTPError as error:
                    wrong = f"{path}: {error!r}"
                self.asked += 1
                if wrong:
                    self.failed.append(wrong)
                self._over.wait(0.05)

    def _follow(self, number: int, stream: Stream) -> None:
        try:
            with self._front.client(f"127.0.2.{number // 5 + 1}") as client:
                answer = client.post("/api/v1/stories", json={**BRIEF, "seed": number})
                answer.raise_for_status()
                begun: dict[str, Any] = answer.json()
                reader = {"Authorization": f"Bearer {begun['reader_token']}"}
                while stream.names[-1:] != ["told"] and stream.reconnects < 5:
                    self._read(client, begun["events"], reader, stream)
                stream.stored = client.get(begun["scene"]["url"], headers=reader).json()["text"]
        except (httpx.HTTPError, KeyError) as error:
            self.failed.append(f"stream {number}: {error!r}")
        finally:
            self._live.release()

    def _read(self, client: httpx.Client, events: str, reader: dict[str, str], stream: Stream) -> None:
        last = str(stream.numbers[-1]) if stream.numbers else "0"
        try:
            with client.stream("GET", events, headers={**reader, "Last-Event-ID": last}) as answer:
                for number, name, data in _events(answer.iter_lines()):
                    stream.numbers.append(number)
                    stream.names.append(name)
                    if name == "delta":
                        stream.text += json.loads(data)["text"]
                        self._live.release() if stream.names.count("delta") == 1 else None
        except httpx.HTTPError:
            pass
        if stream.names[-1:] != ["told"]:
            stream.reconnects += 1


def _events(lines: Iterator[str]) -> Iterator[tuple[int, str, str]]:
    held: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            held[name] = value
        elif "data" in held:
            yield int(held["id"]), held["event"], held["data"]
            held = {}
