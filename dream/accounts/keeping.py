"""What an account keeps here: taken out as one file, and deleted for good."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import IO, Any

from dream.errors import Busy
from dream.store import models
from dream.store.files import Files
from dream.store.library import Library

PATIENCE_SECONDS = 5.0

README = """\
What you keep in dream, as it was when you asked for it.

account.json        your account, where it is signed in, its tokens (never their secrets), what is shared with whom
stories/            each story as text and, with all its scenes, what each leans on and what you laid down, as JSON
shelves/            each of your shelves: shelf.json, and under files/ the files you brought, byte for byte;
                    under texts/ the texts as dream reads them
"""


class Keeping:
    """`stop` ends a scene that is still being told."""

    def __init__(self, library: Library, files: Files, stop: Callable[[str], None]) -> None:
        self._library = library
        self._files = files
        self._stop = stop

    # Taking it out

    def write(self, account: models.Account, file: IO[bytes]) -> None:
        """Writes a zip of all that an account keeps."""
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", README)
            archive.writestr("account.json", _json(self._about(account)))
            for put_away in (False, True):
                for kept in self._library.stories.kept(account.reader_id, put_away=put_away, limit=1_000_000):
                    self._write_story(archive, kept.story)
            for shelf in self._library.corpora.owned(account.id):
                folder = f"shelves/{shelf.name}"
                works = self._library.works.kept(corpus_id=shelf.id)
                about = {"title": shelf.title, "public": shelf.public, "shared_with": self._shared_with(shelf.id)}
                archive.writestr(f"{folder}/shelf.json", _json({**about, "works": [_work(work) for work in works]}))
                for work in works:
                    self._write_work(archive, folder, work)
            elsewhere = self._library.works.kept(added_by=account.id)
            for work in elsewhere:
                self._write_work(archive, "shelves/of-others", work)

    def _about(self, account: models.Account) -> dict[str, Any]:
        return {
            "name": account.name,
            "role": account.role,
            "created_at": account.created_at,
            "sign_ins": [
                {"agent": one.agent, "created_at": one.created_at, "seen_at": one.seen_at}
                for one in self._library.sign_ins.of_account(account.id)
            ],
            "tokens": [
                {"name": one.name, "scopes": one.scopes, "created_at": one.created_at, "used_at": one.used_at}
                for one in self._library.tokens.of_account(account.id)
            ],
        }

    def _shared_with(self, corpus_id: str) -> list[dict[str, Any]]:
        return [{"name": name, "may_add": may_add} for _, name, may_add in self._library.corpora.granted(corpus_id)]

    def _write_story(self, archive: zipfile.ZipFile, story: models.Story) -> None:
        scenes = self._library.scenes.of_story(story.id)
        archive.writestr(f"stories/{story.id}.json", _json(self._library.stories.whole(story.id)))
        text = "\n\n\n".join([story.brief.get("premise", ""), *(scene.text for scene in scenes)])
        archive.writestr(f"stories/{story.id}.txt", text)

    def _write_work(self, archive: zipfile.ZipFile, folder: str, work: models.Work) -> None:
        version = self._library.works.latest_version(work.id)
        if version is None:
            return
        name = f"{work.id}-{_file_name(work.source)}"
        archive.writestr(f"{folder}/texts/{name}.txt", version.text)
        if self._files.has(version.sha256):
            archive.write(self._files.path(version.sha256), f"{folder}/files/{name}")

    # Deleting it

    def remove_shelf(self, corpus_id: str) -> None:
        """Removes a corpus with everything on it. Stories that drew on it keep their text."""
        for work in self._library.works.kept(corpus_id=corpus_id):
            self._remove_work(work)
        self._library.corpora.bury(corpus_id)

    def remove_account(self, account: models.Account) -> None:
        """Removes an account, its stories, its shelves and the works it put on others', for good.

        Raises Busy where a story of theirs does not end being told within a few seconds; the account is then kept, but
        signed out everywhere.
        """
        self._library.accounts.suspend(account.id)
        self._await_silence(account)
        for shelf in self._library.corpora.owned(account.id):
            self.remove_shelf(shelf.id)
        for work in self._library.works.kept(added_by=account.id):
            self._remove_work(work)
        self._library.accounts.remove(account.id)

    def _remove_work(self, work: models.Work) -> None:
        for sha256 in self._library.works.remove(work.id):
            self._library.works.drop_file(sha256, self._files)

    def _await_silence(self, account: models.Account) -> None:
        """Rows of a scene may go only once nobody writes to it any more."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while live := self._library.accounts.being_told(account.id):
            for scene_id in live:
                self._stop(scene_id)
            if time.monotonic() > deadline:
                self._library.accounts.restore(account.id)
                raise Busy("Nothing was deleted. A story of yours is still being told.", wait_seconds=60)
            time.sleep(0.1)


def _work(work: models.Work) -> dict[str, Any]:
    names = ("id", "title", "author", "language", "licence", "quotable", "source", "summary", "tags", "created_at")
    return {name: getattr(work, name) for name in names} | {"live": work.live_version_id is not None}


def _file_name(source: str) -> str:
    """A name that every file system takes."""
    return re.sub(r"[^\w.-]+", "_", PurePath(source).name)[-80:] or "file"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
