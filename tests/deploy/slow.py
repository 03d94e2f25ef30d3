"""Clients that hold on to what they were given: requests that are never whole, and streams that nobody reads."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from types import TracebackType
from typing import Any

from tests.deploy.front import HOST, Front

EVERY_SECONDS = 0.5
HEAD = f"POST /api/v1/stories HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
BODY = HEAD + "Content-Length: 100000\r\n\r\n"


class SlowSenders:
    """So many requests of which a byte comes every half second, every other one in its head and in its body. One that
    NGINX ends begins again.
    """

    def __init__(self, front: Front, count: int) -> None:
        self._front, self._count = front, count
        self._context = front.context()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._all(),))
        self._begun = threading.Semaphore(0)
        self._over = asyncio.Event()
        self.connections = 0

    def __enter__(self) -> SlowSenders:
        self._thread.start()
        for _ in range(self._count):
            assert self._begun.acquire(timeout=120)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(60)
        self._loop.close()

    async def _all(self) -> None:
        senders = [asyncio.create_task(self._again_and_again(number)) for number in range(self._count)]
        await self._over.wait()
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)

    async def _again_and_again(self, number: int) -> None:
        first = True
        while True:
            try:
                await self._send(number, first)
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(EVERY_SECONDS)
            first = False

    async def _send(self, number: int, first: bool) -> None:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", self._front.https, ssl=self._context, server_hostname=HOST,
            local_addr=(f"127.0.3.{number // 50 + 1}", 0),
        )  # fmt: skip
        try:
            writer.write((HEAD if number % 2 else BODY).encode())
            self.connections += 1
            if first:
                self._begun.release()
            while not writer.transport.is_closing():
                writer.write(b"x" if number % 2 == 0 else b"X-Slow: 1\r\n")
                await writer.drain()
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            writer.transport.abort()


class NeverReading:
    """Readers who begin stories, ask for their events and take none; ten from each address."""

    def __init__(self, front: Front, count: int) -> None:
        self._front, self._count = front, count
        self._held: list[ssl.SSLSocket] = []

    def __enter__(self) -> NeverReading:
        for number in range(self._count):
            address = f"127.0.4.{number // 10 + 1}"
            with self._front.client(address) as client:
                answer = client.post("/api/v1/stories", json={"premise": "A keeper who may not lie"})
                answer.raise_for_status()
            self._held.append(self._ask(address, answer.json()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for held in self._held:
            held.close()

    def _ask(self, address: str, begun: dict[str, Any]) -> ssl.SSLSocket:
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.bind((address, 0))
        plain.connect(("127.0.0.1", self._front.https))
        secure = self._front.context().wrap_socket(plain, server_hostname=HOST)
        head = (f"GET {begun['events']} HTTP/1.1", f"Host: {HOST}", f"Authorization: Bearer {begun['reader_token']}")
        secure.sendall("\r\n".join((*head, "", "")).encode())
        return secure
