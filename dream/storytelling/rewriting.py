"""Rewriting: a scene told anew in the reader's own words, with a log, sources and threads like any other."""

from __future__ import annotations

from sqlalchemy.orm import Session

from dream.errors import FormRefused
from dream.language.sentences import sentences
from dream.store import models
from dream.store.library import Library
from dream.store.library import scenes as changes
from dream.store.log import EventLog
from dream.storytelling.brief import Brief, clean
from dream.storytelling.ending import Endings, ending
from dream.wording import worded

MOST = 20_000
"""Characters that a rewritten scene may have."""

READER = "reader"
"""What the log calls whoever wrote the scene."""


class Rewriting:
    def __init__(self, library: Library, log: EventLog, endings: Endings) -> None:
        self._library = library
        self._log = log
        self._endings = endings

    def rewrite(self, story: models.Story, scene: models.Scene, text: str) -> models.Scene:
        """A sibling of a scene that holds `text` instead of its own; the scene itself stays. Raises FormRefused."""
        text = checked(text)
        written = self._library.stories.add_scene(
            story, scene.parent_id, scene.direction, scene.seed, rewrites_id=scene.id
        )
        channel = self._log.open(written.id, new=True)
        epochs: list[int] = []

        def claim(session: Session) -> bool:
            epochs.append(changes.claim(session, written.id) or 0)
            return changes.name_storyteller(session, written.id, READER)

        try:
            rows = [
                {"fragment_id": row.fragment_id, "rank": row.rank, "score": row.score, "reasons": row.reasons}
                for row in self._library.scenes.sources(scene.id)
            ]
            self._log.append(channel, "begin", {"scene": written.id, "state": "telling"}, claim)
            self._log.add(
                channel, "sources", {"sources": rows, "missing": []},
                lambda session: changes.lay_sources(session, written.id, rows),
            )  # fmt: skip
            self._log.add(channel, "storyteller", {"provider": READER, "name": READER})
            self._log.piece(channel, text)
            cited = [str(row["fragment_id"]) for row in rows]
            found = self._library.fragments.ever(cited)
            fragments = [found[id_] for id_ in cited if id_ in found]
            brief = Brief.model_validate(story.brief)
            self._endings.conclude(channel, epochs[-1], text, fragments, brief, ending("finished", told=True))
        finally:
            self._log.shut(channel)
        return written


def checked(text: str) -> str:
    """The text as it is kept. Raises FormRefused where there is none, too much of it, or what no story can hold."""
    try:
        text = clean(text)
    except ValueError as error:
        raise FormRefused.of("text", str(error)) from None
    if not sentences(text):
        raise FormRefused.of("text", "There is nothing written here. The part is kept as it was told.")
    if len(text) > MOST:
        raise FormRefused.of(
            "text",
            worded("A part holds at most %(most)s characters; this one has %(length)s.", most=MOST, length=len(text)),
        )
    return text
