"""What can go wrong between dream and a storyteller: each fault's code, its sentence, and whether to try again."""

from __future__ import annotations

from dataclasses import dataclass

from dream.errors import StorytellerFailed


@dataclass(frozen=True, slots=True)
class Fault:
    happened: str
    advice: str
    retry: bool = True


FAULTS: dict[str, Fault] = {
    "closed": Fault("The telling was closed.", "It can be taken up again at any time."),
    "cut_off": Fault("The line to the storyteller broke off before the end.", "Trying again may help."),
    "model_missing": Fault(
        "The storyteller's server does not offer the model that dream is set to.",
        "Another model, or another server's address, has to be set before it can tell.",
        retry=False,
    ),
    "provider_busy": Fault(
        "The storyteller has more to do than it can manage just now.", "Trying again a little later may help."
    ),
    "provider_failed": Fault("The storyteller's server reported trouble of its own.", "Trying again may help."),
    "provider_garbled": Fault(
        "The storyteller's server sent something that is not a story.",
        "Trying again may help; where it does not, the address that dream is set to may not be a model's.",
    ),
    "provider_refused": Fault(
        "The storyteller's server did not accept dream's key, or the account behind it.",
        "The key, its rights and its credit have to be looked at before it can tell.",
        retry=False,
    ),
    "provider_rejected": Fault(
        "The storyteller's server did not take the request as it was.",
        "A shorter brief or another model may be taken.",
        retry=False,
    ),
    "provider_silent": Fault("The storyteller's server stopped answering.", "Trying again may help."),
    "provider_unreachable": Fault(
        "The storyteller's server could not be reached.",
        "Once it is running at the address that dream is set to, trying again will help.",
    ),
    "provider_withheld": Fault(
        "The storyteller's provider held the rest of this story back under its own rules on content.",
        "Another premise, or another turn of this one, may be told.",
        retry=False,
    ),
    "setup_failed": Fault(
        "The storyteller could not be set up.", "Its package, key and model name have to be looked at.", retry=False
    ),
    "told_nothing": Fault("The storyteller ended without telling anything.", "Trying again may help."),
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
    kept = "What was told is kept, and can be continued." if told else "Your premise is kept."
    return StorytellerFailed(broken.code, f"{fault.happened} {kept} {broken.advice}", retry=fault.retry)


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
            f"Trying again after {wait} seconds may help." if wait else "",
        )
    if status >= 500 or status == 408:
        return Broken("provider_failed")
    return Broken("provider_rejected")
