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

    A first scene asks for its premise, and apart from it for its hero and place, which would drown in a long premise. A
    later one asks for what the reader wants next and for what has just happened, and keeps the premise in sight.
    """
    stage = " ".join(filter(None, [brief.hero, brief.place, brief.tone]))
    if not history.scenes:
        wishes = [brief.premise, stage]
    else:
        last = history.scenes[-1]
        closing = " ".join(last[start:end] for start, end in sentences(last)[-LAST_SENTENCES:])
        wishes = [history.direction, closing, f"{brief.premise} {brief.hero}"]
    different = dict.fromkeys(_short(wish) for wish in wishes if wish.strip())
    return list(different)[:MOST_QUERIES]


def _short(wish: str) -> str:
    """A wish within MOST_CHARACTERS, cut at a space where it is longer."""
    wish = " ".join(wish.split())
    return wish if len(wish) <= MOST_CHARACTERS else wish[:MOST_CHARACTERS].rsplit(" ", 1)[0]
