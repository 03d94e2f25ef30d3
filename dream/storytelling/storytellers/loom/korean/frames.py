"""The frames that prose is made with, dealt out so that neighbouring seeds begin elsewhere in every list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from random import Random
from string import Formatter
from typing import Any

from dream.storytelling.storytellers.loom.korean.data import load

_GOLDEN = 0.618033988749895
_TONES = {
    "gentle": "다정 따뜻 따스 포근 잔잔 부드 온화 상냥 gentle tender warm soft kind quiet",
    "wry": "익살 우스 유쾌 해학 웃긴 웃음 능청 재치 풍자 재미 wry funny comic humor humour droll ironic",
    "eerie": "으스 무서 섬뜩 기괴 서늘 오싹 스산 괴이 공포 eerie scary ghost dark uncanny creepy",
    "solemn": "엄숙 장엄 비장 슬픈 슬프 쓸쓸 무거 차분 애잔 solemn sad grave melancholy",
    "adventurous": "모험 신나 용감 활기 씩씩 박진 adventur bold brave exciting",
}


def tone_of(text: str) -> str:
    """The tone that a reader's word comes nearest to, "any" for none."""
    text = text.casefold()
    return next((tone for tone, words in _TONES.items() if any(word in text for word in words.split())), "any")


def random_for(*parts: object) -> Random:
    """The same numbers for the same parts, in every process."""
    return Random(hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest())  # noqa: S311


class Frames:
    """Deals frames out of the lists: each once in a story until its list is spent."""

    def __init__(self, premise: str, seed: int, scene: str, tone: str) -> None:
        self._premise, self._seed, self._scene, self._tone = premise, seed, scene, tone
        self._used: set[str] = set()

    def deal(self, name: str) -> Iterator[str]:
        """The unused frames of a list such as "told.heard", those of the tone scattered among the rest."""
        held = find(name)
        plain = self._turned(name, held["any"])
        toned = self._turned(name + self._tone, held.get(self._tone, [])) if self._tone != "any" else []
        first = random_for(self._premise, self._seed, self._scene, name).randrange(2)
        for frame in _scattered(plain, toned, first):
            if frame not in self._used:
                yield frame

    def spend(self, frame: str) -> None:
        self._used.add(frame)

    def turned(self, name: str, items: list[Any]) -> list[Any]:
        """The items in the order in which this story comes to them."""
        return self._turned(name, items)

    def _turned(self, name: str, items: list[Any]) -> list[Any]:
        if not items:
            return []
        order = list(items)
        random_for(self._premise, self._scene, name).shuffle(order)
        # Steps of the golden ratio keep neighbouring seeds as far apart as they can be.
        start = int(len(order) * (self._seed * _GOLDEN % 1))
        return order[start:] + order[:start]


@cache
def slots(frame: str) -> frozenset[str]:
    """The names that a frame has to be filled with."""
    return frozenset(field for _, field, _, _ in Formatter().parse(frame) if field)


def find(name: str) -> dict[str, list[str]]:
    file, *path = name.split(".")
    held: Any = load(f"frames/{file}")
    for key in path:
        held = held[key]
    return held if isinstance(held, dict) else {"any": held}


def _scattered(plain: list[str], toned: list[str], first: int) -> list[str]:
    """`toned` among `plain`: one after every three, beginning at `first`."""
    result = list(plain)
    for at, frame in enumerate(toned):
        result.insert(first + at * 4, frame)
    return result
