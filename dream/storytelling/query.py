"""What to look for in a corpus: the brief for a first scene; for later ones where the story has got to."""

from __future__ import annotations

from dream.language.sentences import sentences
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History

LAST_SENTENCES = 3
MOST_CHARACTERS = 400
"""A longer query takes longer to embed than it gains."""

MOST_QUERIES = 3


def queries(brief: Brief, history: History) -> list[str]:
    """The wishes to retrieve by, the most important first, at most MOST_QUERIES of MOST_CHARACTERS each.

    A first scene asks for its premise, and apart from it for its hero, place and tone, which would drown in a long
    premise; what a premise says beyond MOST_CHARACTERS is a wish of its own. A later scene asks for what the reader
    wants next and for what has just happened, and keeps the premise in sight.
    """
    if history.scenes:
        wishes = [history.direction, _closing(history.scenes[-1]), f"{brief.premise} {brief.hero}"]
    else:
        opening, *rest = _stretches(brief.premise)
        wishes = [opening, " ".join(filter(None, [brief.hero, brief.place, brief.tone])), *rest]
    different = dict.fromkeys(_short(wish) for wish in wishes if wish.strip())
    return list(different)[:MOST_QUERIES]


def _closing(scene: str) -> str:
    """The last sentences of a scene, as many as fit whole; of a very long last one its end."""
    kept: list[str] = []
    for start, end in reversed(sentences(scene)[-LAST_SENTENCES:]):
        if kept and sum(map(len, kept)) + end - start > MOST_CHARACTERS - LAST_SENTENCES:
            break
        kept.insert(0, scene[start:end])
    closing = " ".join(kept)
    return closing if len(closing) <= MOST_CHARACTERS else closing[-MOST_CHARACTERS:].partition(" ")[2]


def _stretches(premise: str) -> list[str]:
    """A premise in stretches of whole sentences within MOST_CHARACTERS, as far as its sentences are that short."""
    found: list[str] = []
    for start, end in sentences(premise):
        sentence = premise[start:end]
        if found and len(found[-1]) + 1 + len(sentence) <= MOST_CHARACTERS:
            found[-1] = f"{found[-1]} {sentence}"
        else:
            found.append(sentence)
    return found


def _short(wish: str) -> str:
    """A wish within MOST_CHARACTERS, cut at a space where it is longer."""
    wish = " ".join(wish.split())
    return wish if len(wish) <= MOST_CHARACTERS else wish[:MOST_CHARACTERS].rsplit(" ", 1)[0]
