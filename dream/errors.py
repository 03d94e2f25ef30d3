"""The errors a person can meet, each with a stable code and a sentence that says what to do.

A `DreamError` may cross any room: the pages, the API and the command line all show its `sentence` and nothing else.
"""

from __future__ import annotations


class DreamError(Exception):
    """Something a person can understand and act on. `status` is its HTTP status, `retry` whether trying again may
    help.
    """

    code = "error"
    status = 500
    retry = False
    title = "Something went wrong"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadRequest(DreamError):
    code = "bad_request"
    status = 400
    title = "The request could not be read"


class BriefRefused(DreamError):
    """A brief that cannot be told; `fields` maps each field at fault to what to change about it."""

    code = "brief_refused"
    status = 422
    title = "The brief needs a change"

    def __init__(self, sentence: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = fields or {}


class NotFound(DreamError):
    code = "not_found"
    status = 404
    title = "Not found"


class Forbidden(DreamError):
    code = "forbidden"
    status = 403
    title = "Not allowed"


class Conflict(DreamError):
    code = "conflict"
    status = 409
    title = "Not possible just now"


class CorpusMissing(DreamError):
    code = "corpus_missing"
    status = 404
    title = "No such corpus"


class NothingFits(DreamError):
    """No fragment fits, and the grounding does not allow a story from the premise alone."""

    code = "nothing_fits"
    status = 409
    title = "Nothing in the corpus fits"


class Busy(DreamError):
    """Too many readers at once; `wait_seconds` is when to try again."""

    code = "busy"
    status = 503
    retry = True
    title = "Every seat is taken"

    def __init__(self, sentence: str, wait_seconds: int = 10) -> None:
        super().__init__(sentence)
        self.wait_seconds = wait_seconds


class StorytellerFailed(DreamError):
    """The storyteller could not tell, or stopped telling: `code` says how."""

    status = 502
    retry = True
    title = "The storyteller did not answer"

    def __init__(self, code: str, sentence: str, *, retry: bool = True) -> None:
        super().__init__(sentence)
        self.code = code
        self.retry = retry


class TextRefused(DreamError):
    """A text that cannot be read into a work."""

    code = "text_refused"
    status = 422
    title = "The text could not be read"


class SetupFailed(DreamError):
    code = "setup_failed"
    title = "The set-up did not finish"


class HomeInUse(DreamError):
    """Another process owns this data folder."""

    code = "home_in_use"
    status = 409
    title = "The data folder is in use"


class SchemaRefused(DreamError):
    """The data was written by a build that this one cannot serve."""

    code = "schema_refused"
    title = "The data belongs to a newer build"
