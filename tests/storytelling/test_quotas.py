"""Quotas and the ledger: who may have how much told, what it cost, and that nothing is written where it is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from dream.actor import OPERATOR, Actor
from dream.errors import Busy, QuotaSpent, SetupFailed
from dream.service import Service
from dream.settings import load_settings
from dream.store import models
from dream.store.library.ledger import DAY_SECONDS
from dream.store.log import EventLog
from dream.storytelling.brief import Brief
from dream.web import build_app
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream
from tests.fakes.scenario import WORDS

Connect = Callable[..., Service]
BRIEF = Brief(premise="A bell under the sea.")


@pytest.fixture
def connect(open_service: OpenService, upstream: FakeUpstream) -> Connect:
    def connect(model: str = "ok", **changed: Any) -> Service:
        given = {"storyteller": "openai", "openai_base_url": upstream.base_url, "model": model, "read_back": False}
        return open_service(**{**given, **changed})

    return connect


def begin(service: Service, reader: str | None, actor: Actor | None = None) -> models.Scene:
    return service.begin_story(reader, BRIEF, service.check_story(BRIEF), actor or Actor(reader))[1]


def tell(service: Service, reader: str, actor: Actor | None = None) -> str:
    scene = begin(service, reader, actor)
    for _ in service.log.follow(scene.id, heartbeat=30):
        pass
    return scene.id


def test_a_telling_has_its_line_in_the_ledger(connect: Connect) -> None:
    service = connect(price_prompt=2.0, price_answer=10.0)
    reader = service.library.stories.new_reader()
    line = service.library.ledger.line(tell(service, reader, Actor(reader, address="abc")))
    assert line is not None
    assert (line.reader_id, line.address, line.account_id) == (reader, "abc", None)
    assert (line.provider, line.name, line.state, line.code) == ("openai", "ok", "told", None)
    assert (line.prompt_tokens, line.answer_tokens) == (11, len(WORDS))
    assert line.answer_characters == len("".join(WORDS))
    assert line.prompt_characters > 1000
    assert line.cost == pytest.approx((11 * 2 + len(WORDS) * 10) / 1e6)
    assert line.ended_at is not None


def test_what_fails_has_its_code_and_day(connect: Connect) -> None:
    service = connect("500")
    tell(service, service.library.stories.new_reader())
    (line,) = service.library.ledger.failures()
    assert (line.state, line.code) == ("failed", "provider_failed")
    (day,) = service.library.ledger.days(time.time() - DAY_SECONDS)
    assert (day.tellings, day.failed, day.cost) == (1, 1, 0)
    assert service.library.ledger.running() == []


def test_at_once_holds_for_a_burst_and_refuses_before_anything_is_written(connect: Connect) -> None:
    service = connect("stall@1", quota_reader="3 0 0")
    reader = service.library.stories.new_reader()
    together, outcomes = threading.Barrier(9), list[str]()

    def ask() -> None:
        together.wait(timeout=30)
        try:
            begin(service, reader)
        except QuotaSpent:
            outcomes.append("refused")
        else:
            outcomes.append("begun")

    threads = [threading.Thread(target=ask) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["begun"] * 3 + ["refused"] * 6
    assert len(service.library.stories.of_reader(reader)) == 3
    begin(service, service.library.stories.new_reader())  # another reader is free


def test_hourly_and_daily_shares_come_back_with_time(connect: Connect) -> None:
    service = connect(quota_reader="0 2 0")
    reader = service.library.stories.new_reader()
    tell(service, reader), tell(service, reader)
    with pytest.raises(QuotaSpent, match="2 stories told within the hour"):
        begin(service, reader)
    _age(service, 3601)
    tell(service, reader)


def test_characters_a_day(connect: Connect) -> None:
    service = connect(quota_reader=f"0 0 {len(''.join(WORDS)) + 1}")
    reader = service.library.stories.new_reader()
    tell(service, reader), tell(service, reader)
    with pytest.raises(QuotaSpent, match="tomorrow"):
        begin(service, reader)
    _age(service, DAY_SECONDS + 1)
    tell(service, reader)


def test_an_address_and_an_account_share_among_their_readers(connect: Connect) -> None:
    service = connect(quota_address="0 1 0", quota_account="0 1 0", quota_reader="0 1 0")
    new = service.library.stories.new_reader
    tell(service, new(), Actor(address="abc"))
    with pytest.raises(QuotaSpent):
        begin(service, new(), Actor(address="abc"))
    begin(service, new(), Actor(address="def"))
    tell(service, new(), Actor(account_id="mara"))
    with pytest.raises(QuotaSpent):
        begin(service, new(), Actor(account_id="mara"))
    reader = new()
    for _ in range(3):
        begin(service, reader, OPERATOR)


def test_a_newcomer_who_is_refused_leaves_nothing(connect: Connect) -> None:
    service = connect("stall@1", quota_address="0 1 0")
    scene = begin(service, None, Actor(address="abc"))
    story = service.library.stories.story(scene.story_id)
    assert story is not None
    assert service.library.stories.reader_exists(story.reader_id)
    with pytest.raises(QuotaSpent):
        begin(service, None, Actor(address="abc"))
    with service.database.read() as session:
        assert list(session.scalars(select(models.Reader.id))) == [story.reader_id]


def test_the_cap_on_spending_holds_for_all_and_counts_what_is_not_yet_known(connect: Connect) -> None:
    service = connect("stall@1", price_prompt=1.0, price_answer=1.0, spending_cap=0.012)
    new = service.library.stories.new_reader
    begin(service, new()), begin(service, new())
    with pytest.raises(Busy, match="as much today as it may") as refused:
        begin(service, new())
    assert 0 < refused.value.wait_seconds <= DAY_SECONDS + 1


def test_the_looms_stories_cost_nothing(open_service: OpenService) -> None:
    service = open_service(price_prompt=1000.0, price_answer=1000.0)
    line = service.library.ledger.line(tell(service, service.library.stories.new_reader()))
    assert line is not None
    assert (line.provider, line.cost) == ("loom", 0)


def test_a_refusal_reaches_the_reader_with_when_to_come_back(connect: Connect) -> None:
    client = build_app(connect("stall@1", quota_address="1 0 0")).test_client(use_cookies=False)
    assert client.post("/api/v1/stories", json={"premise": "A bell"}).status_code == 201
    refused = client.post("/api/v1/stories", json={"premise": "A bell"})
    assert (refused.status_code, refused.get_json()["code"]) == (429, "quota_spent")
    assert int(refused.headers["Retry-After"]) > 0
    elsewhere = client.post("/api/v1/stories", json={"premise": "A bell"}, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status_code == 201


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_an_ipv6_household_is_one_address(connect: Connect, one: str, other: str, same: bool) -> None:
    client = build_app(connect("stall@1", quota_address="1 0 0")).test_client(use_cookies=False)
    statuses = [
        client.post("/api/v1/stories", json={"premise": "A bell"}, environ_base={"REMOTE_ADDR": address}).status_code
        for address in (one, other)
    ]
    assert statuses == [201, 429 if same else 201]


@pytest.mark.parametrize("setting", ["8", "8 9", "-1 2 3", "a b c"])
def test_a_quota_that_is_none_is_refused(setting: str) -> None:
    with pytest.raises(SetupFailed, match="DREAM_QUOTA_READER"):
        load_settings(_env_file=None, quota_reader=setting)


def test_a_telling_followed_in_another_process_goes_on(connect: Connect) -> None:
    service = connect("stall@3")
    scene = begin(service, service.library.stories.new_reader())
    telling = service.tellings._live[scene.id]
    with service.database.write() as session:
        session.execute(update(models.Scene).values(followed_at=time.time()))
    telling._channel.left_at -= 301
    telling.keep_time()
    assert telling._asking.reason is None
    with service.database.write() as session:
        session.execute(update(models.Scene).values(followed_at=time.time() - 361))
    telling.keep_time()
    assert telling._asking.reason == "unfollowed"


def test_another_process_says_that_it_follows(connect: Connect) -> None:
    service = connect("stall@3")
    scene = begin(service, service.library.stories.new_reader())
    elsewhere = EventLog(service.database)
    following = elsewhere.follow(scene.id, heartbeat=0.2)
    assert next(following) is not None
    stored = service.library.scenes.scene(scene.id)
    assert stored is not None
    assert stored.followed_at is not None
    following.close()  # type: ignore[attr-defined]  # a generator
    elsewhere.close()


def _age(service: Service, seconds: float) -> None:
    with service.database.write() as session:
        session.execute(update(models.LedgerLine).values(began_at=models.LedgerLine.began_at - seconds))
