"""All tellings of this process: begun, watched, stopped, and swept up after where a process died."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context

from dream.errors import Busy, NotFound
from dream.store import models
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History
from dream.storytelling.ending import ending
from dream.storytelling.telling import Telling, Tools
from dream.wording import worded

WATCH_SECONDS = 0.25
BEAT_SECONDS = 5.0
LAPSE_SECONDS = 40.0
SWEEP_SECONDS = 15.0
CLOSE_SECONDS = 10.0
DRAINING = worded("Your premise is kept. dream is about to restart.")
FULL = worded("Your premise is kept. Every storyteller is busy just now.")

# The finishes that hold whatever becomes of the process that saved them.
_SETTLED = ("finished", "stopped", "cut_short", "unfollowed")

logger = logging.getLogger(__name__)


class Tellings:
    """`alone` says that no other process tells stories from this data, so that whatever is live in it at the start
    was left by a dead one.
    """

    def __init__(self, tools: Tools, *, alone: bool) -> None:
        self._tools = tools
        self._live: dict[str, Telling] = {}
        self._kept: set[object] = set()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self.draining = False
        lapsed = time.time() - (0 if alone else LAPSE_SECONDS)
        self._watcher = threading.Thread(target=self._watch, args=(lapsed,), name="watch", daemon=True)
        self._watcher.start()

    def check_room(self) -> None:
        """Raises Busy where no further telling can begin."""
        if self.draining:
            raise Busy(DRAINING)
        if self._ending.is_set() or len(self._live) + len(self._kept) >= self._tools.settings.tellings:
            raise Busy(FULL)

    @contextmanager
    def room(self) -> Iterator[object]:
        """Keeps a place, for `begin`, while a scene is being written. Raises Busy where there is none."""
        place = object()
        with self._lock:
            self.check_room()
            self._kept.add(place)
        try:
            yield place
        finally:
            with self._lock:
                self._kept.discard(place)

    def begin(self, scene: models.Scene, story: models.Story, place: object, history: History | None = None) -> None:
        """Tells a queued scene in a thread of its own, in a place that was kept for it; after `history`, where a
        program keeps its own. Raises Busy where there is no thread to be had; the sweep then ends the scene.
        """
        telling = Telling(self._tools, scene, story, history)
        with self._lock:
            self._kept.discard(place)
            self._live[scene.id] = telling
        try:
            run = copy_context().run  # with the id of the request that asked for it
            threading.Thread(target=run, args=(self._run, telling), name=f"telling-{scene.id}", daemon=True).start()
        except RuntimeError:
            telling.leave()
            self._forget(telling)
            raise Busy(FULL) from None

    def stop(self, scene_id: str) -> None:
        """Stops a telling, in whichever process it is; nothing happens where it has ended."""
        self._tools.library.scenes.ask_to_stop(scene_id)
        with self._lock:
            telling = self._live.get(scene_id)
        if telling:
            telling.cut("stopped")

    def live(self) -> int:
        return len(self._live)

    def drain(self) -> None:
        """From now on no telling begins; those under way go on."""
        self.draining = True

    def wait(self, seconds: float) -> bool:
        """Waits until nothing is being told; False where something still is."""
        deadline = time.monotonic() + seconds
        while (self._live or self._kept) and time.monotonic() < deadline:
            self._ending.wait(WATCH_SECONDS)
        return not (self._live or self._kept)

    def close(self) -> None:
        """Interrupts what is being told, keeping its text, and waits for its last events."""
        self._ending.set()
        with self._lock:
            tellings = list(self._live.values())
        for telling in tellings:
            telling.cut("service_stopped")
        deadline = time.monotonic() + CLOSE_SECONDS
        for telling in tellings:
            telling.wait(max(0.0, deadline - time.monotonic()))
        self._watcher.join(timeout=1)

    def _run(self, telling: Telling) -> None:
        try:
            telling.run()
        except Exception:
            logger.exception("scene %s could not be told", telling.scene_id)
        finally:
            self._forget(telling)

    def _forget(self, telling: Telling) -> None:
        with self._lock:
            self._live.pop(telling.scene_id, None)

    def _watch(self, lapsed: float) -> None:
        try:
            self._sweep(before=lapsed)
        except Exception:
            logger.exception("the first sweep failed; another follows")
        beaten = swept = time.monotonic()
        while not self._ending.wait(WATCH_SECONDS):
            with self._lock:
                tellings = dict(self._live)
            try:
                self._cut_overdue(tellings)
                if tellings and time.monotonic() - beaten > BEAT_SECONDS:
                    beaten = time.monotonic()
                    self._tools.library.scenes.beat(list(tellings))
                if time.monotonic() - swept > SWEEP_SECONDS:
                    swept = time.monotonic()
                    self._sweep(before=time.time() - LAPSE_SECONDS)
            except Exception:
                logger.exception("watching the tellings failed once")

    def _cut_overdue(self, tellings: dict[str, Telling]) -> None:
        for telling in tellings.values():
            telling.keep_time()
        if tellings:
            for scene_id in self._tools.library.scenes.asked_to_stop(list(tellings)):
                tellings[scene_id].cut("stopped")

    def _sweep(self, before: float) -> None:
        """Ends what a dead process left: told where the storyteller had said so, interrupted with its text
        otherwise.
        """
        for scene in self._tools.library.scenes.lapsed(before):
            if scene.id in self._live:
                continue
            epoch = self._tools.library.scenes.take_over(scene)
            try:
                if epoch is not None:
                    self._end_abandoned(scene, epoch)
            except Exception:
                logger.exception("scene %s, left by another process, could not be ended", scene.id)

    def _end_abandoned(self, scene: models.Scene, epoch: int) -> None:
        channel = self._tools.log.open(scene.id)
        try:
            story = self._tools.library.stories.story(scene.story_id)
            if story is None:
                raise NotFound(worded("Scene %(scene)s belongs to no story.", scene=scene.id))
            text = "".join(event.text for event in channel.events() if event.name == "delta")
            cited = [source.fragment_id for source in self._tools.library.scenes.sources(scene.id)]
            found = self._tools.library.fragments.ever(cited)
            fragments = [found[id_] for id_ in cited if id_ in found]
            reason = scene.finish if scene.finish in _SETTLED else "teller_died"
            end = ending(reason, scene.usage, told=bool(text))
            self._tools.endings.conclude(channel, epoch, text, fragments, Brief.model_validate(story.brief), end)
        finally:
            self._tools.log.shut(channel)
