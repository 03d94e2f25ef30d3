"""What the fault suite tried, and what came of it, as one table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.trials import Trials


@pytest.fixture(scope="session")
def trials(request: pytest.FixtureRequest) -> Iterator[Trials]:
    trials = Trials("Faults while works are brought")
    yield trials
    trials.show(request.config)
