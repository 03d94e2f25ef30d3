"""Body: a provider's answer, read from its socket once the client has read the head.

The client's layers cost more than all else that is done with a piece that comes alone: benchmarks/piece_cost.py shows
it. Streams come in two framings, and these are read here; any other is left to the client.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dream.sockets import MOST, receive
from dream.storytelling.faults import Broken

HEAD_LIMIT = 1 << 17  # bytes; the client itself takes no longer head
_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?")
_SIZE_LIMIT = 1024


class Tap:
    """Listens to what the client reads from a connection, up to the end of the answer's head."""

    def __init__(self) -> None:
        self._stream: Any = None
        self._heard: bytes | None = None
        self._connected: socket.socket | None = None

    def listen(self, stream: Any) -> None:
        """Takes the client's stream of a new connection, or of a layer above it; what came before is forgotten."""
        read, self._stream, self._heard = stream.read, stream, b""

        def heard(most: int, timeout: float | None = None) -> bytes:
            data: bytes = read(most, timeout)
            if self._heard is not None:
                self._heard = self._heard + data if len(self._heard) <= HEAD_LIMIT else None
            return data

        stream.read = heard

    def body(self, headers: Mapping[str, str], silence: float) -> Iterator[bytes] | None:
        """The answer's body; None where only the client knows how to read it. Raises Broken, as it is iterated."""
        begun, self._heard = _begun(self._heard or b""), None
        coding = headers.get("transfer-encoding", "").lower()
        if begun is None or "content-length" in headers or coding not in ("", "chunked"):
            return None
        if headers.get("content-encoding", "identity") != "identity":
            return None
        connected: socket.socket = self._stream.get_extra_info("socket")
        if not hasattr(connected, "recv"):
            return None  # a layer that has no socket of its own
        connected.settimeout(silence)
        self._connected = connected
        raw = _raw(begun, connected)
        return unframed(raw) if coding else raw

    def unblock(self) -> socket.socket | None:
        """The connection, which never waits from now on: the body is then b"" where nothing has come yet. None where
        the client reads it.
        """
        if self._connected:
            self._connected.settimeout(0)
        return self._connected


def _begun(heard: bytes) -> bytes | None:
    """What came of the body with the head; None where this is no answer of HTTP/1."""
    while heard.startswith(b"HTTP/1."):
        head, found, rest = heard.partition(b"\r\n\r\n")
        if not found:
            return None
        if head[9:10] != b"1":  # a 100 or the like comes before the answer
            return rest
        heard = rest
    return None


def _raw(begun: bytes, connected: socket.socket) -> Iterator[bytes]:
    if begun:
        yield begun
    plain = not isinstance(connected, ssl.SSLSocket)
    while True:
        at_once = connected.gettimeout() == 0 and plain
        try:
            data = receive(connected) if at_once else connected.recv(MOST)
        except (BlockingIOError, ssl.SSLWantReadError):
            yield b""
            continue
        except TimeoutError:
            raise Broken("provider_silent") from None
        except OSError:
            raise Broken("cut_off") from None
        if not data:
            return
        yield data
        # TLS may hold more than the socket shows; of a plain one, what is left is heard of again.
        if at_once:
            yield b""


def unframed(raw: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a chunked body, as far as it has come each time. Raises Broken where its end never came."""
    chunks = Chunks()
    for data in raw:
        content = chunks.feed(data)
        if content or not data:
            yield content
        if chunks.over:
            return
    raise Broken("cut_off")


class Chunks:
    """Takes the frames of a chunked body away. `over` once its end has come."""

    def __init__(self) -> None:
        self._held = b""
        self._left = 0  # bytes of the chunk that are to come, with its line end
        self.over = False

    def feed(self, data: bytes) -> bytes:
        held, content = self._held + data, []
        while held and not self.over:
            if self._left > 2:
                piece = held[: self._left - 2]
                content.append(piece)
                held, self._left = held[len(piece) :], self._left - len(piece)
            elif self._left:
                ended = held[: self._left]
                held, self._left = held[len(ended) :], self._left - len(ended)
            else:
                line, found, rest = held.partition(b"\r\n")
                if not found:
                    break
                held, self._left = rest, _size(line) + 2
                self.over = self._left == 2
        if len(held) > _SIZE_LIMIT and not self.over:
            raise Broken("provider_garbled")
        self._held = held
        return b"".join(content)


def _size(line: bytes) -> int:
    size = _SIZE.fullmatch(line)
    if size is None:
        raise Broken("provider_garbled")
    return int(size[1], 16)
