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
from dream.storytelling.prompt import Message, Part, Prompt

if TYPE_CHECKING:
    from jinja2 import Environment

    from dream.retrieval.fragment import Fragment
    from dream.storytelling.memory.record import Figure

_WISHES = ("brief", "premise", "hero", "place", "tone", "direction")
LANGUAGE_NAMES = {"en": "English", "ko": "Korean"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a story whatever is told next: the reader's note to the storyteller, the facts they pinned, and
    the people it has established.
    """

    note: str = ""
    facts: tuple[str, ...] = ()
    cast: tuple[Figure, ...] = ()


NOTHING_LAID_DOWN = Standing()


@dataclass(frozen=True, slots=True)
class History:
    """What has been told on the way to this scene, oldest first, and what the reader wants next ("" for whatever
    follows). `summaries` are the story in short down to each of the scenes, "" where there is none.
    """

    scenes: tuple[str, ...] = ()
    direction: str = ""
    summaries: tuple[str, ...] = ()


NOTHING_TOLD = History()


def compose(
    brief: Brief,
    fragments: Sequence[Fragment],
    history: History,
    *,
    seed: int,
    history_budget: int,
    standing: Standing = NOTHING_LAID_DOWN,
    memory_budget: int = 5000,
) -> Prompt:
    """The prompt of one scene.

    The rules are the same bytes in every prompt; whatever a reader, an author or a model wrote stands only inside its
    own block; the constraints close the prompt. The end of the history that fits `history_budget` characters is kept,
    at a sentence's start; what is older is there as a summary. `memory_budget` is shared by the reader's note and
    facts, the cast and that summary, in this order.
    """
    language = brief.spoken_language
    low, high = WORDS[language][brief.length]
    told = "\n\n".join(history.scenes)
    kept = _last(told, history_budget)
    remembered, left_out = _remembered(standing, _summary(history, len(told) - len(kept)), memory_budget)
    blocks = [*_wishes(brief, history.direction), *remembered]
    blocks += map(_fragment, range(1, len(fragments) + 1), fragments)
    if told:
        blocks.append(Block("story", kept, {"omitted_characters": len(told) - len(kept)}))
        left_out["story"] = len(told) - len(kept)
    mark = mark_for(blocks)
    request = templates().get_template("request.jinja").render(
        mark=mark, blocks=write_blocks(blocks, mark), language=LANGUAGE_NAMES[language], low=low, high=high,
        continues=bool(told), fragments=bool(fragments),
    )  # fmt: skip
    messages = (Message("system", rules()), Message("user", request))
    return Prompt(messages, seed=seed, max_words=high, parts=_parts(messages, blocks, mark, left_out))


@cache
def rules() -> str:
    """The system message: the same for every story, reader and corpus."""
    return templates().get_template("rules.jinja").render().strip()


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


def _remembered(standing: Standing, summary: str, budget: int) -> tuple[list[Block], dict[str, int]]:
    """The blocks of what the story has established, as far as there is room, and how much of each there was none for.

    Whole lines are kept, from the first on.
    """
    cast = [described(figure) for figure in standing.cast]
    given = {"note": [standing.note], "facts": list(standing.facts), "cast": cast, "summary": summary.split("\n")}
    blocks, left_out = [], {}
    for kind, lines in given.items():
        kept = _fitting([line for line in lines if line], budget)
        text = "\n".join(kept)
        budget -= len(text)
        left_out[kind] = len("\n".join(line for line in lines if line)) - len(text)
        if text:
            blocks.append(Block(kind, text))
    return blocks, left_out


def _fitting(lines: Sequence[str], budget: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(kept) + len(line) > budget:
            break
        kept.append(line)
    return kept


def described(figure: Figure) -> str:
    """Somebody in one line: "Mara: a ferryman's daughter; stubborn; last seen in part 2"."""
    seen = f"last seen in part {figure.seen}" if figure.seen else ""
    about = "; ".join(filter(None, (figure.role, *figure.traits, seen)))
    return f"{figure.name}: {about}" if about else figure.name


def _summary(history: History, omitted: int) -> str:
    """The story in short down to the last scene that is not wholly in the prompt; "" where nothing is left out."""
    short, end = "", 0
    for scene, summary in zip(history.scenes, history.summaries, strict=False):
        if end >= omitted:
            break
        short, end = summary or short, end + len(scene) + 2
    return short


def _parts(
    messages: Sequence[Message], blocks: Sequence[Block], mark: str, left_out: dict[str, int]
) -> tuple[Part, ...]:
    """What the messages hold, by kind and size; what stands around the blocks is the request."""
    sizes = [len(write_blocks([block], mark)) for block in blocks]
    parts = [Part("rules", len(messages[0].text))]
    wishes = sum(size for size, block in zip(sizes, blocks, strict=True) if block.kind in _WISHES)
    parts.append(Part("wishes", wishes))
    for size, block in zip(sizes, blocks, strict=True):
        if block.kind not in _WISHES:
            number = int(block.attributes.get("number", 0)) if block.kind == "fragment" else 0
            parts.append(Part(block.kind, size, left_out.get(block.kind, 0), number))
    held = {block.kind for block in blocks}
    parts += [Part(kind, 0, missing) for kind, missing in left_out.items() if missing and kind not in held]
    return (*parts, Part("request", len(messages[1].text) - sum(sizes)))


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
def templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("dream.storytelling", "prompts")
    # Prompts are not HTML: what keeps data apart here is its block, not escaping.
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)  # noqa: S701
