"""Queries over corpora: who owns them, who may read them, and what stands on them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from dream.actor import Actor
from dream.store import models
from dream.store.database import Database
from dream.store.library.works import Shelf

GONE = "gone"
"""The visibility of a corpus that was removed: its row is kept for what stories cite."""


def readable(actor: Actor) -> ColumnElement[bool]:
    """The condition on `models.Corpus` that an actor may read it: public, their own, or granted to them."""
    if actor.role == "operator":
        return models.Corpus.visibility != GONE
    public = models.Corpus.visibility == "public"
    if actor.account_id is None:
        return public
    granted = (
        select(models.Grant.corpus_id)
        .where(models.Grant.corpus_id == models.Corpus.id, models.Grant.account_id == actor.account_id)
        .exists()
    )
    return or_(public, models.Corpus.owner_id == actor.account_id, granted)


def addable(actor: Actor) -> ColumnElement[bool]:
    """The condition on `models.Corpus` that an actor may put works on it: their own, granted to them, or the house's
    for an admin.
    """
    if actor.role == "operator":
        return models.Corpus.visibility != GONE
    granted = (
        select(models.Grant.corpus_id)
        .where(
            models.Grant.corpus_id == models.Corpus.id,
            models.Grant.account_id == actor.account_id,
            models.Grant.may_add,
        )
        .exists()
    )
    mine = or_(models.Corpus.owner_id == actor.account_id, granted)
    house = and_(models.Corpus.owner_id.is_(None), models.Corpus.visibility != GONE)
    return or_(mine, house) if actor.role == "admin" else mine


class Corpora:
    def __init__(self, database: Database) -> None:
        self._database = database

    def readable(self, actor: Actor, reference: str) -> models.Corpus | None:
        """The corpus of that name or id, where the actor may read it."""
        return self._one(reference, readable(actor))

    def addable(self, actor: Actor, reference: str) -> models.Corpus | None:
        """The corpus of that name or id, where the actor may put works on it."""
        return self._one(reference, addable(actor))

    def addable_by(self, actor: Actor) -> list[models.Corpus]:
        """Every corpus that the actor may put works on, by name."""
        query = select(models.Corpus).where(addable(actor)).order_by(models.Corpus.title, models.Corpus.name)
        with self._database.read() as session:
            return list(session.scalars(query))

    def may_read(self, actor: Actor, corpus_id: str) -> bool:
        query = select(models.Corpus.id).where(models.Corpus.id == corpus_id, readable(actor))
        with self._database.read() as session:
            return session.scalar(query) is not None

    def shelves(self, actor: Actor) -> list[Shelf]:
        """Every corpus that the actor may read, with its counts of live works and fragments, by name."""
        with self._database.read() as session:
            corpora = list(session.scalars(select(models.Corpus).where(readable(actor)).order_by(models.Corpus.name)))
            return _counted(session, corpora)

    def _one(self, reference: str, condition: ColumnElement[bool]) -> models.Corpus | None:
        named = or_(models.Corpus.name == reference, models.Corpus.id == reference)
        with self._database.read() as session:
            return session.scalar(select(models.Corpus).where(named, condition).limit(1))

    # Whose it is

    def make(self, name: str, title: str, owner_id: str, *, public: bool) -> models.Corpus:
        """A new corpus of an author; `name` must be free."""
        with self._database.write() as session:
            corpus = models.Corpus(
                name=name,
                title=title,
                owner_id=owner_id,
                visibility="public" if public else "private",
                scanned=True,
            )
            session.add(corpus)
            session.flush()
            return corpus

    def owned(self, account_id: str) -> list[Shelf]:
        """The corpora of an account with their counts, by name."""
        query = select(models.Corpus).where(models.Corpus.owner_id == account_id).order_by(models.Corpus.title)
        with self._database.read() as session:
            return _counted(session, list(session.scalars(query)))

    def change(self, corpus_id: str, *, title: str, public: bool) -> None:
        """Renames a corpus and says who may see it; its address stays."""
        values = {"title": title, "visibility": "public" if public else "private"}
        with self._database.write() as session:
            session.execute(update(models.Corpus).where(models.Corpus.id == corpus_id).values(**values))

    def collect(self, corpus_id: str) -> None:
        """Notes that a corpus has collections of its own in the vector store by now."""
        with self._database.write() as session:
            session.execute(update(models.Corpus).where(models.Corpus.id == corpus_id).values(scanned=False))

    def bury(self, corpus_id: str) -> None:
        """Removes a corpus whose works have been removed; an empty row stays for the stories that drew on it."""
        gone = {"name": f"gone-{corpus_id}", "title": "", "owner_id": None, "visibility": GONE}
        with self._database.write() as session:
            session.execute(delete(models.Grant).where(models.Grant.corpus_id == corpus_id))
            session.execute(delete(models.Job).where(models.Job.corpus_id == corpus_id))
            session.execute(update(models.Corpus).where(models.Corpus.id == corpus_id).values(**gone))

    # Whom it is shared with

    def granted(self, corpus_id: str) -> list[tuple[str, str, bool]]:
        """(account id, name, whether they may add works) of everybody a corpus is shared with, by name."""
        query = (
            select(models.Account.id, models.Account.name, models.Grant.may_add)
            .join(models.Account, models.Account.id == models.Grant.account_id)
            .where(models.Grant.corpus_id == corpus_id)
            .order_by(models.Account.name)
        )
        with self._database.read() as session:
            return [(id_, name, may_add) for id_, name, may_add in session.execute(query)]

    def grant(self, corpus_id: str, account_id: str, *, may_add: bool) -> None:
        """Shares a corpus with an account, or changes what they may do with it."""
        with self._database.write() as session:
            session.merge(models.Grant(corpus_id=corpus_id, account_id=account_id, may_add=may_add))

    def revoke(self, corpus_id: str, account_id: str) -> None:
        mine = (models.Grant.corpus_id == corpus_id, models.Grant.account_id == account_id)
        with self._database.write() as session:
            session.execute(delete(models.Grant).where(*mine))


def _counted(session: Session, corpora: Sequence[models.Corpus]) -> list[Shelf]:
    ids = [corpus.id for corpus in corpora]
    live = (models.Work.live_version_id.is_not(None), models.Work.corpus_id.in_(ids))
    works = (
        select(models.Work.corpus_id, func.count(models.Work.id.distinct()), func.count(models.Fragment.key))
        .join(models.Fragment, models.Fragment.version_id == models.Work.live_version_id, isouter=True)
        .where(*live)
        .group_by(models.Work.corpus_id)
    )
    counts = {corpus_id: (n, m) for corpus_id, n, m in session.execute(works)}
    languages: dict[str, set[str]] = {}
    for corpus_id, language in session.execute(
        select(models.Work.corpus_id, models.Work.language).where(*live).distinct()
    ):
        languages.setdefault(corpus_id, set()).add(language)
    return [
        Shelf(
            c.id, c.name, *counts.get(c.id, (0, 0)), tuple(sorted(languages.get(c.id, ()))),
            title=c.title or c.name, public=c.visibility == "public", owner_id=c.owner_id,
        )
        for c in corpora
    ]  # fmt: skip
