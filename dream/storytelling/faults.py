"""What can go wrong between dream and a storyteller: each fault's code, its sentence, and whether to try again."""

from __future__ import annotations

from dataclasses import dataclass

from dream.errors import StorytellerFailed


@dataclass(frozen=True, slots=True)
class Fault:
    """What happened, whether telling again may help, and what else there is to do."""

    happened: str
    retry: bool = True
    advice: str = ""


FAULTS: dict[str, Fault] = {
    "closed": Fault("The telling was closed."),
    "cut_off": Fault("The line to the storyteller broke off before the end."),
    "model_missing": Fault(
        "The storyteller's server does not offer the model that dream is set to.",
        retry=False,
        advice="Another model, or another server's address, has to be set before it can tell.",
    ),
    "provider_busy": Fault("The storyteller has more to do than it can manage just now."),
    "provider_failed": Fault("The storyteller's server reported trouble of its own."),
    "provider_garbled": Fault(
        "The storyteller's server sent something that is not a story.",
        advice="Should this happen again, the address that dream is set to may not be a model's.",
    ),
    "provider_refused": Fault(
        "The storyteller's server did not accept dream's key, or the account behind it.",
        retry=False,
        advice="The key, its rights and its credit have to be looked at before it can tell.",
    ),
    "provider_rejected": Fault(
        "The storyteller's server did not take the request as it was.",
        retry=False,
        advice="A shorter brief or another model may be taken.",
    ),
    "provider_silent": Fault("The storyteller's server stopped answering."),
    "provider_unreachable": Fault(
        "The storyteller's server could not be reached.",
        advice="It has to be running at the address that dream is set to.",
    ),
    "provider_withheld": Fault(
        "The storyteller's provider held the rest of this story back under its own rules on content.",
        retry=False,
        advice="Another premise, or another turn of this one, may be told.",
    ),
    "setup_failed": Fault(
        "The storyteller could not be set up.",
        retry=False,
        advice="Its package, its key and the model's name have to be looked at.",
    ),
    "told_nothing": Fault("The storyteller ended without telling anything."),
}


class Broken(Exception):
    """A fault as a provider's file sees it, which need not know whether any text had been told. `advice` replaces the
    fault's own.
    """

    def __init__(self, code: str, advice: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.advice = advice or FAULTS[code].advice


def failure(broken: Broken, *, told: bool) -> StorytellerFailed:
    """The error people meet: what happened, what is kept, what to do."""
    fault = FAULTS[broken.code]
    again = "; telling it again may work." if fault.retry else "."
    kept = "What was told is kept, and can be continued." if told else f"Your premise is kept{again}"
    return StorytellerFailed(broken.code, f"{fault.happened} {kept} {broken.advice}".rstrip(), retry=fault.retry)


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
        return Broken(
            "provider_busy",
            f"It asks to be left for {wait} seconds first." if wait else "",
        )
    if status >= 500 or status == 408:
        return Broken("provider_failed")
    return Broken("provider_rejected")
