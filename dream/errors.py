"""The errors a person can meet, each with a stable code and a sentence that says what to do.

A `DreamError` may cross any room: the pages, the API and the command line all show its `sentence` and nothing else.
"""

from __future__ import annotations

from dream.wording import worded


class DreamError(Exception):
    """Something a person can understand and act on. `status` is its HTTP status, `retry` whether trying again may
    help.
    """

    code = "error"
    status = 500
    retry = False
    title = worded("Something went wrong")

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadRequest(DreamError):
    code = "bad_request"
    status = 400
    title = worded("The request could not be read")


class BriefRefused(DreamError):
    """A brief that cannot be told; `fields` maps each field at fault to what to change about it."""

    code = "brief_refused"
    status = 422
    title = worded("The brief needs a change")

    def __init__(self, sentence: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = fields or {}


class NotFound(DreamError):
    code = "not_found"
    status = 404
    title = worded("Not found")


class Forbidden(DreamError):
    code = "forbidden"
    status = 403
    title = worded("Not allowed")


class SignInNeeded(DreamError):
    code = "sign_in_needed"
    status = 401
    title = worded("Please sign in")


class FormRefused(DreamError):
    """What was sent needs a change; `fields` maps each field at fault to what to change about it."""

    code = "form_refused"
    status = 422
    title = worded("Something needs a change")

    def __init__(self, sentence: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = fields or {}

    @classmethod
    def of(cls, field: str, sentence: str) -> FormRefused:
        return cls(sentence, {field: sentence})


class TooMany(DreamError):
    """Asked too often; `wait_seconds` is when to try again."""

    code = "too_many"
    status = 429
    retry = True
    title = worded("Too many tries")

    def __init__(self, sentence: str, wait_seconds: int) -> None:
        super().__init__(sentence)
        self.wait_seconds = wait_seconds


class Conflict(DreamError):
    code = "conflict"
    status = 409
    title = worded("Not possible just now")


class CorpusMissing(DreamError):
    code = "corpus_missing"
    status = 404
    title = worded("No such corpus")


class NotBound(DreamError):
    """A story could not be made into the file that was asked for."""

    code = "not_bound"
    status = 503
    retry = True
    title = worded("Not printed")


class NothingFits(DreamError):
    """No fragment fits, and the grounding does not allow a story from the premise alone."""

    code = "nothing_fits"
    status = 409
    title = worded("Nothing in the corpus fits")


class Busy(DreamError):
    """Too many readers at once; `wait_seconds` is when to try again."""

    code = "busy"
    status = 503
    retry = True
    title = worded("Every seat is taken")

    def __init__(self, sentence: str, wait_seconds: int = 10) -> None:
        super().__init__(sentence)
        self.wait_seconds = wait_seconds


class QuotaSpent(TooMany):
    """Somebody has had as much told as they may for now."""

    code = "quota_spent"
    title = worded("That is all for now")


class StorytellerFailed(DreamError):
    """The storyteller could not tell, or stopped telling: `code` says how, `wait_seconds` how long it asks to be left
    alone.
    """

    status = 502
    retry = True
    title = worded("The storyteller did not answer")

    def __init__(self, code: str, sentence: str, *, retry: bool = True, wait_seconds: int = 0) -> None:
        super().__init__(sentence)
        self.code = code
        self.retry = retry
        self.wait_seconds = wait_seconds


class TextRefused(DreamError):
    """A text that cannot be read into a work; `code` says why (see dream.corpus.refusals)."""

    status = 422
    title = worded("The text could not be read")

    def __init__(self, sentence: str, code: str = "text_refused") -> None:
        super().__init__(sentence)
        self.code = code


class FileTooLarge(DreamError):
    code = "file_too_large"
    status = 413
    title = worded("The file is too large")


class QuotaReached(DreamError):
    """An author has brought as much as they may."""

    code = "quota_reached"
    status = 413
    title = worded("There is room for no more")


class NoRoom(DreamError):
    """The disk is nearly full."""

    code = "no_room"
    status = 507
    retry = True
    title = worded("The disk is nearly full")


class VectorsUnreachable(DreamError):
    """The server that keeps the vectors does not answer; what it holds is whole as far as anyone knows."""

    code = "vectors_unreachable"
    status = 503
    retry = True
    title = worded("The vector store does not answer")


class SetupFailed(DreamError):
    code = "setup_failed"
    title = worded("The set-up did not finish")


class ReindexFailed(DreamError):
    """The new index is not whole, so the old one stays."""

    code = "reindex_failed"
    retry = True
    title = worded("The index was not changed")


class HomeInUse(DreamError):
    """Another process owns this data folder."""

    code = "home_in_use"
    status = 409
    title = worded("The data folder is in use")


class SchemaRefused(DreamError):
    """The data was written by a build that this one cannot serve."""

    code = "schema_refused"
    title = worded("The data belongs to a newer build")
