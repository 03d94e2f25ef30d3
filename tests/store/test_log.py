"""The log of a telling: nothing is shown before it is stored, and nothing stored is ever missed or repeated."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from sqlalchemy import text as text_of_sql

from dream.service import Service
from dream.store.channel import Event
from dream.store.library.scenes import claim
from dream.store.log import EventLog

FEW = 5


@pytest.fixture
def scene_id(service: Service) -> str:
    """A scene that nobody tells."""
    corpus = service.corpus("starter")
    _, scene = service.library.stories.begin(service.library.stories.new_reader(), corpus.id, {"premise": "A bell."}, 1)
    with service.database.write() as session:
        assert claim(session, scene.id) == 1
    return scene.id


def followed(log: EventLog, scene_id: str, after: int = 0) -> list[Event]:
    return [event for event in log.follow(scene_id, after, heartbeat=FEW) if event]


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events)


def framed(events: Sequence[Event]) -> bytes:
    return "".join(event.frame for event in events).encode()


def tell(log: EventLog, scene_id: str, pieces: list[str]) -> None:
    channel = log.open(scene_id)
    log.append(channel, "begin", {})
    for piece in pieces:
        log.piece(channel, piece)
    log.append(channel, "told", {"state": "told"})
    log.shut(channel)


def test_numbers_count_from_one_without_a_gap(service: Service, scene_id: str) -> None:
    tell(service.log, scene_id, [f"word {n} " for n in range(300)])
    events = service.log.read(scene_id)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert (events[0].name, events[-1].name) == ("begin", "told")


def test_what_is_committed_is_no_work_for_the_garbage_collector(service: Service, scene_id: str) -> None:
    tell(service.log, scene_id, ["Once."])
    channel = service.log.open(scene_id)  # another telling of it, with the log so far
    service.log.append(channel, "told", {"state": "told"})
    gc.collect()
    assert channel.events() == service.log.read(scene_id)
    assert [gc.is_tracked(row) for row in channel.committed] == [False] * 4


def test_events_are_kept_byte_for_byte(service: Service, scene_id: str) -> None:
    pieces = ["\0", '"\\u0000"', "\u2028\x7f\x1b", "'; --", "하나 🌊", "\\", "[1]", "null"]
    tell(service.log, scene_id, pieces)
    (told,) = [event for event in service.log.read(scene_id) if event.name == "delta"]
    assert told.data == orjson.dumps({"text": "".join(pieces)}).decode()


def test_pieces_are_gathered_and_none_is_lost(service: Service, scene_id: str) -> None:
    pieces = [f"word {n} " for n in range(1000)]
    tell(service.log, scene_id, pieces)
    events = service.log.read(scene_id)
    assert text(events) == "".join(pieces)
    assert len(events) < len(pieces) / 2


def test_followers_see_the_same_bytes_live_and_later(service: Service, scene_id: str) -> None:
    seen: list[list[Event]] = [[] for _ in range(4)]

    def follow(place: int) -> None:
        seen[place] = followed(service.log, scene_id)

    threads = [threading.Thread(target=follow, args=(place,)) for place in range(len(seen))]
    for thread in threads:
        thread.start()
    tell(service.log, scene_id, [f"piece {n}, " for n in range(500)])
    for thread in threads:
        thread.join(timeout=30)
    assert all(events == followed(service.log, scene_id) for events in seen)


def test_what_is_there_at_once_comes_together(service: Service, scene_id: str) -> None:
    channel = service.log.open(scene_id)
    service.log.append(channel, "begin", {})
    service.log.append(channel, "storyteller", {})
    groups = service.log.follow_groups(scene_id, heartbeat=FEW)
    assert [event.name for event in next(groups)] == ["begin", "storyteller"]
    service.log.append(channel, "told", {"state": "told"})
    assert [event.name for event in next(groups)] == ["told"]
    service.log.shut(channel)
    assert [len(events) for events in service.log.follow_groups(scene_id, heartbeat=FEW)] == [3]


def test_what_a_follower_sees_is_stored_already(service: Service, scene_id: str) -> None:
    channel = service.log.open(scene_id)
    service.log.append(channel, "begin", {})
    follower = service.log.follow(scene_id, heartbeat=FEW)
    for n in range(50):
        service.log.piece(channel, f"{n} ")
    shown = 0
    for event in follower:
        assert event is not None
        assert service.log.read(scene_id, event.number - 1)[0] == event
        shown += event.text.count(" ")
        if shown == 50:
            break
    service.log.shut(channel)


@pytest.mark.parametrize("after", [0, 1, 2, 7])
def test_following_again_goes_on_where_it_stopped(service: Service, scene_id: str, after: int) -> None:
    channel = service.log.open(scene_id)
    for n in range(10):
        service.log.append(channel, "note", {"n": n})
    service.log.append(channel, "told", {})
    service.log.shut(channel)
    assert [event.number for event in followed(service.log, scene_id, after)] == list(range(after + 1, 12))


def test_a_silent_log_gives_a_heartbeat(service: Service, scene_id: str) -> None:
    channel = service.log.open(scene_id)
    service.log.append(channel, "begin", {})
    follower: Iterator[Event | None] = service.log.follow(scene_id, after=1, heartbeat=0.01)
    assert next(follower) is None
    service.log.shut(channel)
    stored: Iterator[Event | None] = service.log.follow(scene_id, after=1, heartbeat=0.01)
    assert next(stored) is None


def test_another_process_follows_by_the_stored_log(service: Service, scene_id: str) -> None:
    elsewhere = EventLog(service.database)  # shares nothing but the database, as another process would
    seen: list[Event] = []
    thread = threading.Thread(target=lambda: seen.extend(followed(elsewhere, scene_id)))
    thread.start()
    tell(service.log, scene_id, ["Once ", "upon ", "a time."])
    thread.join(timeout=30)
    elsewhere.close()
    assert text(seen) == "Once upon a time."


def test_an_event_whose_change_does_not_apply_is_not_written(service: Service, scene_id: str) -> None:
    channel = service.log.open(scene_id)
    assert service.log.append(channel, "begin", {})
    assert not service.log.append(channel, "told", {}, lambda _session: False)
    assert service.log.append(channel, "stopped", {})
    service.log.shut(channel)
    assert [event.name for event in service.log.read(scene_id)] == ["begin", "stopped"]


def test_a_second_teller_of_the_same_scene_is_refused_by_the_database(service: Service, scene_id: str) -> None:
    first, second = service.log.open(scene_id), service.log.open(scene_id)
    service.log.append(first, "begin", {})
    with pytest.raises(Exception, match="UNIQUE"):
        service.log.append(second, "begin", {})
    assert [event.name for event in service.log.read(scene_id)] == ["begin"]


def test_one_channels_fault_does_not_reach_its_neighbours(service: Service) -> None:
    _, other = service.library.stories.begin(
        service.library.stories.new_reader(), service.corpus("starter").id, {"premise": "A lamp."}, 1
    )
    bad, good = service.log.open("no such scene"), service.log.open(other.id)
    with ThreadPoolExecutor(1) as pool:
        failing = pool.submit(service.log.append, bad, "begin", {})
        for n in range(20):
            assert service.log.append(good, "note", {"n": n})
        assert failing.exception() is not None
    assert len(service.log.read(other.id)) == 20
    with pytest.raises(Exception, match="FOREIGN KEY"):
        service.log.piece(bad, "nobody reads this")


def test_pieces_that_could_not_be_written_stand_before_the_next_event(service: Service, scene_id: str) -> None:
    channel = service.log.open(scene_id)
    with service.database.write() as session:
        session.execute(
            text_of_sql("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END")
        )
    service.log.piece(channel, "Once ")
    with pytest.raises(Exception, match="full"):
        service.log.append(channel, "note", {})
    with service.database.write() as session:
        session.execute(text_of_sql("DROP TRIGGER full"))
    service.log.append(channel, "interrupted", {})
    service.log.shut(channel)
    events = followed(service.log, scene_id)
    assert text(events) == "Once "
    assert [event.name for event in events] == ["delta", "interrupted"]


def test_a_log_that_is_closed_takes_no_more(service: Service, scene_id: str) -> None:
    log = EventLog(service.database)
    channel = log.open(scene_id)
    log.close()
    with pytest.raises(RuntimeError, match="closed"):
        log.append(channel, "begin", {})


def test_following_from_beyond_the_end_still_ends(service: Service, scene_id: str) -> None:
    channel = service.log.open(scene_id)
    service.log.append(channel, "begin", {})
    follower = service.log.follow(scene_id, after=999, heartbeat=0.01)
    assert next(follower) is None
    service.log.append(channel, "told", {})
    service.log.shut(channel)
    assert next(event for event in follower if event).name == "told"


def test_data_is_one_line_whatever_it_holds(service: Service, scene_id: str) -> None:
    hostile = "one\ntwo\r\nevent: told\n\nid: 99\u2028three\u0085four 🌊"
    tell(service.log, scene_id, [hostile])
    delta = next(event for event in service.log.read(scene_id) if event.name == "delta")
    assert "\n" not in delta.data
    assert "\r" not in delta.data
    assert orjson.loads(delta.data) == {"text": hostile}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Taking:
    """An outlet whose way out is free for the first `room` pushes, and again after each settling."""

    def __init__(self, room: int) -> None:
        self._room = self._left = room
        self.seen = b""
        self.pushed = 0

    def push(self, frames: bytes) -> bool:
        assert self._left > 0, "it was not settled"
        self._left -= 1
        self.pushed += 1
        self.seen += frames
        return self._left > 0

    def settle(self) -> None:
        self._left = self._room


@pytest.mark.parametrize("room", [1, 3, 1000])
def test_what_an_outlet_is_handed_and_what_its_follower_reads_is_the_whole_log(
    service: Service, scene_id: str, room: int
) -> None:
    channel, outlet = service.log.open(scene_id), Taking(room)
    service.log.append(channel, "begin", {})

    def follow() -> None:
        for events in service.log.follow_groups(scene_id, heartbeat=FEW, outlet=outlet):
            outlet.seen += framed(events)

    with ThreadPoolExecutor() as pool:
        following = pool.submit(follow)
        for number in range(20):
            until(lambda: bool(channel.seats))  # it waits to be handed the next
            service.log.piece(channel, f"word {number} ")
            until(lambda most=number + 2: len(channel.committed) == most)  # type: ignore[misc]
        service.log.append(channel, "told", {"state": "told"})
        service.log.shut(channel)
        following.result(FEW)
    assert outlet.seen == framed(service.log.read(scene_id))
    assert outlet.pushed == 20


def test_an_outlet_hears_nothing_of_an_event_that_no_longer_applies(service: Service, scene_id: str) -> None:
    channel, outlet = service.log.open(scene_id), Taking(9)
    with ThreadPoolExecutor() as pool:
        following = pool.submit(list, service.log.follow_groups(scene_id, heartbeat=FEW, outlet=outlet))
        until(lambda: bool(channel.seats))
        assert not service.log.append(channel, "told", {}, lambda _session: False)
        service.log.append(channel, "told", {"state": "told"})
        service.log.shut(channel)
        assert [[event.name for event in events] for events in following.result(FEW)] == [["told"]]
    assert outlet.pushed == 0


def test_an_outlet_is_silent_for_no_longer_than_a_heartbeat(service: Service, scene_id: str) -> None:
    channel = service.log.open(scene_id)
    events = service.log.follow_groups(scene_id, heartbeat=0.01, outlet=Taking(9))
    assert [next(events), next(events)] == [[], []]
    assert isinstance(events, Generator)
    events.close()
    assert (channel.seats, channel.followers) == ([], 0)
