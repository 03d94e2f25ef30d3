"""What to look for in a corpus: the brief for a first scene, and for later ones also where the story has got to."""

from __future__ import annotations

from dream.language.sentences import sentences
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History

LAST_SENTENCES = 4
MOST_CHARACTERS = 700
"""A longer query takes longer to embed than it gains."""


def query(brief: Brief, history: History) -> str:
    """The words to retrieve by, never more than MOST_CHARACTERS."""
    wishes = [brief.premise, brief.hero, brief.place]
    if not history.scenes:
        return " ".join(filter(None, wishes))[:MOST_CHARACTERS]
    last = history.scenes[-1]
    closing = " ".join(last[start:end] for start, end in sentences(last)[-LAST_SENTENCES:])
    now = " ".join(filter(None, [history.direction, brief.hero, closing]))
    return f"{now[: MOST_CHARACTERS // 2]} {' '.join(filter(None, wishes))[: MOST_CHARACTERS // 2]}"
