"""Trials: what a suite of faults tried and what came of it, printed when it is done."""

from __future__ import annotations

from collections import Counter

import pytest


class Trials:
    """`count` what each trial came to; `show` prints the table, though pytest captures what tests print."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._outcomes: Counter[str] = Counter()

    def count(self, outcome: str, times: int = 1) -> None:
        self._outcomes[outcome] += times

    @property
    def total(self) -> int:
        return self._outcomes.total()

    def show(self, config: pytest.Config) -> None:
        capture = config.pluginmanager.get_plugin("capturemanager")
        assert capture is not None
        with capture.global_and_fixture_disabled():
            print(f"\n{self._title}: {self.total} trials")
            for outcome, times in self._outcomes.most_common():
                print(f"  {times:6} {outcome}")
