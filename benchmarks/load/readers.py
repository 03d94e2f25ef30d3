"""Readers: a load client in a process of its own. Each reader asks for a story and follows it to its end.

    python -m benchmarks.load.readers '{"port": 8000, "way": "dream", "stories": 50, "pieces": 500, ...}'

It prints a line of JSON when all stories have their first piece, one when the first has its last piece, and one with
the result. `way` is how the server is asked: "dream" posts and then follows the events; "plain" reads the story from
the post's answer; "upstream" asks the fake upstream itself, by its `model`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.moment import UNIT, now, since

PREMISE = (
    "A ferryman who has forgotten the far bank rows a salt tax collector across the river by night, and neither speaks."
)
SETTLE_SECONDS = 0.1
"""Between readers who come one after the other: what a server does after a story's end is not the next one's."""
_ENDS = ("told", "stopped", "interrupted", "failed")


@dataclass(frozen=True)
class Wanted:
    """`starting` is stories a second, 0 all at once; `in_turn` lets each end before the next begins. Each story has so
    many `pieces`.
    """

    port: int
    way: str
    stories: int
    pieces: int
    followers: int = 1
    starting: float = 0
    in_turn: bool = False
    model: str = ""


@dataclass
class Follower:
    """What one follower saw; times are in units of benchmarks.load.moment."""

    asked: int = 0
    first: int = 0
    pieces: int = 0
    last: int = 0
    gaps: list[int] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    ended: bool = False

    def see(self, text: str) -> None:
        """A part of the story: words that say when the upstream sent them."""
        words, moment = text.replace(".", "").split(), now()
        if not words:
            return
        self.first = self.first or moment
        if self.last:
            self.gaps.append(moment - self.last)
        self.last = moment
        self.pieces += len(words)
        self.lags.extend(since(word, moment) for word in words)

    def is_whole(self, pieces: int) -> bool:
        """Whether everything came, once and in order."""
        return self.ended and self.pieces == pieces and self.numbers == list(range(1, len(self.numbers) + 1))


class Load:
    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._seen = [Follower() for _ in range(wanted.stories * wanted.followers)]
        self._waiting = len(self._seen)
        self._ended = False

    async def run(self) -> dict[str, Any]:
        tell = {"dream": self._dream, "plain": self._plain, "upstream": self._upstream}[self._wanted.way]
        tellings = []
        for number in range(self._wanted.stories):
            mine = self._seen[number * self._wanted.followers : (number + 1) * self._wanted.followers]
            tellings.append(asyncio.create_task(tell(mine)))
            if self._wanted.in_turn:
                await asyncio.wait(tellings[-1:])
                await asyncio.sleep(SETTLE_SECONDS)
            elif self._wanted.starting:
                await asyncio.sleep(1 / self._wanted.starting)
        errors = [error for error in await asyncio.gather(*tellings, return_exceptions=True) if error is not None]
        return self._result([repr(error) for error in errors])

    async def _dream(self, followers: list[Follower]) -> None:
        for follower in followers:
            follower.asked = now()
        begun = json.loads(await self._begin("/api/v1/stories"))
        await asyncio.gather(*(self._follow(follower, begun) for follower in followers))

    async def _begin(self, path: str) -> bytes:
        reader, writer = await self._ask("POST", path, {"premise": PREMISE})
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.read()
        writer.close()
        if b" 201 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(head.split(b"\r\n")[0].decode())
        return body

    async def _follow(self, follower: Follower, begun: dict[str, Any]) -> None:
        reader, writer = await self._ask("GET", begun["events"], token=begun["reader_token"])
        name = ""
        async for line in reader:
            if line.startswith(b"id: "):
                follower.numbers.append(int(line[4:]))
            elif line.startswith(b"event: "):
                name = line[7:].strip().decode()
            elif line.startswith(b"data: ") and name == "delta":
                self._see(follower, json.loads(line[6:])["text"])
            elif line.startswith(b"data: ") and name in _ENDS:
                follower.ended = name == "told"
        writer.close()

    async def _plain(self, followers: list[Follower]) -> None:
        async for said in self._answered(followers[0], "/story", {"premise": PREMISE}):
            self._see(followers[0], said["text"])

    async def _upstream(self, followers: list[Follower]) -> None:
        body = {"model": self._wanted.model, "stream": True, "messages": [{"role": "user", "content": PREMISE}]}
        async for said in self._answered(followers[0], "/v1/chat/completions", body):
            self._see(followers[0], said["choices"][0]["delta"].get("content", ""))

    async def _answered(self, follower: Follower, path: str, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The events of a post's own answer, up to [DONE]."""
        follower.asked = now()
        reader, writer = await self._ask("POST", path, body)
        async for line in reader:
            if line.startswith(b"data: [DONE]"):
                follower.ended = True
            elif line.startswith(b"data: "):
                yield json.loads(line[6:])
        writer.close()

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, token: str = ""
    ) -> tuple[StreamReader, StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._wanted.port, limit=1 << 20)
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        sent = "" if body is None else json.dumps(body)
        if sent:
            lines += ["Content-Type: application/json", f"Content-Length: {len(sent)}"]
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + sent).encode())
        return reader, writer

    def _see(self, follower: Follower, text: str) -> None:
        fresh = not follower.first
        follower.see(text)
        if fresh and follower.first:
            self._waiting -= 1
            if not self._waiting:
                self._say("begun")
        if follower.pieces >= self._wanted.pieces and not self._ended:
            self._ended = True
            self._say("ending")

    def _say(self, moment: str) -> None:
        stories = self._seen[:: self._wanted.followers]
        print(json.dumps({"moment": moment, "pieces": sum(story.pieces for story in stories)}), flush=True)

    def _result(self, errors: list[str]) -> dict[str, Any]:
        seen = self._seen
        return {
            "moment": "result",
            "pieces": sum(story.pieces for story in seen[:: self._wanted.followers]),
            "whole": sum(follower.is_whole(self._wanted.pieces) for follower in seen),
            "first": _quantiles([follower.first - follower.asked for follower in seen if follower.first]),
            "gap": _quantiles([gap for follower in seen for gap in follower.gaps]),
            "lag": _quantiles([lag for follower in seen for lag in follower.lags]),
            "errors": errors[:3],
        }


def _quantiles(units: list[int]) -> dict[str, float]:
    """Milliseconds: the median and the 99th percentile."""
    ordered = sorted(units) or [0]
    return {
        name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] * UNIT
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Load(Wanted(**json.loads(sys.argv[1]))).run())), flush=True)
