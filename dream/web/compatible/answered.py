"""An answer on its way: a telling's events as OpenAI's completion, whole or chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from dream.service import Service
from dream.store.models import Scene
from dream.web.compatible.asked import Asked
from dream.web.compatible.cut import Cut, tokens

HEARTBEAT_SECONDS = 10.0


class Answered:
    """Iterating follows the telling and yields the text to show, "" for a heartbeat. Then `finish` is OpenAI's
    finish_reason, or `failed` the data of the terminal event where there is none.
    """

    def __init__(self, service: Service, scene: Scene, asked: Asked) -> None:
        self._service, self._scene, self._asked = service, scene, asked
        self._cut = Cut(asked.stops, asked.most_tokens)
        self._text: list[str] = []
        self._usage: dict[str, int | None] = {}
        self.finish: str | None = None
        self.failed: dict[str, Any] | None = None

    def __iter__(self) -> Iterator[str]:
        try:
            for event in self._service.log.follow(self._scene.id, heartbeat=HEARTBEAT_SECONDS):
                if event and event.terminal:
                    self._end(orjson.loads(event.data))
                    yield self._keep(self._cut.rest())
                    return
                text = self._keep(self._cut.feed(event.text)) if event and event.text else ""
                if text or event is None:
                    yield text
                if self._cut.reason:
                    self.finish = self._cut.reason
                    return
        finally:
            # Whoever asked has what they wanted, or is gone; nobody else can follow this answer.
            self._service.tellings.stop(self._scene.id)

    @property
    def text(self) -> str:
        return "".join(self._text)

    def head(self, kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self._scene.id}",
            "object": kind,
            "created": int(self._scene.created_at),
            "model": self._asked.model,
        }

    def usage(self) -> dict[str, Any]:
        """Tokens as the provider counted them, or else about as many."""
        prompt, answer = self._usage.get("prompt_tokens"), self._usage.get("answer_tokens")
        prompt = prompt if prompt is not None else self._asked.characters // 4
        answer = answer if answer is not None and not self._cut.reason else tokens(self.text)
        return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}

    def extension(self) -> dict[str, Any]:
        """dream's own field: where the story is kept, and the fragments it was woven from."""
        sources = self._service.sources.of(self._scene.id)
        return {"story": self._scene.story_id, "scene": self._scene.id, "sources": sources}

    def _keep(self, text: str) -> str:
        if text:
            self._text.append(text)
        return text

    def _end(self, said: dict[str, Any]) -> None:
        self._usage = said["usage"] or {}
        if said["state"] == "told":
            self.finish = "stop"
        elif said["code"] == "cut_short":
            self.finish = "length"
        elif said["code"] == "provider_withheld":
            self.finish = "content_filter"
        else:
            self.failed = said


def whole(answered: Answered) -> dict[str, Any]:
    """The completion, once it has been followed to its end."""
    message = {"role": "assistant", "content": answered.text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answered.finish}
    return {
        **answered.head("chat.completion"),
        "choices": [choice],
        "usage": answered.usage(),
        "dream": answered.extension(),
    }


def chunk(answered: Answered, delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _line({**answered.head("chat.completion.chunk"), "choices": [choice], **more})


def chunks(answered: Answered, include_usage: bool, shape_failure: Any) -> Iterator[bytes]:
    """The completion as server-sent events. What fails after the beginning is said in an event, as OpenAI does."""
    first: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    usage = {"usage": None} if include_usage else {}
    yield chunk(answered, first, **usage)
    for text in answered:
        yield chunk(answered, {"content": text}, **usage) if text else b": still here\n\n"
    if answered.failed:
        yield _line(shape_failure(answered.failed))
        return
    yield chunk(answered, {}, answered.finish, **usage, dream=answered.extension())
    if include_usage:
        head = answered.head("chat.completion.chunk")
        yield _line({**head, "choices": [], "usage": answered.usage()})
    yield b"data: [DONE]\n\n"


def _line(data: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"
