"""What is missing or wrong with a data folder, and the command that mends it. It only looks; nothing is changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import DatabaseError

from dream.actor import OPERATOR
from dream.errors import DreamError, SchemaRefused
from dream.retrieval.export.manifest import find_model
from dream.settings import Settings
from dream.store.database import Database
from dream.store.library import Library
from dream.store.lock import HomeLock, check_owner
from dream.store.notes import noted_model
from dream.store.schema import SCHEMA, refuse_incompatible, version
from dream.storytelling.storytellers.choose import load

LEAST_FREE = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    well: bool
    sentence: str


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding a thing looked at, the most basic first."""
    if not settings.home.exists():
        yield Finding(False, f"There is no data folder {settings.home} yet. `dream setup` makes it.")
        return
    yield _owner(settings)
    yield _space(settings)
    noted = _noted(settings)
    yield _model(noted)
    if "embedding_model" in settings.model_fields_set and noted.embedding_model != settings.embedding_model:
        yield Finding(
            False,
            f"The works were read by {noted.embedding_model}, and DREAM_EMBEDDING_MODEL names "
            f"{settings.embedding_model}. `dream reindex --embedding-model {settings.embedding_model}` changes to it.",
        )
    yield from _data(noted)
    yield _storyteller(settings)
    yield _holder(settings)


def _owner(settings: Settings) -> Finding:
    try:
        check_owner(settings.home)
    except DreamError as error:
        return Finding(False, error.sentence)
    return Finding(True, f"The data folder is {settings.home}.")


def _space(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.home).free
    sentence = f"{free / 2**30:.1f} GiB are free on its disk."
    return Finding(
        free >= LEAST_FREE,
        sentence if free >= LEAST_FREE else f"Only {sentence} Free some, or set DREAM_HOME to another disk.",
    )


def _noted(settings: Settings) -> Settings:
    """The settings with the embedding model that the data was read by."""
    try:
        noted = noted_model(settings.database_path)
    except DatabaseError:
        noted = None  # a finding of its own, below
    return settings.model_copy(update={"embedding_model": noted}) if noted else settings


def _model(settings: Settings) -> Finding:
    if find_model(settings):
        return Finding(True, f"The embedding model {settings.embedding_model} is exported.")
    return Finding(
        False,
        f"The embedding model {settings.embedding_model} is not exported: search goes by words alone. "
        "`dream setup` makes it.",
    )


def _data(settings: Settings) -> Iterator[Finding]:
    if not settings.database_path.exists():
        yield Finding(False, "There is no database yet. `dream setup` makes it.")
        return
    database = Database(settings.database_path)
    try:
        found = version(database)
        if found is None or found < SCHEMA:
            older = f"The data has schema {found or 'none'}, this build {SCHEMA}. `dream setup` brings it up to date."
            yield Finding(False, older)
            return
        refuse_incompatible(database, found)
        newer = "" if found == SCHEMA else f", newer than this build's {SCHEMA}, which still serves it"
        yield Finding(True, f"The database has schema {found}{newer}.")
        yield from _shelves(settings, Library(database))
    except SchemaRefused as error:
        yield Finding(False, error.sentence)
    except DatabaseError as error:
        yield Finding(
            False, f"The database cannot be read: {error.orig}. Restore {settings.database_path} from a backup."
        )
    finally:
        database.close()


def _shelves(settings: Settings, library: Library) -> Iterator[Finding]:
    shelves = {shelf.name: shelf for shelf in library.corpora.shelves(OPERATOR)}
    default = shelves.get(settings.corpus)
    if default is None or not default.works:
        yield Finding(
            False,
            f"The corpus {settings.corpus} is empty. `dream setup` fills the starter corpus; "
            "`dream ingest PATH` brings texts of your own.",
        )
    for shelf in shelves.values():
        if shelf.works:
            yield Finding(True, f"The corpus {shelf.name} has {shelf.works} works in {shelf.fragments} fragments.")
    waiting = len(library.works.unembedded(settings.embedding_model))
    if waiting and find_model(settings):
        yield Finding(False, f"{waiting} works have no vectors of this model yet. `dream reindex` makes them.")


def _storyteller(settings: Settings) -> Finding:
    try:
        teller = load(settings)
    except DreamError as error:
        return Finding(False, error.sentence)
    return Finding(True, f"Stories are told by {teller.name} ({teller.provider}).")


def _holder(settings: Settings) -> Finding:
    holder = HomeLock(settings.home).holder()
    return Finding(True, f"{holder.purpose} runs on it (process {holder.pid})." if holder else "No service runs on it.")
