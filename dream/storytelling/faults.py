"""What can go wrong between dream and a storyteller: each fault's code, its sentence, and whether to try again."""

from __future__ import annotations

from dataclasses import dataclass

from dream.errors import StorytellerFailed
from dream.wording import worded


@dataclass(frozen=True, slots=True)
class Fault:
    """What happened, whether telling again may help, what else there is to do, and whether it says something of the
    provider's health (`theirs`).
    """

    happened: str
    retry: bool = True
    advice: str = ""
    theirs: bool = True


FAULTS: dict[str, Fault] = {
    "closed": Fault(worded("The telling was closed."), theirs=False),
    "cut_off": Fault(worded("The line to the storyteller broke off before the end.")),
    "model_missing": Fault(
        worded("The storyteller's server does not know the storyteller that dream is set to."),
        retry=False,
        advice=worded("Another name, or another server's address, has to be set before it can tell."),
    ),
    "provider_busy": Fault(worded("The storyteller has more to do than it can manage just now.")),
    "provider_failed": Fault(worded("The storyteller's server reported trouble of its own.")),
    "provider_garbled": Fault(
        worded("The storyteller's server sent something that is not a story."),
        advice=worded("Should this happen again, the address that dream is set to may not be a storyteller's."),
    ),
    "provider_refused": Fault(
        worded("The storyteller's server did not accept dream's key, or the account behind it."),
        retry=False,
        advice=worded("The key, its rights and its credit have to be looked at before it can tell."),
    ),
    "provider_rejected": Fault(
        worded("The storyteller's server did not take the request as it was."),
        retry=False,
        advice=worded("Fewer words, or another storyteller, may be taken."),
        theirs=False,
    ),
    "provider_resting": Fault(
        worded("The storyteller's server has failed several times in a row and is left alone for half a minute."),
        theirs=False,
    ),
    "provider_silent": Fault(worded("The storyteller's server stopped answering.")),
    "provider_unreachable": Fault(
        worded("The storyteller's server could not be reached."),
        advice=worded("It has to be running at the address that dream is set to."),
    ),
    "provider_withheld": Fault(
        worded("The storyteller's provider held the rest of this story back under its own rules on content."),
        retry=False,
        advice=worded("Another premise, or another turn of this one, may be told."),
        theirs=False,
    ),
    "setup_failed": Fault(
        worded("The storyteller could not be set up."),
        retry=False,
        advice=worded("Its package, its key and its name have to be looked at."),
    ),
    "told_nothing": Fault(worded("The storyteller ended without telling anything."), theirs=False),
    "too_slow": Fault(worded("The storyteller did not begin in time.")),
}

_TEXT_KEPT = worded("What was told is kept, and can be continued.")
_PREMISE_KEPT = worded("Your premise is kept; telling it again may work.")
_ONLY_KEPT = worded("Your premise is kept.")


class Broken(Exception):
    """A fault as a provider's file sees it, which need not know whether any text had been told. `advice` replaces the
    fault's own; `wait_seconds` is how long the provider asks to be left alone.
    """

    def __init__(self, code: str, advice: str = "", *, wait_seconds: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.wait_seconds = wait_seconds
        self.advice = advice or FAULTS[code].advice


def failure(broken: Broken, *, told: bool) -> StorytellerFailed:
    """The error people meet: what is kept, what happened, what to do."""
    fault = FAULTS[broken.code]
    kept = _TEXT_KEPT if told else _PREMISE_KEPT if fault.retry else _ONLY_KEPT
    sentence = f"{kept} {fault.happened} {broken.advice}".rstrip()
    return StorytellerFailed(broken.code, sentence, retry=fault.retry, wait_seconds=broken.wait_seconds)


def by_status(status: int, complaint: str = "", retry_after: str = "") -> Broken:
    """The fault behind an HTTP status. `complaint` is the answer's body, which is read and never shown; `retry_after`
    its header.
    """
    if status in (401, 402, 403) or "insufficient_quota" in complaint:
        return Broken("provider_refused")
    if status == 404 or "model_not_found" in complaint:
        return Broken("model_missing")
    if status == 429:
        wait = int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 5 else 0
        advice = worded("It asks to be left for %(wait)s seconds first.", wait=wait) if wait else ""
        return Broken("provider_busy", advice, wait_seconds=wait)
    if status >= 500 or status == 408:
        return Broken("provider_failed")
    return Broken("provider_rejected")
