"""What a reader does on the pages, and what they read there."""

from __future__ import annotations

import re
import threading
import time
from html import unescape
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dream.service import Service

PREMISE = "A keeper of the lamp tells one kind lie."
WORKS = ("en/ask-him-on-the-stairs.md", "en/the-oil-in-the-lantern.md", "en/eleven-coats.md", "ko/two-ferrymen.md")


def text_of(html: str) -> str:
    """What a reader reads of a piece of HTML."""
    return unescape(re.sub(r"<[^>]+>", "", html))


def post(reader: FlaskClient, path: str, page: str = "/", **fields: str) -> TestResponse:
    """Sends a form as the page at `page` would."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', reader.get(page).text)
    assert token
    return reader.post(path, data={"csrf_token": token[1], **fields})


def begin(reader: FlaskClient, service: Service, **brief: str) -> tuple[str, str]:
    """The addresses of a begun story and of its scene, once it is told and remembered."""
    answer = post(reader, "/", **{"premise": PREMISE, **brief})
    assert answer.status_code == 303, answer.text
    story = urlsplit(answer.location).path
    scene = service.library.scenes.of_story(story.removeprefix("/stories/"))[-1]
    assert [event for event in service.log.follow(scene.id) if event][-1].name == "told"
    return story, remembered(service, f"{story}/scenes/{scene.id}")


def remembered(service: Service, scene: str) -> str:
    """The address of a scene, once its memory is made."""
    deadline, pause = time.monotonic() + 30, threading.Event()
    while service.remembering.is_making(scene.rpartition("/")[2]):
        assert time.monotonic() < deadline
        pause.wait(0.01)
    return scene
