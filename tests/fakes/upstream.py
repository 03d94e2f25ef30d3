"""A fake OpenAI-compatible server: `python -m tests.fakes.upstream --port 0` prints its port and serves until killed.

- `POST /v1/chat/completions` plays the scenario that the model's name, else the script, asks for.
- `POST /script` sets the scenario, as JSON: the fields of tests.fakes.scenario.Scenario.
- `POST /latch/<name>/release` lets the streams that wait there go on.
- `POST /reset` forgets everything and ends every stream.
- `GET /seen` says what has happened so far; `?requests=2` and `?open=0` wait until it has, 10 seconds at most.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections import defaultdict
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.play import Play, respond
from tests.fakes.scenario import Scenario


class Upstream:
    """What the server knows. `counters` are what tests look at."""

    def __init__(self) -> None:
        self.changed = asyncio.Condition()
        self.streams: set[asyncio.Task[None]] = set()
        self.forget()

    def forget(self) -> None:
        self.scenario = Scenario()
        self.counters = {"requests": 0, "pieces": 0, "open": 0, "closed_by_client": 0, "finished": 0}
        self.last: dict[str, Any] = {}
        self.latches: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def count(self, name: str, by: int = 1) -> None:
        async with self.changed:
            self.counters[name] += by
            self.changed.notify_all()

    async def seen(self, wanted: dict[str, int]) -> dict[str, Any]:
        async with self.changed:
            with suppress(TimeoutError):
                reached = self.changed.wait_for(
                    lambda: all(self._reached(name, count) for name, count in wanted.items())
                )
                await asyncio.wait_for(reached, 10)
        return {**self.counters, "last": self.last}

    def _reached(self, name: str, count: int) -> bool:
        """At least so many; of those open at most."""
        return self.counters[name] <= count if name == "open" else self.counters[name] >= count

    async def reset(self) -> None:
        for stream in list(self.streams):
            stream.cancel()
        await asyncio.gather(*self.streams, return_exceptions=True)
        self.forget()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection: requests one after the other."""
        try:
            while await self._request(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: StreamReader, writer: StreamWriter) -> bool:
        first = await reader.readexactly(1)
        if first == b"\x16":  # TLS, which is not spoken here
            return False
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
        url = urlsplit(target)
        if method == "POST" and url.path == "/v1/chat/completions":
            return await self._play(headers, body, reader, writer)
        answered = await self._control(url.path, {name: int(value) for name, value in parse_qsl(url.query)}, body)
        respond(writer, 404 if answered is None else 200, json.dumps(answered).encode())
        return True

    async def _control(self, path: str, query: dict[str, int], body: dict[str, Any]) -> dict[str, Any] | None:
        match path.strip("/").split("/"):
            case ["seen"]:
                return await self.seen(query)
            case ["script"]:
                self.scenario = Scenario.from_script(body)
            case ["latch", name, "release"]:
                self.latches[name].set()
            case ["reset"]:
                await self.reset()
            case _:
                return None
        return {}

    async def _play(
        self, headers: dict[str, str], body: dict[str, Any], reader: StreamReader, writer: StreamWriter
    ) -> bool:
        if key := headers.get("authorization"):
            headers["authorization"] = f"...{key[-4:]}"
        self.last = {"headers": headers, "body": body}
        play = Play(self, self.scenario.named(body.get("model", "")), body, writer)
        playing, gone = asyncio.ensure_future(play.run()), asyncio.ensure_future(reader.read(1))
        self.streams.add(playing)
        await self.count("requests")
        await self.count("open")
        await asyncio.wait({playing, gone}, return_when=asyncio.FIRST_COMPLETED)
        left = not playing.done()
        for task in (playing, gone):
            task.cancel()
        await asyncio.gather(playing, gone, return_exceptions=True)
        self.streams.discard(playing)
        await self.count("open", -1)
        if left:
            await self.count("closed_by_client")
            return False
        return play.whole and not playing.cancelled() and playing.exception() is None


async def main(port: int) -> None:
    server = await asyncio.start_server(Upstream().serve, "127.0.0.1", port, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    asyncio.run(main(parser.parse_args().port))
