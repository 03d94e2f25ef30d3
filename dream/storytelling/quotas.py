"""Quotas: how much anybody may have told, and what the service may spend in a day. Kept in SQL, for all processes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dream.actor import Actor
from dream.errors import Busy, QuotaSpent
from dream.settings import Settings
from dream.store import models
from dream.store.library import ledger
from dream.storytelling.brief import WORDS, Brief
from dream.storytelling.storytellers import Finish, Storyteller
from dream.wording import worded

_MEMORY_CHARACTERS = 5000
"""What a model may say at most of a scene it has read, near enough."""

_CHARACTERS_A_TOKEN = 3
"""Fewer than most tokenizers need for English, more than for Korean: what is not counted is priced so."""


@dataclass(frozen=True, slots=True)
class Quota:
    """0 stands for as much as they like."""

    at_once: int
    hourly: int
    daily_characters: int

    @classmethod
    def of(cls, setting: str) -> Quota:
        return cls(*map(int, setting.split()))

    def check(self, spent: ledger.Spent) -> None:
        """Raises QuotaSpent."""
        if 0 < self.at_once <= spent.at_once:
            raise QuotaSpent(
                "Your premise is kept. As many stories as you may have at once are being told: wait for one to end, or "
                "stop one.",
                wait_seconds=30,
            )
        if 0 < self.hourly <= spent.hourly:
            raise QuotaSpent(
                worded(
                    "Your premise is kept. You have had %(stories)s stories told within the hour, which is as many as "
                    "may be; please try again later.",
                    stories=self.hourly,
                ),
                wait_seconds=600,
            )
        if 0 < self.daily_characters <= spent.daily_characters:
            raise QuotaSpent(
                "Your premise is kept. You have had as much told within a day as may be; please come back tomorrow.",
                wait_seconds=3600,
            )


class Quotas:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader = Quota.of(settings.quota_reader)
        self._address = Quota.of(settings.quota_address)
        self._account = Quota.of(settings.quota_account)

    def enter(self, session: Session, scene: models.Scene, story: models.Story, actor: Actor) -> None:
        """Enters a telling into the ledger, in the transaction that writes its scene. Raises QuotaSpent and Busy, and
        then nothing is written.
        """
        if actor.role != "operator":
            self._check(session, story.reader_id, actor)
        ledger.enter(
            session, scene.id, reader_id=story.reader_id, account_id=actor.account_id, address=actor.address,
            began_at=scene.created_at, cost=self._most(Brief.model_validate(story.brief)),
        )  # fmt: skip

    def cost(self, provider: str, prompt: int | None, answer: int | None, sizes: tuple[int, int]) -> float:
        """What a telling came to: by its tokens, or by the `sizes` of prompt and answer in characters."""
        if provider in ("", "loom"):
            return 0.0
        prompt = sizes[0] // _CHARACTERS_A_TOKEN if prompt is None else prompt
        answer = sizes[1] // _CHARACTERS_A_TOKEN if answer is None else answer
        return (prompt * self._settings.price_prompt + answer * self._settings.price_answer) / 1e6

    def enter_memory(self, session: Session, scene_id: str, reader_id: str, characters: int) -> bool:
        """Enters what a model is to be asked about a told scene, for whoever had it told; False where they, or all
        together, have had as much within a day as may be.
        """
        told = session.get(models.LedgerLine, scene_id)
        account_id, address = (told.account_id, told.address) if told else (None, "")
        for quota, whose, who in self._whose(reader_id, account_id, address):
            spent = ledger.spent(session, whose, who) if who and quota.daily_characters else None
            if spent and spent.daily_characters >= quota.daily_characters:
                return False
        if self._settings.spending_cap and ledger.cost_since(session, _today()) >= self._settings.spending_cap:
            return False
        cost = (
            self.cost("unknown yet", None, None, (characters, _MEMORY_CHARACTERS)) if self._settings.spending_cap else 0
        )
        ledger.enter_memory(
            session, scene_id, reader_id=reader_id, account_id=account_id, address=address, cost=cost,
            prompt_characters=characters,
        )  # fmt: skip
        return True

    def settle_memory(
        self, session: Session, scene_id: str, storyteller: Storyteller, sizes: tuple[int, int],
        finish: Finish | None, code: str | None,
    ) -> None:  # fmt: skip
        """Ends the line of what a model was asked about a scene."""
        prompt, answer = (finish.prompt_tokens, finish.answer_tokens) if finish else (None, None)
        key = ledger.of_memory(scene_id)
        ledger.name(session, key, storyteller.provider, storyteller.name, sizes[0])
        ledger.settle(
            session, key, state="failed" if code else "told", code=code, answer_characters=sizes[1],
            prompt_tokens=prompt, answer_tokens=answer, cost=self.cost(storyteller.provider, prompt, answer, sizes),
        )  # fmt: skip

    def _whose(
        self, reader_id: str, account_id: str | None, address: str
    ) -> list[tuple[Quota, ledger.Whose, str | None]]:
        """The quotas there are, and whose lines each counts; nobody's where it does not apply."""
        return [
            (self._reader, "reader_id", None if account_id else reader_id),
            (self._address, "address", address),
            (self._account, "account_id", account_id),
        ]

    def _check(self, session: Session, reader_id: str, actor: Actor) -> None:
        for quota, whose, who in self._whose(reader_id, actor.account_id, actor.address):
            if who and quota != Quota(0, 0, 0):
                quota.check(ledger.spent(session, whose, who))
        cap, today = self._settings.spending_cap, _today()
        if cap and ledger.cost_since(session, today) >= cap:
            raise Busy(
                "Your premise is kept. dream has told as much today as it may.",
                wait_seconds=int(today + ledger.DAY_SECONDS - time.time()) + 1,
            )

    def _most(self, brief: Brief) -> float:
        """What a telling may cost at most, near enough to keep the cap when many begin together."""
        budgets = self._settings.fragment_budget, self._settings.history_budget, self._settings.memory_budget
        prompt = sum(budgets) + 4000
        answer = WORDS[brief.spoken_language][brief.length][1] * 8
        return self.cost("unknown yet", None, None, (prompt, answer)) if self._settings.spending_cap else 0.0


def _today() -> float:
    """When the day began, UTC."""
    now = time.time()
    return now - now % ledger.DAY_SECONDS
