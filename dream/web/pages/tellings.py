"""What an admin sees of tellings and jobs: what runs now, how the storytellers do, what failed, and what it came to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from dream.store.library.ledger import DAY_SECONDS, Day
from dream.web.access import needs
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.desk import STATES

DAYS = 30
CHART_HEIGHT = 100
BAR_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of the chart: where its bar stands, how high it is, and how much of that failed; in the chart's units."""

    x: int
    height: float
    failed: float
    date: str
    said: str


@pages.get("/admin/tellings")
@needs("admin")
def tellings() -> ResponseReturnValue:
    ledger = service().library.ledger
    today = int(time.time() // DAY_SECONDS)
    days = ledger.days((today - DAYS + 1) * DAY_SECONDS)
    return render_template(
        "tellings.html",
        running=ledger.running(),
        here=service().tellings.live(),
        most=service().settings.tellings,
        followers=current_app.extensions["followers"].open,
        voices=service().voices,
        failures=ledger.failures(),
        waiting=service().library.jobs.active(),
        jobs=service().library.jobs.under_way(),
        unread=service().library.jobs.failures(),
        states=STATES,
        days=days[::-1],
        bars=_bars(days, today),
        now=time.time(),
    )


def _bars(days: list[Day], today: int) -> list[Bar]:
    most = max((day.tellings for day in days), default=0)
    scale = CHART_HEIGHT / most if most else 0.0
    bars = []
    for day in days:
        date = datetime.fromtimestamp(day.day * DAY_SECONDS, UTC).date().isoformat()
        said = gettext(
            "%(date)s: %(tellings)s told or tried, %(failed)s of them not to their end",
            date=date, tellings=day.tellings, failed=day.failed,
        )  # fmt: skip
        x = (day.day - today + DAYS - 1) * BAR_WIDTH
        bars.append(Bar(x, round(day.tellings * scale, 1), round(day.failed * scale, 1), date, said))
    return bars
