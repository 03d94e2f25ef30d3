"""A fake OpenAI-compatible server made to be light: `python -m benchmarks.load.upstream` prints its port.

The model's name says what it tells: `50x200` is 200 pieces, 50 a second; `0x2000` 2,000 as fast as they are taken;
`played` what was last asked for at `/play/50x200`, so that no server has to be launched again for it. A piece is a word
of five letters that says when it was sent (benchmarks.load.moment); twenty make a sentence. A form is filled in with
one piece. `/spent` answers this process's own CPU seconds, so that a rig can show that it was not the bottleneck.
"""

from __future__ import annotations

import asyncio
import json
import time
from asyncio import StreamReader, StreamWriter

from benchmarks.load.moment import now, word

BEFORE_SECONDS = 0.05
SENTENCE = 20
PLAYED = "played"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
PIECE = (
    b'data: {"id":"chatcmpl-load","object":"chat.completion.chunk","created":1741570283,"model":"load","choices":'
    b'[{"index":0,"delta":{"content":"%b%b "},"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
)
END = (
    b'data: {"id":"chatcmpl-load","object":"chat.completion.chunk","created":1741570283,"model":"load","choices":'
    b'[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}\n\ndata: [DONE]\n\n'
)


_playing = ["0x20"]


async def serve(reader: StreamReader, writer: StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        lengths = [line.split(":")[1] for line in head if line.lower().startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0])) if lengths else b"{}"
        if head[0].startswith("GET /spent"):
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%.4f" % time.process_time())
        elif head[0].startswith("GET /play/"):
            _playing[0] = head[0].split()[1].removeprefix("/play/")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        else:
            asked = json.loads(body)
            rate, pieces = (_playing[0] if asked["model"] == PLAYED else asked["model"]).split("x")
            await _tell(writer, int(rate), 1 if "response_format" in asked else int(pieces))
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _tell(writer: StreamWriter, rate: int, pieces: int) -> None:
    await asyncio.sleep(BEFORE_SECONDS)
    writer.write(HEAD)
    began = time.monotonic()
    for number in range(pieces):
        if writer.is_closing():
            return  # who asked has left
        end = b"." if number % SENTENCE == SENTENCE - 1 else b""
        writer.write(PIECE % (word(now()).encode(), end))
        if rate:
            await asyncio.sleep(max(0.0, began + (number + 1) / rate - time.monotonic()))
        elif number % 50 == 0:
            await writer.drain()
    writer.write(END)


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
