"""Sources as readers see them: stored as ids, and joined with their works as these are now, so that what is withdrawn
is gone from old stories and logs too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from dream.store.library import Library, brought


class Sources:
    def __init__(self, library: Library) -> None:
        self._library = library

    def of(self, scene_id: str) -> list[dict[str, Any]]:
        """The fragments laid before the storyteller of a scene, joined with their works as they are now."""
        rows = self._library.scenes.sources(scene_id)
        shown = self._join(
            [
                {"fragment_id": row.fragment_id, "rank": row.rank, "score": row.score, "reasons": row.reasons}
                for row in rows
            ]
        )
        scene = self._library.scenes.scene(scene_id)
        return sorted(shown + (brought.sources_of(scene) if scene else []), key=lambda row: row["rank"])

    def in_event(self, name: str, data: str) -> str:
        """An event's data as a reader sees it: sources are stored as ids, so that what is withdrawn is gone from old
        logs too.
        """
        if name != "sources":
            return data
        stored = orjson.loads(data)
        return orjson.dumps({**stored, "sources": self._join(stored["sources"])}).decode()

    def _join(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        fragments = self._library.fragments.ever([row["fragment_id"] for row in rows])
        withdrawn = self._library.works.withdrawn({fragment.work_id for fragment in fragments.values()})
        shown = []
        for row in rows:
            fragment = fragments.get(row["fragment_id"])
            if fragment is None or fragment.work_id in withdrawn:
                shown.append({**row, "work": None, "excerpt": "", "position": None, "withdrawn": True})
                continue
            work = {
                "id": fragment.work_id,
                "title": fragment.title,
                "author": fragment.author,
                "licence": fragment.licence,
            }
            shown.append(
                {**row, "work": work, "excerpt": fragment.text, "position": fragment.position, "withdrawn": False}
            )
        return shown
