"""The service: every room's parts put together for one data folder. Pages, API and commands all act through it."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress

from dream.accounts.entrance import Entrance
from dream.accounts.gate import Gate
from dream.accounts.keeping import Keeping
from dream.accounts.shelves import Shelves
from dream.actor import OPERATOR, PUBLIC, Actor
from dream.binding.book import Book, Part, bind
from dream.corpus.comparison import Comparison
from dream.corpus.indexing import Indexing
from dream.corpus.ingest import Ingest
from dream.corpus.mending import Mending
from dream.corpus.rereading import Rereading
from dream.errors import BriefRefused, Conflict, CorpusMissing, NotFound, VectorsUnreachable
from dream.jobs.background import Background
from dream.jobs.desk import Desk
from dream.retrieval.embedding import Embedder
from dream.retrieval.model import Model, Models
from dream.retrieval.placement import PlacedVectors, Placement
from dream.retrieval.retriever import Filters, Found, Retriever
from dream.retrieval.vectors import VectorStores
from dream.settings import Settings
from dream.store import models
from dream.store.database import Database
from dream.store.files import Files
from dream.store.library import Library, brought
from dream.store.library.scenes import ENDED
from dream.store.library.stories import Also
from dream.store.log import EventLog
from dream.store.schema import migrate
from dream.storytelling.brief import Brief, clean
from dream.storytelling.compose import NOTHING_TOLD, History
from dream.storytelling.ending import Endings
from dream.storytelling.parcel import Parcel, leaning_of, packed, unpacked
from dream.storytelling.pump import Pump
from dream.storytelling.query import queries
from dream.storytelling.quotas import Quotas
from dream.storytelling.remembering import Remembering
from dream.storytelling.rewriting import Rewriting
from dream.storytelling.sources import Sources
from dream.storytelling.telling import Tools
from dream.storytelling.tellings import Tellings
from dream.storytelling.voices import voices
from dream.storytelling.world import World
from dream.wording import worded

DIRECTION_LIMIT = 500
MOST_STORIES = 5000

logger = logging.getLogger(__name__)


class Service:
    """Opens the data folder of `settings`, bringing its schema up to date; the vector store and the model open when
    first needed.

    Raises SchemaRefused for data that this build cannot serve. Only one process may have a service on a folder, unless
    its vectors have a server: see dream.store.lock.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_path)
        migrate(self.database)
        self.library = Library(self.database)
        self.library.works.corpus_named(settings.corpus)  # a shelf that is still empty is no error
        self.gate = Gate(self.library)
        self.entrance = Entrance(self.library, settings)
        self.log = EventLog(self.database)
        self.models = Models(settings, self.library)
        self.vector_stores = Placement(self.library, VectorStores(settings.home / "vectors", settings.chroma_url))
        self.files = Files(settings.home / "files")
        self.indexing = Indexing(self.library, self.vector_stores, self.model)
        self.ingest = Ingest(self.library, self.files, self.indexing)
        self.background = Background(
            settings, self.library, self.ingest, self.vector_stores, alone=not settings.chroma_url
        )
        self.desk = Desk(settings, self.library, self.files, self.background.nudge)
        self.comparison = Comparison(self.library, self.files, self.vector_stores, self.indexing)
        self.rereading = Rereading(self.library, self.vector_stores, self.models, self.indexing)
        self.mending = Mending(self.indexing, self.vector_stores)
        self.retriever = Retriever(
            self.library, self.vector_stores, self.model, stages=settings.stages.split(), damaged=self.mending.ask
        )
        self.quotas = Quotas(settings)
        self.voices = voices(settings)
        self.storyteller = self.voices[0].storyteller
        alone = not settings.chroma_url
        self.remembering = Remembering(settings, self.library, self.voices, self.quotas, alone=alone)
        endings = Endings(self.library, self.log, self.embedder, self.quotas, self.remembering.nudge)
        tools = Tools(
            settings, self.library, self.log, self.retriever, self.voices, endings, self.remembering,
            Pump(self.log.hurry),
        )  # fmt: skip
        self.rewriting = Rewriting(self.library, self.log, endings)
        self.tellings = Tellings(tools, alone=alone)
        self.shelves = Shelves(self.library)
        self.sources = Sources(self.library)
        self.world = World(settings, self.library, self.remembering)
        self.keeping = Keeping(self.library, self.files, self.tellings.stop)

    def model(self) -> Model | None:
        """The embedding model, loaded once; None until the set-up has made it."""
        return self.models.current()

    def embedder(self) -> Embedder | None:
        """The embedder of that model, for what needs no more of it."""
        model = self.model()
        return model.embedder if model else None

    @property
    def vectors(self) -> PlacedVectors:
        """The vectors of that model."""
        return self.vector_stores.of(self.models.name)

    def warm(self) -> None:
        """Opens what the first reader would otherwise wait for."""
        with suppress(VectorsUnreachable):  # until its server answers, search goes by words
            self.vector_stores.open()
        if model := self.model():
            model.embedder.read_query("once upon a time")
        if self.library.works.unindexed():
            self.mending.ask("words")
        for voice in self.voices:
            voice.storyteller.prepare()

    def close(self) -> None:
        """Interrupts tellings, keeping their text, and writes what is waiting to be written."""
        self.background.close()
        self.tellings.close()
        self.remembering.close()
        self.mending.close()
        self.log.close()
        self.vector_stores.close()
        self.database.close()

    # Searching

    def corpus(self, name: str | None, actor: Actor = PUBLIC) -> models.Corpus:
        """The corpus of that name (or id), or the default one, where the actor may read it. Raises CorpusMissing."""
        name = name or self.settings.corpus
        corpus = self.library.corpora.readable(actor, name)
        if corpus is None:
            names = ", ".join(shelf.name for shelf in self.library.corpora.shelves(actor)) or "none yet"
            raise CorpusMissing(
                worded("There is no corpus named %(name)s. There are: %(names)s.", name=name, names=names)
            )
        return corpus

    def work(self, work_id: str, actor: Actor = PUBLIC) -> tuple[models.Work, models.Corpus]:
        """A live work and its corpus, where the actor may read it. Raises NotFound."""
        work = self.library.works.work(work_id)
        if work and work.live_version_id and (corpus := self._corpus_of(work, actor)):
            return work, corpus
        raise NotFound("There is no such work on the shelf. Its author may have taken it back.")

    def _corpus_of(self, work: models.Work, actor: Actor) -> models.Corpus | None:
        """The corpus of a work where the actor may read it; an admin may, to settle what was reported of the work."""
        reported = actor.may("admin") and self.library.reports.is_reported("work", work.id)
        return self.library.corpora.readable(OPERATOR if reported else actor, work.corpus_id)

    def search(
        self,
        query: str,
        corpus: str | None = None,
        actor: Actor = PUBLIC,
        *,
        limit: int = 20,
        budget: int | None = None,
        filters: Filters | None = None,
    ) -> Found:
        return self.retriever.search(self.corpus(corpus, actor).id, query, limit=limit, budget=budget, filters=filters)

    # Stories

    def check_story(self, brief: Brief, actor: Actor = PUBLIC) -> models.Corpus:
        """The corpus of a story that may begin now; what to look for on it is being read from here on. Raises
        CorpusMissing and Busy.
        """
        self.tellings.check_room()
        self.retriever.foresee(queries(brief, NOTHING_TOLD))
        return self.corpus(brief.corpus, actor)

    def begin_story(
        self,
        reader_id: str | None,
        brief: Brief,
        corpus: models.Corpus,
        actor: Actor = PUBLIC,
        history: History | None = None,
    ) -> tuple[models.Story, models.Scene]:
        """Writes a story from the corpus that `check_story` gave, with its first scene, and begins to tell it; None is
        a reader who is new. Raises Busy and QuotaSpent, and then nothing is written.

        `history` is what came before in a program that keeps its own.
        """
        seed = _seed() if brief.seed is None else brief.seed
        with self.tellings.room() as place:
            if history is not None:
                self.retriever.foresee(queries(brief, history))
            story, scene = self.library.stories.begin(
                reader_id, corpus.id, brief.model_dump(mode="json"), seed, self._enter(actor)
            )
            self.tellings.begin(scene, story, place, history)
        return story, scene

    def continue_story(
        self, story: models.Story, after_scene_id: str, direction: str = "", actor: Actor = PUBLIC
    ) -> models.Scene:
        """The next scene after one that has ended with text: a child of it. Raises NotFound, Conflict, BriefRefused,
        Busy.
        """
        self._check_shelf(story, actor)
        after = self._scene_of(story, after_scene_id)
        if after.state not in ENDED or not after.text:
            raise Conflict("That scene has no text to go on from yet. Nothing was changed.")
        return self._add_scene(story, after.id, _direction(direction), actor)

    def tell_again(self, story: models.Story, scene_id: str, actor: Actor = PUBLIC) -> models.Scene:
        """The same scene told anew: a sibling with another seed. Raises NotFound, Conflict, Busy."""
        self._check_shelf(story, actor)
        scene = self._scene_of(story, scene_id)
        if scene.state not in ENDED:
            raise Conflict("That scene is still being told. Stop it first, or let it end.")
        return self._add_scene(story, scene.parent_id, scene.direction, actor)

    def rewrite(self, story: models.Story, scene_id: str, text: str) -> models.Scene:
        """A scene in the reader's own words: a sibling, so that nothing told is lost. Raises NotFound, Conflict,
        FormRefused.
        """
        scene = self._scene_of(story, scene_id)
        if scene.state not in ENDED or not scene.text:
            raise Conflict("That part has no words to change yet.")
        return self.rewriting.rewrite(story, scene, text)

    def text_so_far(self, scene: models.Scene) -> str:
        """A scene's text: the stored one, or while it is told what its log holds by now."""
        if scene.state in ENDED or scene.state == "queued":
            return scene.text
        return "".join(event.text for event in self.log.read(scene.id))

    # Stories that come and go

    def pack(self, story: models.Story) -> Parcel:
        """A whole story, to be kept or brought elsewhere. Raises Conflict while nothing of it is told."""
        scenes = self.library.scenes.of_story(story.id)
        if not any(scene.text and scene.ended_at for scene in scenes):
            raise Conflict("Nothing of this story has been told yet, so there is nothing to keep.")
        leanings = [self._leaning(scene) for scene in scenes]
        return packed(story, scenes, leanings, self.library.memories.corrections(story.id))

    def _leaning(self, scene: models.Scene) -> brought.Leaning:
        """What a scene leans on, as it may be said elsewhere."""
        scenes, shown = self.library.scenes, self.sources.of(scene.id)
        places = scenes.places([row["fragment_id"] for row in shown]) | brought.places_of(scene)
        return leaning_of(shown, places, scenes.threads(scene.id), scenes.copied_runs(scene.id))

    def bring(self, reader_id: str, parcel: Parcel, actor: Actor = PUBLIC) -> models.Story:
        """Makes a story of a parcel, for a reader. It goes on from the default shelf. Raises Conflict where they have
        as many stories as may be.
        """
        if self.library.stories.count(reader_id) >= MOST_STORIES:
            raise Conflict("As many stories as one reader may have are kept already. Nothing was brought.")
        brief = parcel.brief.model_copy(update={"corpus": None})
        story = {
            "brief": brief.model_dump(mode="json"), "title": parcel.title, "note": parcel.note,
            "facts": list(parcel.facts),
        }  # fmt: skip
        people = {one.name: {**one.model_dump(), "traits": list(one.traits)} for one in parcel.people}
        corpus = self.corpus(None, actor)
        return self.library.stories.bring(reader_id, corpus.id, story, unpacked(parcel), list(people.values()))

    def drop(self, story: models.Story) -> None:
        """Deletes a story that was put away, for good. Raises Conflict while a part of it is being told."""
        if any(scene.state not in ENDED for scene in self.library.scenes.of_story(story.id)):
            raise Conflict(
                "Nothing was deleted. A part of this story is still being told; please try again in a minute."
            )
        self.library.stories.drop(story.id)

    def book(self, scene_id: str) -> Book:
        """The story from its first scene to this one, as something to keep. Raises Conflict while it is being told."""
        path = self.library.scenes.path(scene_id)
        if path[-1].state not in ENDED:
            raise Conflict("This part is still being told. Stop it, or let it end, and then keep it.")
        story = self.library.stories.story(path[-1].story_id)
        assert story is not None
        scenes = self.library.scenes
        parts = [
            Part(scene, scenes.threads(scene.id), scenes.copied_runs(scene.id), self.sources.of(scene.id))
            for scene in path
            if scene.text
        ]
        if not parts:
            raise Conflict("Nothing of this story has been told yet, so there is nothing to keep.")
        return bind(story, story.title or str(story.brief["premise"]), parts)

    def _add_scene(self, story: models.Story, parent_id: str | None, direction: str, actor: Actor) -> models.Scene:
        with self.tellings.room() as place:
            scene = self.library.stories.add_scene(story, parent_id, direction, _seed(), self._enter(actor))
            self.tellings.begin(scene, story, place)
        return scene

    def _enter(self, actor: Actor) -> Also:
        """Enters a telling into the ledger, or refuses it, as its scene is written."""
        return lambda session, scene, story: self.quotas.enter(session, scene, story, actor)

    def _check_shelf(self, story: models.Story, actor: Actor) -> None:
        if not self.library.corpora.may_read(actor, story.corpus_id):
            raise Conflict(
                "What is told so far is kept. The shelf that this story draws on is no longer open to you, so it "
                "cannot go on: begin another from a shelf of yours."
            )

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
        sentence = worded("Please say in at most %(most)s characters what should happen next.", most=DIRECTION_LIMIT)
        raise BriefRefused(sentence, {"direction": sentence})
    return direction
