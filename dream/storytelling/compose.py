"""From a brief, its fragments and the story so far to a prompt. A pure function: the same in, the same out, nothing
remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from dream.language.sentences import sentences
from dream.storytelling.blocks import Attribute, Block, mark_for, write_blocks
from dream.storytelling.brief import WORDS, Brief
from dream.storytelling.prompt import Message, Prompt

if TYPE_CHECKING:
    from jinja2 import Environment

    from dream.retrieval.fragment import Fragment

_LANGUAGE_NAMES = {"en": "English", "ko": "Korean"}


@dataclass(frozen=True, slots=True)
class History:
    """What has been told on the way to this scene, oldest first, and what the reader wants next ("" for whatever
    follows).
    """

    scenes: tuple[str, ...] = ()
    direction: str = ""


def compose(brief: Brief, fragments: Sequence[Fragment], history: History, *, seed: int, history_budget: int) -> Prompt:
    """The prompt of one scene.

    The rules are the same bytes in every prompt; whatever a reader or an author wrote stands only inside its own
    block; the
    constraints close the prompt. The end of the history that fits `history_budget` characters is kept, at a
    sentence's start.
    """
    language = brief.spoken_language
    low, high = WORDS[language][brief.length]
    told = "\n\n".join(history.scenes)
    blocks = [*_wishes(brief, history.direction), *map(_fragment, range(1, len(fragments) + 1), fragments)]
    if told:
        kept = _last(told, history_budget)
        blocks.append(Block("story", kept, {"omitted_characters": len(told) - len(kept)}))
    mark = mark_for(blocks)
    request = _templates().get_template("request.jinja").render(
        mark=mark, blocks=write_blocks(blocks, mark), language=_LANGUAGE_NAMES[language], low=low, high=high,
        continues=bool(told), fragments=bool(fragments),
    )  # fmt: skip
    return Prompt((Message("system", rules()), Message("user", request)), seed=seed, max_words=high)


@cache
def rules() -> str:
    """The system message: the same for every story, reader and corpus."""
    return _templates().get_template("rules.jinja").render().strip()


def _wishes(brief: Brief, direction: str) -> list[Block]:
    settled: dict[str, Attribute] = {
        "language": brief.spoken_language,
        "length": brief.length,
        "grounding": brief.grounding,
    }
    wishes = {
        "premise": brief.premise,
        "hero": brief.hero,
        "place": brief.place,
        "tone": brief.tone,
        "direction": direction,
    }
    return [Block("brief", "", settled), *(Block(kind, text) for kind, text in wishes.items() if text)]


def _fragment(number: int, fragment: Fragment) -> Block:
    attributes: dict[str, Attribute] = {
        "number": number,
        "work": fragment.title,
        "author": fragment.author,
        "language": fragment.language,
        "quote": fragment.quotable,
    }
    return Block("fragment", fragment.text, attributes)


def _last(text: str, budget: int) -> str:
    if len(text) <= budget:
        return text
    start = len(text) - budget
    return text[next((span.start for span in sentences(text) if span.start >= start), start) :]


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("dream.storytelling", "prompts")
    # Prompts are not HTML: what keeps data apart here is its block, not escaping.
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)  # noqa: S701
