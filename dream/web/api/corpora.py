"""An author's own corpora: made, changed, shared, deleted."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from dream.errors import Conflict, FormRefused, NotFound
from dream.store import models
from dream.web.api import api
from dream.web.api.answers import CorpusAnswer
from dream.web.auth import actor
from dream.web.current import service
from dream.web.operation import operation


class NewCorpus(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=200, description="What people call it; its name is made of it.")
    public: bool = Field(False, description="Whether everybody may read it and have stories told from it.")


class ChangedCorpus(BaseModel):
    """What is not given stays as it is."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, max_length=200)
    public: bool | None = None


class Share(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200, description="The account's name.")
    may_add: bool = Field(False, description="Whether they may put works on it.")


class ShareAnswer(BaseModel):
    account: str = Field(description="The account's id.")
    name: str
    may_add: bool


class Shares(BaseModel):
    shares: list[ShareAnswer]


@api.post("/corpora")
@operation(
    "Make a corpus of your own",
    scope="author",
    status=201,
    body=NewCorpus,
    answer=CorpusAnswer,
    refuses=(FormRefused, Conflict),
)
def make_corpus(body: NewCorpus) -> CorpusAnswer:
    return _answer(service().shelves.make(actor(), body.title, public=body.public))


@api.patch("/corpora/<corpus_id>")
@operation(
    "Rename a corpus of yours, or say who may read it",
    scope="author",
    body=ChangedCorpus,
    answer=CorpusAnswer,
    refuses=(NotFound, FormRefused),
)
def change_corpus(corpus_id: str, body: ChangedCorpus) -> CorpusAnswer:
    found = service().shelves.owned(actor(), corpus_id)
    service().shelves.change(found, title=body.title, public=body.public)
    return _answer(service().shelves.owned(actor(), found.id))


@api.delete("/corpora/<corpus_id>")
@operation("Delete a corpus of yours with every work on it, for good", scope="author", status=204, refuses=(NotFound,))
def delete_corpus(corpus_id: str) -> ResponseReturnValue:
    service().keeping.remove_shelf(service().shelves.owned(actor(), corpus_id).id)
    return "", 204


@api.get("/corpora/<corpus_id>/shares")
@operation("Whom a corpus of yours is shared with", scope="author", answer=Shares, refuses=(NotFound,))
def shares(corpus_id: str) -> Shares:
    found = service().shelves.owned(actor(), corpus_id)
    return _shares(found)


@api.post("/corpora/<corpus_id>/shares")
@operation(
    "Share a corpus of yours with somebody, or change what they may do with it",
    scope="author",
    body=Share,
    answer=Shares,
    refuses=(NotFound, FormRefused),
)
def share_corpus(corpus_id: str, body: Share) -> Shares:
    found = service().shelves.owned(actor(), corpus_id)
    service().shelves.share(found, body.name, may_add=body.may_add)
    return _shares(found)


@api.delete("/corpora/<corpus_id>/shares/<account_id>")
@operation("Stop sharing a corpus of yours with somebody", scope="author", answer=Shares, refuses=(NotFound,))
def unshare_corpus(corpus_id: str, account_id: str) -> Shares:
    found = service().shelves.owned(actor(), corpus_id)
    service().library.corpora.revoke(found.id, account_id)
    return _shares(found)


def _answer(corpus: models.Corpus) -> CorpusAnswer:
    account_id = actor().account_id
    assert account_id
    shelf = next(shelf for shelf in service().library.corpora.owned(account_id) if shelf.id == corpus.id)
    return CorpusAnswer.of(shelf, account_id)


def _shares(corpus: models.Corpus) -> Shares:
    granted = service().library.corpora.granted(corpus.id)
    return Shares(shares=[ShareAnswer(account=id_, name=name, may_add=may_add) for id_, name, may_add in granted])
