"""The admins' page of tellings: what runs, how the storytellers do, what failed, and usage by day."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dream.service import Service
from dream.store.library.jobs import Asked
from dream.storytelling.brief import Brief
from dream.web import build_app
from tests.accounts.test_gate import account, token
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream

SECRET = "quillwort"


@pytest.fixture
def told(open_service: OpenService, upstream: FakeUpstream) -> Service:
    return open_service(storyteller="openai", openai_base_url=upstream.base_url, model="scripted")


def begin(service: Service) -> str:
    brief = Brief(premise=f"A {SECRET} keeper.")
    return service.begin_story(service.library.stories.new_reader(), brief, service.check_story(brief))[1].id


def page(service: Service) -> str:
    headers = {"Authorization": f"Bearer {token(service, account(service, 'ada', 'admin'), 'read', 'admin')}"}
    answer = build_app(service).test_client().get("/admin/tellings", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_empty_service_says_so(told: Service) -> None:
    shown = page(told)
    for sentence in ("Nothing is being told just now.", "Nothing has been told", "told to its end"):
        assert sentence in shown
    assert "in use" in shown


def test_it_shows_what_runs_what_failed_and_the_day_without_any_words(told: Service, upstream: FakeUpstream) -> None:
    upstream.script(fault="500")
    failed = begin(told)
    for _ in told.log.follow(failed):
        pass
    upstream.script(latch="hold", after=1)
    running = begin(told)
    next(event for event in told.log.follow(running) if event and event.name == "delta")
    shown = page(told)
    assert re.search(rf"<code>{failed}</code>.*provider_failed", shown, re.DOTALL)
    assert re.search(rf"Running now.*<code>{running}</code>.*scripted", shown, re.DOTALL)
    assert shown.count("<rect") == 2
    assert "2 told or tried, 1 of them not to their end" in shown
    assert SECRET not in shown


def test_a_provider_that_rests_is_said_to(told: Service) -> None:
    for _ in range(5):
        told.voices[0].breaker.failed()
    assert "left alone for a moment" in page(told)


def test_files_that_are_read_and_those_that_could_not_be_are_shown_without_their_names(
    told: Service, tmp_path: Path
) -> None:
    corpus = told.library.works.corpus_named("starter").id
    (tmp_path / f"{SECRET}.pdf").write_bytes(b"%PDF-1.7\n")
    [refused] = told.ingest.files([tmp_path / f"{SECRET}.pdf"], "starter")
    assert refused.outcome == "refused"
    [waiting] = told.library.jobs.ask(corpus, "", [Asked(f"{SECRET}.md", "0" * 64, 3)])
    [failed] = told.library.jobs.failures()
    shown = page(told)
    assert re.search(rf"on their way to a shelf.*<code>{waiting.id}</code>.*Waiting its turn", shown, re.DOTALL)
    assert re.search(rf"lately not read.*<code>{failed.id}</code>.*<code>{failed.code}</code>", shown, re.DOTALL)
    assert SECRET not in shown
