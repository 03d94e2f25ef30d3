"""Who may use which route, with whose ids: every route of the application, by everybody, with another's things.

A new route needs a line in `ROUTES`, a new kind of id in an address one in `World.ids`, a new id in a body one in
`bodies`. What is not listed fails.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from dream.accounts.gate import digest
from dream.actor import SCOPES, Scope
from dream.service import Service
from dream.settings import Settings
from dream.store import models
from dream.store.library.jobs import Asked
from dream.web import build_app
from dream.web.access import needed
from tests.accounts.test_gate import account, acting, token
from tests.conftest import TALES

ROUTES = {
    "open": """openapi metrics.show health.live health.ready health.version pages.static_file
        pages.shared pages.change_look pages.elsewhere pages.open_elsewhere
        pages.sign_in pages.sign_in_now pages.register pages.register_now pages.sign_out""",
    "read": """api.account api.corpora api.works api.work api.search api.stories api.story api.scene api.events
        api.library api.parcel pages.parcel
        api.memory api.prompt api.standing api.corrections pages.world pages.inspector
        compatible.models compatible.model pages.search
        pages.book pages.library pages.report_story pages.send_story_report
        pages.home pages.works pages.work pages.report_work pages.send_report pages.story pages.scene pages.read
        pages.story_map pages.woven
        pages.account pages.change_password pages.make_token pages.revoke_token pages.end_sign_in pages.take_out
        pages.leaving pages.delete_account""",
    "tell": """api.begin api.add_scene api.stop compatible.complete
        api.lay_down api.correct pages.lay_down pages.correct_cast
        api.name api.share api.put_away api.bring_back api.bring api.drop pages.drop pages.bring_story pages.make_link
        api.lay_down api.correct pages.lay_down pages.correct_cast
        api.name api.share api.put_away api.bring_back api.bring pages.bring_story pages.make_link
        pages.begin pages.stop pages.go_on pages.again pages.name pages.put_away pages.bring_back pages.share
        pages.rewrite""",
    "author": """api.make_corpus api.change_corpus api.delete_corpus api.shares api.share_corpus api.unshare_corpus
        pages.shelves pages.make_shelf pages.shelf pages.change_shelf pages.share_shelf pages.unshare_shelf
        pages.delete_shelf
        api.bring_works api.jobs api.job api.job_events api.cancel_job api.retry_job api.delete_job api.desk
        api.describe_work api.withdraw_work api.restore_work api.delete_work api.uses
        pages.desk pages.bring_files pages.cancel_file pages.retry_file pages.remove_file pages.own_work
        pages.describe_own_work pages.ask_to_withdraw pages.withdraw_work pages.restore_work pages.remove_work""",
    "admin": """pages.tellings pages.admin pages.add_account pages.set_role pages.suspend pages.restore pages.reset
        pages.keep_reported pages.take_down_reported pages.take_down pages.allow""",
    "socket": "control.run",
}
LISTED = {endpoint: scope for scope, endpoints in ROUTES.items() for endpoint in endpoints.split()}

OF_ONE_S_OWN = ("pages.account", "pages.change_password", "pages.make_token", "pages.take_out", "pages.leaving")
"""Pages that are about whoever asks, without an id."""

OPEN_BY_ITS_LINK = "pages.report_story"


@dataclass
class World:
    """A service where Mara has one of everything, all of it private, and others try to get at it."""

    service: Service
    app: Flask
    mara: models.Account
    ids: dict[str, str]

    def request(self, client: FlaskClient, rule: Rule, method: str, **how: Any) -> TestResponse:
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: self.ids[found[1]], rule.rule)
        return client.open(path, method=method, **how)

    def hers(self) -> dict[str, Any]:
        """All that is Mara's, to see that nobody changed it. When something was last used does not count."""
        kept: dict[str, Any] = {}
        with self.service.database.read() as session:
            for table in models.Base.metadata.sorted_tables:
                if table.name in (
                    "attempts",
                    "readers",
                    "stories",
                    "scenes",
                    "events",
                    "sources",
                    "threads",
                    "memories",
                ):
                    continue
                columns = [column for column in table.columns if column.name not in ("used_at", "seen_at")]
                kept[table.name] = sorted(map(repr, session.execute(select(*columns))))
            stories = select(models.Story.id).where(models.Story.reader_id == self.mara.reader_id)
            scenes = select(models.Scene.id, models.Scene.state, models.Scene.text, models.Scene.stop_asked)
            kept["scenes"] = sorted(map(repr, session.execute(scenes.where(models.Scene.story_id.in_(stories)))))
        return kept


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home: Path = tmp_path_factory.mktemp("matrix") / "home"
    service = Service(Settings(_env_file=None, home=home, loom_pace=0, storyteller="loom"))
    app = build_app(service)
    mara = account(service, "mara")
    corpus = service.shelves.make(acting(service, mara), "Drafts", public=False)
    list(service.ingest.files([TALES / "en" / "eleven-coats.md"], corpus.name))
    [work] = service.library.works.works(corpus.id)
    secret = token(service, mara, "read", "tell", "author")
    headers = {"Authorization": f"Bearer {secret}"}
    client = app.test_client(use_cookies=False)
    begun = client.post(
        "/api/v1/stories", json={"premise": "A coat", "corpus": corpus.name}, headers=headers
    ).get_json()
    assert client.get(begun["events"], headers=headers).text
    service.library.sign_ins.begin(mara.id, "hers", "a browser")
    service.library.reports.add("work", "something else", "Look at this.", None)
    ids = {
        "work_id": work.id,
        "corpus_id": corpus.id,
        "story_id": begun["story"]["id"],
        "scene_id": begun["scene"]["id"],
        "account_id": mara.id,
        "token_id": service.library.tokens.of_account(mara.id)[0].id,
        "sign_in_id": service.library.sign_ins.of_account(mara.id)[0].id,
        "report_id": service.library.reports.waiting()[0].report.id,
        "job_id": service.library.jobs.ask(corpus.id, mara.id, [Asked("a.txt", "0" * 64, 1)])[0].id,
        "key": "no-such-key",
        "kind": "work",
        "ending": "txt",
        "subject_id": work.id,
        "name": f"dream/{corpus.name}",
        "version": "0",
    }
    yield World(service, app, mara, ids)
    service.close()


def bodies(world: World) -> dict[str, list[dict[str, Any]]]:
    """Bodies and queries that name another's things, and those that would be fine were the address one's own."""
    corpus, scene = world.ids["corpus_id"], world.ids["scene_id"]
    name = world.service.library.corpora.owned(world.mara.id)[0].name
    return {
        "api.begin": [{"premise": "A coat", "corpus": corpus}, {"premise": "A coat", "corpus": name}],
        "api.add_scene": [{"again": scene}, {"after": scene}],
        "api.change_corpus": [{"title": "Mine now", "public": True}],
        "api.share_corpus": [{"name": "a-author"}],
        "api.correct": [{"name": "Eleven"}],
        "api.name": [{"title": "Mine now"}],
        "api.share": [{"shared": True}],
        "api.search": [{"q": "coat", "corpus": corpus}, {"q": "coat", "corpus": name}],
        "api.works": [{"corpus": corpus}, {"corpus": name}],
        "compatible.complete": [
            {"model": f"dream/{name}", "messages": [{"role": "user", "content": "A coat"}]},
            {"model": f"dream/{corpus}", "messages": [{"role": "user", "content": "A coat"}]},
        ],
        "api.bring_works": [{"rights": "yes", "corpus": corpus}, {"rights": "yes", "corpus": name}],
        "pages.bring_files": [{"rights": "yes", "corpus": corpus}],
        "pages.search": [{"q": "coat", "corpus": corpus}, {"q": "coat", "corpus": name}],
        "pages.begin": [{"premise": "A coat", "corpus": corpus}],
    }


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def test_every_route_is_listed_with_who_may_use_it(world: World) -> None:
    found = {}
    for rule, _ in routes(world.app):
        scope = needed(world.app, rule.endpoint)
        found[rule.endpoint] = "socket" if rule.endpoint.startswith("control.") else scope or "open"
    assert found == LISTED


def test_every_kind_of_id_is_somebody_s(world: World) -> None:
    assert {name for rule, _ in routes(world.app) for name in rule.arguments} <= set(world.ids)


def _headers(world: World, scopes: tuple[Scope, ...], name: str, role: str) -> dict[str, str]:
    who = world.service.library.accounts.named(name) or account(world.service, name, role)
    return {"Authorization": f"Bearer {token(world.service, who, *scopes)}"}


@pytest.mark.parametrize("role", ["nobody", "reader", "author", "admin", "admin who may only read"])
def test_nobody_gets_further_than_their_scopes(world: World, role: str) -> None:
    """With a token of the role, every route either refuses its scope, or does not."""
    client = world.app.test_client(use_cookies=False)
    if role == "nobody":
        scopes, headers = SCOPES["reader"], {}
    elif role == "admin who may only read":
        scopes, headers = frozenset[Scope]({"read"}), _headers(world, ("read",), "bert", "admin")
    else:
        scopes = SCOPES[role]  # type: ignore[index]
        headers = _headers(world, tuple(scopes), f"a-{role}", role)
    before = world.hers()
    tried = 0
    for rule, method in routes(world.app):
        scope = LISTED.get(rule.endpoint, "open")
        if scope in ("open", "socket") or scope in scopes:
            continue
        answer = world.request(client, rule, method, headers=headers)
        api = rule.rule.startswith(("/api/", "/v1/"))
        # Without a token, a form is refused for its missing CSRF token before anybody asks who sent it.
        expected = 403 if headers or (method != "GET" and not api) else 401 if api else 303
        assert answer.status_code == expected, (role, method, rule.rule)
        tried += 1
    after = world.hers()
    assert (after, bool(tried)) == (before, role != "admin")


@pytest.mark.parametrize("how", ["nobody", "a token", "a cookie"])
@pytest.mark.parametrize("role", ["reader", "author", "admin"])
def test_another_s_things_are_not_there(world: World, role: str, how: str) -> None:
    """Whatever names Mara's things, in address or body, answers 404 to all others, and changes nothing of hers."""
    client, headers, form = _somebody(world, role, how)
    scopes = SCOPES["reader"] if how == "nobody" else SCOPES[role]  # type: ignore[index]
    before, named = world.hers(), bodies(world)
    for rule, method in routes(world.app):
        scope = LISTED.get(rule.endpoint, "open")
        foreign = rule.arguments - {"kind", "version", "ending"}
        if scope not in scopes or scope == "admin" or not (foreign or rule.endpoint in named):
            continue
        for body in named.get(rule.endpoint, [{}]):
            sent: dict[str, Any] = {"headers": headers}
            if method == "GET":
                sent["query_string"] = body
            else:
                sent |= _sent(rule, {**form, **body})
            answer = world.request(client, rule, method, **sent)
            # What only a person's own sign-in opens, or only a token, says so to all others, whatever the id.
            one_way = rule.endpoint in ("pages.revoke_token", "pages.end_sign_in") or "compatible" in rule.endpoint
            fine = (404, 401) if one_way else (404,)
            assert answer.status_code in fine, (role, how, method, rule.rule, body, answer.text[:300])
            assert "Eleven" not in answer.text
    assert world.hers() == before


def test_mara_herself_is_not_refused(world: World) -> None:
    """The same addresses answer her, so that the tests above do not pass for want of anything there."""
    headers = _headers(world, ("read", "tell", "author"), "mara", "author")
    client, skipped = world.app.test_client(use_cookies=False), (*OF_ONE_S_OWN, OPEN_BY_ITS_LINK)
    for rule, method in routes(world.app):
        if method == "GET" and LISTED.get(rule.endpoint) in ("read", "author") and rule.endpoint not in skipped:
            for query in bodies(world).get(rule.endpoint, [{}]):
                answer = world.request(client, rule, method, headers=headers, query_string=query)
                assert answer.status_code in (200, 204, 302), rule.rule


def _sent(rule: Rule, body: dict[str, Any]) -> dict[str, Any]:
    if "rights" in body:
        return {"data": {**body, "files": (io.BytesIO(b"A tale."), "tale.txt")}}
    if rule.rule.startswith(("/api/", "/v1/")):
        return {"json": {name: value for name, value in body.items() if name != "csrf_token"}}
    return {"data": body}


def _somebody(world: World, role: str, how: str) -> tuple[FlaskClient, dict[str, str], dict[str, str]]:
    """A client of somebody else, with the headers and the form fields that its unsafe requests need."""
    if how == "a token":
        headers = _headers(world, tuple(SCOPES[role]), f"a-{role}", role)  # type: ignore[index]
        return world.app.test_client(use_cookies=False), headers, {}
    client = world.app.test_client()
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)
    assert found
    if how == "a cookie":
        who = world.service.library.accounts.named(f"a-{role}") or account(world.service, f"a-{role}", role)
        secret = secrets.token_urlsafe()
        world.service.library.sign_ins.begin(who.id, digest(secret), "a browser")
        with client.session_transaction() as session:
            session["sign_in"] = secret
    return client, {"X-CSRFToken": found[1]}, {"csrf_token": found[1]}
