"""The library: every query there is. Rows come back detached; a method is one transaction."""

from __future__ import annotations

from dream.store.database import Database
from dream.store.library.indexes import Indexes
from dream.store.library.scenes import Scenes
from dream.store.library.stories import Stories
from dream.store.library.works import Works

__all__ = ["Library"]


class Library:
    def __init__(self, database: Database) -> None:
        self.works = Works(database)
        self.indexes = Indexes(database)
        self.stories = Stories(database)
        self.scenes = Scenes(database)
