"""Play: one scenario on one connection, with its faults."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from asyncio import StreamWriter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.fakes.scenario import Scenario, data, event, usage

if TYPE_CHECKING:
    from tests.fakes.upstream import Upstream

_FOREVER = 3600.0
_SURROGATES = (r"\ud83d", r"\ude00")


class Play:
    """One scenario on one connection. `whole` is whether the connection can be used again."""

    def __init__(self, upstream: Upstream, scenario: Scenario, body: dict[str, Any], writer: StreamWriter) -> None:
        if _asks_for_a_form(body):
            pieces = tuple(scenario.form[at : at + 20] for at in range(0, len(scenario.form), 20))
            scenario = replace(scenario, pieces=pieces)
        self._upstream, self._scenario, self._body, self._writer = upstream, scenario, body, writer
        self._model: str = body.get("model", "")
        self.whole = False

    async def run(self) -> None:
        if self._scenario.before:
            await asyncio.sleep(self._scenario.before)
        if not await self._instead():
            await self._stream()

    async def _instead(self) -> bool:
        """Whether something other than a stream was answered."""
        scenario = self._scenario
        refused = [name for name in scenario.refuses if name in self._body]
        if refused:
            advice = " Use 'max_completion_tokens' instead." if refused[0] == "max_tokens" else ""
            self._refuse(400, f"Unsupported parameter: '{refused[0]}' is not supported with this model.{advice}")
        elif scenario.after:
            return False
        elif scenario.fault.isdigit():
            self._refuse(int(scenario.fault), "The key sk-...rong, the model or the moment was wrong.")
        elif scenario.fault == "html":
            respond(self._writer, 200, b"<!doctype html>\n<title>Welcome</title>\n", "text/html; charset=utf-8")
            self.whole = True
        elif scenario.fault == "json":
            respond(self._writer, 200, b'{"choices":[{"message":{"content":"All at once."},"finish_reason":"stop"}]}')
            self.whole = True
        elif scenario.fault == "hang":
            await asyncio.sleep(_FOREVER)
        elif scenario.fault == "reset" and not scenario.after:
            await self._reset()
        elif scenario.fault != "hangup":
            return False
        return True

    def _refuse(self, status: int, message: str) -> None:
        headers = {"Retry-After": self._scenario.retry_after} if self._scenario.retry_after else {}
        body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
        respond(self._writer, status, json.dumps(body).encode(), headers=headers)
        self.whole = True

    async def _stream(self) -> None:
        scenario = self._scenario
        self._writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        self._send(event(self._model, {"role": "assistant", "content": "", "refusal": None}))
        for number, piece in enumerate(scenario.pieces):
            if number == scenario.after and not await self._middle():
                return
            self._send(event(self._model, {"content": piece}))
            self._upstream.counters["pieces"] += 1
            if scenario.delay:
                await asyncio.sleep(scenario.delay)
        if scenario.after >= len(scenario.pieces) and not await self._middle():
            return
        await self._end()

    async def _middle(self) -> bool:
        """What happens after `after` pieces; whether the stream goes on."""
        async with self._upstream.changed:
            self._upstream.changed.notify_all()
        if self._scenario.latch and self._scenario.fault != "flow":
            await self._upstream.latches[self._scenario.latch].wait()
        if self._scenario.fault.isdigit():
            return self._fail(int(self._scenario.fault))
        fault = getattr(self, "_" + self._scenario.fault.replace("-", "_"), None)
        return True if fault is None else bool(await fault())

    async def _end(self) -> None:
        fault = self._scenario.fault
        finish = {"length": "length", "content-filter": "content_filter", "tool-calls": "tool_calls"}.get(fault, "stop")
        if fault not in ("no-finish", "done-no-finish"):
            self._send(event(self._model, {}, finish))
        if fault == "drop-after-finish":
            return
        if fault == "stall-after-finish":
            await asyncio.sleep(_FOREVER)
        if (self._body.get("stream_options") or {}).get("include_usage"):
            self._send(usage(self._model, len(self._scenario.pieces)))
        if fault != "no-finish":
            self._send(b"data: [DONE]\n\n")
        self._writer.write(b"0\r\n\r\n")
        self.whole = True
        await self._upstream.count("finished")

    def _send(self, content: bytes) -> None:
        if not self._writer.is_closing():  # who asked may have left
            self._writer.write(b"%x\r\n%b\r\n" % (len(content), content))

    # The faults in the middle, by their names: each says whether the stream goes on after it.

    async def _stall(self) -> bool:
        await asyncio.sleep(_FOREVER)
        return False

    async def _drop(self) -> bool:
        return False

    async def _mid_line(self) -> bool:
        self._send(event(self._model, {"content": "never whole"})[:40])
        return False

    async def _reset(self) -> bool:
        raw: socket.socket = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        return False

    async def _comments(self) -> bool:
        while True:
            self._send(b": keepalive\n\n")
            await asyncio.sleep(0.05)

    async def _bad_json(self) -> bool:
        self._send(b'data: {"choices": [{"delta": {"content": "bro\n\n')
        return True

    async def _bad_utf8(self) -> bool:
        self._send(event(self._model, {"content": "broken@"}).replace(b"@", b"\xc3\x28\xff"))
        return True

    async def _error_event(self) -> bool:
        self._send(b"event: error\n" + data({"message": "the engine fell over"}))
        return False

    async def _error_data(self) -> bool:
        self._send(data({"error": {"message": "the engine fell over", "type": "server_error", "code": None}}))
        return False

    async def _error_429(self) -> bool:
        return self._fail(429)

    def _fail(self, code: int) -> bool:
        self._send(data({"error": {"message": "The key, the model or the moment was wrong.", "code": code}}))
        return False

    async def _html(self) -> bool:
        self._send(b"<!doctype html>\n<title>Bad gateway</title>\n")
        return False

    async def _hang(self) -> bool:
        return await self._stall()

    async def _drip(self) -> bool:
        """One byte of a line every 20 ms, without an end to it."""
        self._send(b'data: {"choices": [{"delta": {"content": "')
        while True:
            self._send(b"x")
            await asyncio.sleep(0.02)

    async def _flow(self) -> bool:
        released = self._upstream.latches[self._scenario.latch]
        while not released.is_set() and not self._writer.is_closing():
            self._send(event(self._model, {"content": "on and "}))
            await asyncio.sleep(self._scenario.delay)
        return True

    async def _long_line(self) -> bool:
        megabyte = b"x" * 1_000_000
        self._send(b'data: {"choices": [{"delta": {"content": "')
        for _ in range(50):
            self._send(megabyte)
            await self._writer.drain()
        self._send(b'"}}]}\n\n')
        return True

    async def _empty(self) -> bool:
        await self._end()
        return False

    async def _thinking(self) -> bool:
        self._send(event(self._model, {"reasoning_content": "The reader wants a bell."}))
        self._send(event(self._model, {"reasoning": "Or two bells.", "content": None}))
        return True

    async def _surrogates(self) -> bool:
        for half in _SURROGATES:
            self._send(event(self._model, {"content": "@"}).replace(b"@", half.encode()))
        return True

    async def _lone_surrogate(self) -> bool:
        self._send(event(self._model, {"content": "@"}).replace(b"@", _SURROGATES[0].encode()))
        return True

    async def _controls(self) -> bool:
        self._send(event(self._model, {"content": "a\x00b\x1bc\r\n\td\x7f\x85"}))
        return True

    async def _odd(self) -> bool:
        for content in (None, "", 7, True, ["a", {"type": "text", "text": "b"}], {"text": "c"}):
            self._send(event(self._model, {"content": content, "unknown": {"deep": [1]}}))
        deltas: tuple[object, ...] = (None, [], "text", {}, {"tool_calls": [{"index": 0}]}, {"refusal": "no"})
        for delta in deltas:
            self._send(event(self._model, delta))
        another = {"index": 1, "delta": {"content": "another choice"}}
        listed: tuple[object, ...] = (None, [], {}, "x", [None], [{}], [another])
        for choices in listed:
            self._send(event(self._model, {}, choices=choices, usage="lots", obfuscation="aB3"))
        self._send(b"id: 7\nretry: 3000\nevent: message\r\n:\n\ndata:\n\n")
        return True


def _asks_for_a_form(body: dict[str, Any]) -> bool:
    """By the option for it, or in words alone."""
    messages = body.get("messages") or [{}]
    return "response_format" in body or "one JSON object" in str(messages[-1].get("content"))


def respond(
    writer: StreamWriter,
    status: int,
    body: bytes,
    kind: str = "application/json",
    headers: dict[str, str] | None = None,
) -> None:
    lines = {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"HTTP/1.1 {status} Played\r\n{head}\r\n".encode() + body)
