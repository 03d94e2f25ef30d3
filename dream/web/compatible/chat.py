"""POST /v1/chat/completions: a story, told on OpenAI's wire."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from dream.errors import Busy, StorytellerFailed
from dream.storytelling.refusals import refusals
from dream.web.access import needs
from dream.web.auth import reader_id
from dream.web.compatible import compatible
from dream.web.compatible.answered import Answered, chunks, whole
from dream.web.compatible.asked import Asked
from dream.web.compatible.caller import caller
from dream.web.compatible.errors import Refused, shape
from dream.web.compatible.models import corpus_of
from dream.web.current import service
from dream.web.streaming import Followers


@compatible.post("/chat/completions")
@needs("tell")
def complete() -> ResponseReturnValue:
    caller()
    asked = _asked()
    corpus, brief, history = corpus_of(asked.model), asked.brief(), asked.history()
    followers: Followers = current_app.extensions["followers"]
    if not followers.take():
        raise Busy("Nothing was begun. Every seat is taken just now.")
    try:
        _, scene = service().begin_story(reader_id(), brief, corpus, caller(), history)
    except BaseException:
        followers.leave()
        raise
    answered = Answered(service(), scene, asked)
    if not asked.stream:
        try:
            return _whole(answered)
        finally:
            followers.leave()
    include_usage = bool(asked.stream_options and asked.stream_options.include_usage)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = Response(chunks(answered, include_usage, _shaped), mimetype="text/event-stream", headers=headers)
    response.call_on_close(followers.leave)
    return response


def _whole(answered: Answered) -> ResponseReturnValue:
    for _ in answered:
        pass
    if answered.failed:
        raise StorytellerFailed(answered.failed["code"] or "stopped", answered.failed["sentence"])
    return jsonify(whole(answered))


def _shaped(failed: dict[str, Any]) -> dict[str, Any]:
    return shape(failed["sentence"], StorytellerFailed.status, failed["code"] or "stopped")


def _asked() -> Asked:
    """The request. Raises Refused."""
    try:
        asked = Asked.model_validate(orjson.loads(request.get_data()))
    except orjson.JSONDecodeError:
        raise Refused("The body is not valid JSON in UTF-8.") from None
    except ValidationError as error:
        param, sentence = next(iter(refusals(error).items()))
        raise Refused(f"{param}: {sentence}", param) from None
    asked.check()
    return asked
