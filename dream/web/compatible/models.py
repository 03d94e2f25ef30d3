"""The models there are: every corpus that the account may read."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from dream.errors import CorpusMissing
from dream.store.models import Corpus
from dream.web.access import needs
from dream.web.compatible import compatible
from dream.web.compatible.caller import caller
from dream.web.current import service
from dream.wording import worded

PREFIX = "dream/"


@compatible.get("/models")
@needs("read")
def models() -> ResponseReturnValue:
    asking = caller()
    shelves = service().library.corpora.shelves(asking)
    return jsonify(object="list", data=[_described(service().corpus(shelf.id, asking)) for shelf in shelves])


@compatible.get("/models/<path:name>")
@needs("read")
def model(name: str) -> ResponseReturnValue:
    return jsonify(_described(corpus_of(name)))


def corpus_of(model: str) -> Corpus:
    """The corpus that a model's name stands for; `dream` alone is the service's default. Raises CorpusMissing."""
    asking = caller()
    if model == PREFIX.rstrip("/"):
        return service().corpus(None, asking)
    if not model.startswith(PREFIX):
        raise CorpusMissing(
            worded(
                "There is no model of that name here: they are called %(prefix)s<corpus>. See /v1/models.",
                prefix=PREFIX,
            )
        )
    return service().corpus(model.removeprefix(PREFIX), asking)


def _described(corpus: Corpus) -> dict[str, Any]:
    return {"id": PREFIX + corpus.name, "object": "model", "created": int(corpus.created_at), "owned_by": "dream"}
