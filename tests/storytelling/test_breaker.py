"""The breaker, on a clock that the test turns."""

from __future__ import annotations

from dream.storytelling.breaker import FAILURES, REST_SECONDS, Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.admit()
        breaker.failed()
    return breaker


def test_it_opens_after_five_failures_in_a_row_and_not_before() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES - 1):
        breaker.failed()
    breaker.succeeded()
    for _ in range(FAILURES - 1):
        breaker.failed()
    assert (breaker.state, breaker.admit()) == ("closed", True)
    breaker.failed()
    assert (breaker.state, breaker.admit()) == ("open", False)


def test_after_its_rest_one_may_try_while_the_others_are_refused() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += REST_SECONDS - 0.1
    assert not breaker.admit()
    clock.now += 0.2
    assert breaker.admit()
    assert (breaker.state, breaker.admit()) == ("probing", False)


def test_a_first_piece_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += REST_SECONDS
    breaker.admit()
    breaker.answered()
    assert (breaker.state, breaker.admit()) == ("closed", True)


def test_a_failed_try_opens_it_for_another_rest() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += REST_SECONDS
    breaker.admit()
    breaker.failed()
    assert (breaker.state, breaker.admit()) == ("open", False)
    clock.now += REST_SECONDS
    assert breaker.admit()


def test_a_try_that_a_reader_stopped_lets_the_next_one_try() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += REST_SECONDS
    breaker.admit()
    breaker.gave_up()
    assert (breaker.state, breaker.admit()) == ("open", True)


def test_pieces_alone_do_not_forget_earlier_failures() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES):
        breaker.answered()
        breaker.failed()
    assert breaker.state == "open"
