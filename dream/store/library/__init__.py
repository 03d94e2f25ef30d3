"""The library: every query there is. Rows come back detached; a method is one transaction."""

from __future__ import annotations

from dream.store.database import Database
from dream.store.library.accounts import Accounts
from dream.store.library.attempts import Attempts
from dream.store.library.corpora import Corpora
from dream.store.library.desk import DeskQueries
from dream.store.library.fragments import Fragments
from dream.store.library.indexes import Indexes
from dream.store.library.jobs import Jobs
from dream.store.library.ledger import Ledger
from dream.store.library.memories import Memories
from dream.store.library.reader_links import ReaderLinks
from dream.store.library.reports import Reports
from dream.store.library.scenes import Scenes
from dream.store.library.sign_ins import SignIns
from dream.store.library.stories import Stories
from dream.store.library.tokens import Tokens
from dream.store.library.uses import Uses
from dream.store.library.works import Works
from dream.store.notes import Notes

__all__ = ["Library"]


class Library:
    def __init__(self, database: Database) -> None:
        self.notes = Notes(database)
        self.accounts = Accounts(database)
        self.sign_ins = SignIns(database)
        self.tokens = Tokens(database)
        self.attempts = Attempts(database)
        self.corpora = Corpora(database)
        self.works = Works(database)
        self.fragments = Fragments(database)
        self.jobs = Jobs(database)
        self.desk = DeskQueries(database)
        self.uses = Uses(database)
        self.ledger = Ledger(database)
        self.indexes = Indexes(database)
        self.stories = Stories(database)
        self.scenes = Scenes(database)
        self.memories = Memories(database)
        self.reader_links = ReaderLinks(database)
        self.reports = Reports(database)
