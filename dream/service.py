"""The service: every room's parts put together for one data folder. Pages, API and commands all act through it."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Sequence
from typing import Any

import orjson

from dream.corpus.ingest import Ingest
from dream.corpus.mending import Mending
from dream.errors import BriefRefused, Conflict, CorpusMissing, NotFound
from dream.retrieval.embedding import Embedder
from dream.retrieval.export.manifest import find_model
from dream.retrieval.model import Model
from dream.retrieval.retriever import Filters, Found, Retriever
from dream.retrieval.vectors import VectorStore
from dream.settings import Settings
from dream.store import models
from dream.store.database import Database
from dream.store.library import Library
from dream.store.library.scenes import ENDED
from dream.store.log import EventLog
from dream.store.schema import migrate
from dream.storytelling.brief import Brief, clean
from dream.storytelling.ending import Endings
from dream.storytelling.storytellers.choose import load
from dream.storytelling.telling import Tools
from dream.storytelling.tellings import Tellings

DIRECTION_LIMIT = 500

logger = logging.getLogger(__name__)


class Service:
    """Opens the data folder of `settings`, bringing its schema up to date; the vector store and the model open when
    first needed.

    Raises SchemaRefused for data that this build cannot serve. Only one process may have a service on a folder: see
    dream.store.lock.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._model: Model | None = None
        self._model_lock = threading.Lock()
        self.database = Database(settings.database_path)
        migrate(self.database)
        self.library = Library(self.database)
        self.library.works.corpus_named(settings.corpus)  # a shelf that is still empty is no error
        self.log = EventLog(self.database)
        self.vectors = VectorStore(settings.home / "vectors", settings.embedding_model)
        self.ingest = Ingest(self.library, self.vectors, self.model)
        self.mending = Mending(self.ingest)
        self.retriever = Retriever(
            self.library, self.vectors, self.model, stages=settings.stages.split(), damaged=self.mending.ask
        )
        self.storyteller = load(settings)
        endings = Endings(self.library, self.log, self.embedder)
        tools = Tools(settings, self.library, self.log, self.retriever, self.storyteller, endings)
        self.tellings = Tellings(tools, alone=True)

    def model(self) -> Model | None:
        """The embedding model, loaded once; None until the set-up has made it."""
        with self._model_lock:
            if self._model is None and (folder := find_model(self.settings)):
                self._model = Model(Embedder(folder, self.settings.embedding_precision), folder)
            return self._model

    def embedder(self) -> Embedder | None:
        """The embedder of that model, for what needs no more of it."""
        model = self.model()
        return model.embedder if model else None

    def warm(self) -> None:
        """Opens what the first reader would otherwise wait for."""
        self.vectors.open()
        if model := self.model():
            model.embedder.embed_query("once upon a time")
            model.space  # noqa: B018 - made the first time it is asked for, which takes seconds
        if self.library.works.unindexed():
            self.mending.ask("words")
        self.storyteller.prepare()

    def close(self) -> None:
        """Interrupts tellings, keeping their text, and writes what is waiting to be written."""
        self.tellings.close()
        self.mending.close()
        self.log.close()
        self.vectors.close()
        self.database.close()

    # Searching

    def corpus(self, name: str | None) -> models.Corpus:
        """The corpus of that name, or the default one. Raises CorpusMissing."""
        name = name or self.settings.corpus
        corpus = self.library.works.corpus(name)
        if corpus is None:
            names = ", ".join(shelf.name for shelf in self.library.works.shelves()) or "none yet"
            raise CorpusMissing(f"There is no corpus named {name}. There are: {names}.")
        return corpus

    def search(
        self,
        query: str,
        corpus: str | None = None,
        *,
        limit: int = 20,
        budget: int | None = None,
        filters: Filters | None = None,
    ) -> Found:
        return self.retriever.search(self.corpus(corpus).id, query, limit=limit, budget=budget, filters=filters)

    # Stories

    def check_story(self, brief: Brief) -> models.Corpus:
        """The corpus of a story that may begin now. Raises CorpusMissing and Busy."""
        corpus = self.corpus(brief.corpus)
        self.tellings.check_room()
        return corpus

    def begin_story(self, reader_id: str, brief: Brief) -> tuple[models.Story, models.Scene]:
        """Writes a story with its first scene and begins to tell it. Raises CorpusMissing and Busy before anything
        is written.
        """
        corpus = self.check_story(brief)
        seed = _seed() if brief.seed is None else brief.seed
        story, scene = self.library.stories.begin(reader_id, corpus.id, brief.model_dump(mode="json"), seed)
        self.tellings.begin(scene, story)
        return story, scene

    def continue_story(self, story: models.Story, after_scene_id: str, direction: str = "") -> models.Scene:
        """The next scene after one that has ended with text: a child of it. Raises NotFound, Conflict, BriefRefused,
        Busy.
        """
        after = self._scene_of(story, after_scene_id)
        if after.state not in ENDED or not after.text:
            raise Conflict("That scene has no text to go on from yet. Nothing was changed.")
        return self._add_scene(story, after.id, _direction(direction))

    def tell_again(self, story: models.Story, scene_id: str) -> models.Scene:
        """The same scene told anew: a sibling with another seed. Raises NotFound, Conflict, Busy."""
        scene = self._scene_of(story, scene_id)
        if scene.state not in ENDED:
            raise Conflict("That scene is still being told. Stop it first, or let it end.")
        return self._add_scene(story, scene.parent_id, scene.direction)

    def text_so_far(self, scene: models.Scene) -> str:
        """A scene's text: the stored one, or while it is told what its log holds by now."""
        return scene.text if scene.state in ENDED else "".join(event.text for event in self.log.read(scene.id))

    def sources_shown(self, scene_id: str) -> list[dict[str, Any]]:
        """The fragments laid before the storyteller of a scene, joined with their works as they are now."""
        rows = self.library.scenes.sources(scene_id)
        return self._join(
            [
                {"fragment_id": row.fragment_id, "rank": row.rank, "score": row.score, "reasons": row.reasons}
                for row in rows
            ]
        )

    def event_shown(self, name: str, data: str) -> str:
        """An event's data as a reader sees it: sources are stored as ids, so that what is withdrawn is gone from old
        logs too.
        """
        if name != "sources":
            return data
        stored = orjson.loads(data)
        return orjson.dumps({**stored, "sources": self._join(stored["sources"])}).decode()

    def _join(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        fragments = self.library.works.fragments_ever([row["fragment_id"] for row in rows])
        withdrawn = self.library.works.withdrawn({fragment.work_id for fragment in fragments.values()})
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

    def _add_scene(self, story: models.Story, parent_id: str | None, direction: str) -> models.Scene:
        self.tellings.check_room()
        scene = self.library.stories.add_scene(story.id, parent_id, direction, _seed())
        self.tellings.begin(scene, story)
        return scene

    def _scene_of(self, story: models.Story, scene_id: str) -> models.Scene:
        scene = self.library.scenes.scene(scene_id)
        if scene is None or scene.story_id != story.id:
            raise NotFound("There is no such scene in this story.")
        return scene


def _seed() -> int:
    return secrets.randbelow(2**31)


def _direction(direction: str) -> str:
    try:
        direction = clean(direction)
    except ValueError as error:
        raise BriefRefused(str(error), {"direction": str(error)}) from None
    if len(direction) > DIRECTION_LIMIT:
        sentence = f"Please say in at most {DIRECTION_LIMIT} characters what should happen next."
        raise BriefRefused(sentence, {"direction": sentence})
    return direction
