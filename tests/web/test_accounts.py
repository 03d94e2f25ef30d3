"""Accounts as a person meets them: a browser with cookies and forms."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from dream.actor import OPERATOR
from dream.errors import Busy
from dream.service import Service
from dream.store import models
from dream.web import build_app
from tests.accounts.test_gate import account, token
from tests.conftest import TALES

PASSWORD = "eleven wet coats"


class Browser:
    """A browser of one person; every form is sent with the CSRF token of the page it stands on."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def send(self, path: str, page: str = "/sign-in", **fields: Any) -> TestResponse:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(page).text)
        assert found, page
        return self.client.post(path, data={"csrf_token": found[1], **fields})

    def register(self, name: str, **fields: Any) -> TestResponse:
        return self.send("/register", page="/register", name=name, password=PASSWORD, **fields)

    def sign_in(self, name: str, password: str = PASSWORD, **fields: Any) -> TestResponse:
        return self.send("/sign-in", name=name, password=password, **fields)

    def begin(self) -> str:
        answer = self.send("/", page="/", premise="A keeper who may not lie")
        self.client.get(answer.location + "/read").get_data()
        return answer.location


@pytest.fixture
def person(app: Flask) -> Browser:
    return Browser(app)


def author(service: Service, person: Browser, name: str = "mara", role: str = "author") -> models.Account:
    person.register(name)
    found = service.library.accounts.named(name)
    assert found
    service.library.accounts.set_role(found.id, role)
    return found


def test_who_registers_keeps_the_stories_of_their_browser(app: Flask, person: Browser) -> None:
    story = person.begin()
    assert "Put the story of this browser in my library" in person.get("/register").text
    assert person.register("mara", keep="on").status_code == 303
    assert person.get(story).status_code == 200
    elsewhere = Browser(app)
    assert elsewhere.get(story).status_code == 404
    assert elsewhere.sign_in("mara").status_code == 303
    assert elsewhere.get(story).status_code == 200
    person.send("/sign-out", page="/account")
    assert person.get(story).status_code == 404


def test_who_keeps_them_apart_finds_them_again_after_signing_out(person: Browser) -> None:
    story = person.begin()
    person.register("mara")
    assert person.get(story).status_code == 404
    person.send("/sign-out", page="/account")
    assert person.get(story).status_code == 200


def test_a_cookie_from_before_the_sign_in_opens_nothing_after_it(app: Flask, person: Browser) -> None:
    person.get("/sign-in")
    before = person.client.get_cookie("dream")
    assert before
    person.register("mara")
    after = person.client.get_cookie("dream")
    assert after
    assert after.value != before.value
    thief = app.test_client()
    thief.set_cookie("dream", before.value)
    assert thief.get("/account").status_code == 303
    person.send("/sign-out", page="/account")
    thief.set_cookie("dream", after.value)
    assert thief.get("/account").status_code == 303  # an old cookie does not outlive its sign-in


def test_the_cookie_is_hidden_from_scripts_and_other_sites(service: Service) -> None:
    for url, secure in (("http://localhost", False), ("https://localhost", True)):
        service.settings = service.settings.model_copy(update={"public_url": url})
        cookie = build_app(service).test_client().get("/sign-in").headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is secure


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/works", "/works"),
        ("/works?a=b", "/works?a=b"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("https://elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\nSet-Cookie: a", "/"),
    ],
)
def test_signing_in_leads_on_to_pages_of_ours_alone(person: Browser, wanted: str, location: str) -> None:
    assert person.register("mara", next=wanted).location == location


def test_a_page_that_needs_an_account_leads_there_and_back(service: Service, person: Browser) -> None:
    found = person.get("/shelves")
    assert (found.status_code, found.location) == (303, "/sign-in?next=/shelves")
    author(service, person)
    assert person.get("/shelves").status_code == 200


def test_a_wrong_password_says_so_and_keeps_the_name(person: Browser) -> None:
    refused = person.sign_in("nobody", "wrong")
    assert refused.status_code == 422
    assert 'value="nobody"' in refused.text
    assert "do not fit" in refused.text
    assert "wrong</" not in refused.text


def test_no_form_works_without_its_token(person: Browser) -> None:
    assert person.client.post("/sign-in", data={"name": "mara", "password": PASSWORD}).status_code == 403
    person.register("mara")
    assert person.client.post("/sign-out").status_code == 403
    assert person.get("/account").status_code == 200


def test_suspending_ends_a_session_at_its_next_request(service: Service, person: Browser) -> None:
    mara = author(service, person)
    service.library.accounts.suspend(mara.id)
    assert person.get("/account").status_code == 303
    refused = person.sign_in("mara")
    assert refused.status_code == 403
    assert "suspended" in refused.text


def test_a_token_is_shown_once_and_revoked(service: Service, app: Flask, person: Browser) -> None:
    mara = author(service, person)
    made = person.send("/account/tokens", page="/account", name="a script", scopes=["read", "author"])
    [secret] = re.findall(r"dream_[\w-]+", made.text)
    assert secret not in person.get("/account").text
    program = app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {secret}"}
    assert program.get("/api/v1/account", headers=headers).get_json() == {
        "name": "mara", "role": "author", "scopes": ["author", "read"],
    }  # fmt: skip
    assert program.get("/account/data", headers=headers).status_code in (303, 401)  # only a signed-in person's
    [kept] = service.library.tokens.of_account(mara.id)
    assert person.send(f"/account/tokens/{kept.id}/revoke", page="/account").status_code == 303
    assert program.get("/api/v1/account", headers=headers).status_code == 401


def test_another_browser_is_signed_out_from_here(app: Flask, person: Browser, service: Service) -> None:
    mara, other = author(service, person), Browser(app)
    other.sign_in("mara")
    here, there = service.library.sign_ins.of_account(mara.id)[::-1]
    assert person.send(f"/account/sign-ins/{there.id}/end", page="/account").status_code == 303
    assert other.get("/account").status_code == 303
    assert person.get("/account").status_code == 200
    assert here.id != there.id


# Shelves


def test_an_author_is_led_from_an_empty_shelf_to_the_desk_with_that_shelf_chosen(
    service: Service, person: Browser
) -> None:
    mara = author(service, person)
    for title in ("Evening", "Morning"):
        person.send("/shelves", page="/shelves", title=title)
    for corpus in service.library.corpora.owned(mara.id):
        for page in ("/", "/search"):
            assert f'href="/desk?corpus={corpus.name}"' in person.get(f"{page}?corpus={corpus.name}").text
        assert f'value="{corpus.id}" selected' in person.get(f"/desk?corpus={corpus.name}").text


def test_a_shelf_is_made_renamed_shared_and_deleted(service: Service, app: Flask, person: Browser) -> None:
    mara, guest = author(service, person), Browser(app)
    noor = author(service, guest, "noor")
    shelf = person.send("/shelves", page="/shelves", title="밤 이야기").location
    corpus = service.library.corpora.owned(mara.id)[0]
    assert re.fullmatch(r"shelf-[a-z0-9]{6}", corpus.name)
    list(service.ingest.files([TALES / "en" / "eleven-coats.md"], corpus.name))
    [work] = service.library.works.works(corpus.id)
    assert guest.get(f"/works/{work.id}").status_code == 404
    assert person.send(shelf + "/shared", page=shelf, name="nobody").status_code == 422
    assert person.send(shelf + "/shared", page=shelf, name="Noor").status_code == 303
    assert guest.get(f"/works/{work.id}").status_code == 200
    assert "밤 이야기" in guest.get("/").text
    assert guest.get(shelf).status_code == 404  # to read, not to change
    person.send(f"{shelf}/shared/{noor.id}/end", page=shelf)
    assert guest.get(f"/works/{work.id}").status_code == 404
    person.send(shelf, page=shelf, title="Night tales", visibility="public")
    assert "Night tales" in Browser(app).get("/works").text
    assert person.send(shelf + "/delete", page=shelf, title="something else").status_code == 422
    assert person.send(shelf + "/delete", page=shelf, title="Night tales").status_code == 303
    assert Browser(app).get(f"/works/{work.id}").status_code == 404
    assert not list(service.files.kept())


def test_shelves_over_the_api(service: Service, client: FlaskClient) -> None:
    mara, noor = account(service, "mara"), account(service, "noor")
    mine = {"Authorization": f"Bearer {token(service, mara, 'read', 'author')}"}
    other = {"Authorization": f"Bearer {token(service, noor, 'read', 'author')}"}
    assert client.post("/api/v1/corpora", json={"title": "Drafts"}).status_code == 401
    made = client.post("/api/v1/corpora", json={"title": "  Harbour tales "}, headers=mine)
    assert made.status_code == 201
    corpus = made.get_json()
    assert (corpus["title"], corpus["public"], corpus["yours"]) == ("Harbour tales", False, True)
    assert corpus["name"].startswith("harbour-tales-")
    url = f"/api/v1/corpora/{corpus['name']}"
    for title in ("", "x" * 81, "\u202e"):
        assert client.patch(url, json={"title": title}, headers=mine).status_code == 422
    assert client.patch(url, json={"title": "Ebb"}, headers=other).status_code == 404
    assert client.patch(url, json={"title": "Ebb"}, headers=mine).get_json()["public"] is False
    shared = client.post(url + "/shares", json={"name": "noor", "may_add": True}, headers=mine).get_json()["shares"]
    assert shared == [{"account": noor.id, "name": "noor", "may_add": True}]
    [seen] = [c for c in client.get("/api/v1/corpora", headers=other).get_json()["corpora"] if not c["public"]]
    assert (seen["title"], seen["yours"]) == ("Ebb", False)
    assert client.delete(url, headers=other).status_code == 404
    assert client.delete(f"{url}/shares/{noor.id}", headers=mine).get_json() == {"shares": []}
    assert client.delete(url, headers=mine).status_code == 204
    assert client.get(url + "/shares", headers=mine).status_code == 404


# Taking it all out, and leaving


def test_everything_can_be_taken_out(service: Service, person: Browser) -> None:
    mara, story = author(service, person), person.begin()
    corpus = service.shelves.make(acting(service, mara), "Drafts", public=False)
    list(service.ingest.files([TALES / "en" / "eleven-coats.md"], corpus.name))
    person.send("/account/tokens", page="/account", name="a script", scopes=["read"])
    kept = story.rsplit("/", 1)[1]
    with service.database.write() as session:
        session.add(models.Correction(story_id=kept, name="Oke", called="Maren", role="shepherd"))
    answer = person.get("/account/data")
    assert answer.mimetype == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    answer.close()
    assert archive.testzip() is None
    names = archive.namelist()
    about = json.loads(archive.read("account.json"))
    assert (about["name"], about["tokens"][0]["name"]) == ("mara", "a script")
    assert "argon2" not in archive.read("account.json").decode()
    told = json.loads(archive.read(f"stories/{kept}.json"))
    assert told["scenes"][0]["text"]
    assert {"title", "note", "facts"} <= told.keys()
    assert told["corrections"][0]["called"] == "Maren"
    assert {"threads", "sources", "copied_runs", "memories"} <= told["scenes"][0].keys()
    [file] = [name for name in names if name.startswith(f"shelves/{corpus.name}/files/")]
    assert archive.read(file) == (TALES / "en" / "eleven-coats.md").read_bytes()
    assert any(name.startswith(f"shelves/{corpus.name}/texts/") for name in names)


def acting(service: Service, who: models.Account) -> Any:
    return service.gate.of_account(who.id)


def test_an_account_is_deleted_for_good(stocked: Service) -> None:
    app = build_app(stocked)
    person, other = Browser(app), Browser(app)
    mara = author(stocked, person)
    author(stocked, other, "noor")
    corpus = stocked.shelves.make(acting(stocked, mara), "Coats", public=True)
    list(stocked.ingest.files([TALES / "en" / "eleven-coats.md"], corpus.name))
    [work] = stocked.library.works.works(corpus.id)
    answer = other.send("/", page="/", premise="A button that belongs to no coat", corpus=corpus.name)
    other.get(answer.location + "/read")
    theirs = answer.location.rsplit("/", 1)[1]
    [scene] = stocked.library.scenes.of_story(theirs)
    assert "".join(other.get(f"/api/v1/scenes/{scene.id}/events").text)
    mine = person.begin().rsplit("/", 1)[1]
    [told] = stocked.library.scenes.of_story(mine)
    assert person.get(f"/api/v1/scenes/{told.id}/events").text
    said = person.get("/account/delete").text
    assert "1 story of yours" in said
    assert "1 shelf of yours" in said
    assert "1 work that you brought" in said
    assert person.send("/account/delete", page="/account/delete", password="wrong").status_code == 422
    gone = person.send("/account/delete", page="/account/delete", password=PASSWORD)
    assert gone.status_code == 303
    assert "deleted" in person.get("/").text
    assert person.sign_in("mara").status_code == 422
    with stocked.database.read() as session:
        assert [one.name for one in session.scalars(select(models.Account))] == ["noor"]
        assert session.get(models.Story, mine) is None
        assert session.get(models.Scene, told.id) is None
        words = session.scalars(select(models.Fragment.text).where(models.Fragment.id.like(f"{work.id}.%")))
        assert set(words) == {""}
        assert session.scalar(select(func.count()).select_from(models.Meaning)) == len(
            stocked.library.fragments.live_ids(stocked.corpus(None).id)
        )
    shown = other.get(f"/api/v1/scenes/{scene.id}").get_json()
    assert shown["text"]
    assert [source["withdrawn"] for source in shown["sources"]] == [True] * len(shown["sources"]) != []
    assert not stocked.library.corpora.readable(OPERATOR, corpus.name)


def test_an_account_is_kept_while_its_story_is_still_being_told(
    service: Service, person: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    mara = author(service, person)
    service.library.stories.begin(mara.reader_id, service.corpus(None).id, {"premise": "A bell."}, 1)  # told by nobody
    monkeypatch.setattr("dream.accounts.keeping.PATIENCE_SECONDS", 0)
    with pytest.raises(Busy, match="Nothing was deleted"):
        service.keeping.remove_account(mara)
    assert service.library.accounts.is_active(mara.id)


# Reports


def test_a_reported_work_is_taken_down_and_allowed_again(stocked: Service) -> None:
    app = build_app(stocked)
    reader, admin = Browser(app), Browser(app)
    author(stocked, admin, "ada", "admin")
    starter = stocked.corpus(None).id
    work = next(w for w in stocked.library.works.works(starter) if w.title == "Eleven Coats")
    page = f"/works/{work.id}/report"
    assert reader.send(page, page=page, words=" ").status_code == 422
    assert reader.send(page, page=page, words="This is my tale.").status_code == 303
    [reported] = stocked.library.reports.waiting()
    assert "This is my tale." in admin.get("/admin").text
    before = stocked.library.fragments.live_ids(starter)
    assert admin.send(f"/admin/reports/{reported.report.id}/take-down", page="/admin").status_code == 303
    assert not stocked.library.reports.waiting()
    assert {id_.split(".")[0] for id_ in before - stocked.library.fragments.live_ids(starter)} == {work.id}
    assert all(hit.fragment.work_id != work.id for hit in stocked.search("a button that belongs to no coat").hits)
    assert reader.get(f"/works/{work.id}").status_code == 404
    allow = re.search(r'action="([^"]+/allow)"', admin.get("/admin").text)
    assert allow
    assert admin.send(allow[1], page="/admin").status_code == 303
    assert stocked.library.reports.taken_down() == []


def test_a_reported_story_is_no_longer_behind_its_link(service: Service, app: Flask, person: Browser) -> None:
    story, admin = person.begin(), Browser(app)
    author(service, admin, "ada", "admin")
    person.send(f"{story}/share", page=story)
    link = f"/shared/{service.library.stories.story(story.rsplit('/', 1)[1]).shared_as}"  # type: ignore[union-attr]
    other = Browser(app)
    assert other.send(link + "/report", page=link + "/report", words="This names my neighbour.").status_code == 303
    assert link in admin.get("/admin").text
    [reported] = service.library.reports.waiting()
    assert admin.send(f"/admin/reports/{reported.report.id}/take-down", page="/admin").status_code == 303
    assert other.get(link).status_code == 404
    assert person.get(story).status_code == 200  # for its reader it is kept
    assert "Taken down" in admin.get("/admin").text


def test_an_admin_reads_a_private_work_only_to_settle_a_report(service: Service, app: Flask, person: Browser) -> None:
    mara, admin = author(service, person), Browser(app)
    author(service, admin, "ada", "admin")
    corpus = service.shelves.make(acting(service, mara), "Drafts", public=False)
    list(service.ingest.files([TALES / "en" / "eleven-coats.md"], corpus.name))
    [work] = service.library.works.works(corpus.id)
    assert admin.get(f"/works/{work.id}").status_code == 404
    service.library.reports.add("work", work.id, "Look at this.", None)
    assert admin.get(f"/works/{work.id}").status_code == 200
    service.library.reports.settle("work", work.id, "kept")
    assert admin.get(f"/works/{work.id}").status_code == 404


def test_an_admin_looks_after_accounts_but_not_their_own(service: Service, app: Flask, person: Browser) -> None:
    ada, other = author(service, person, "ada", "admin"), Browser(app)
    made = person.send("/admin/accounts", page="/admin", name="noor", role="author")
    [password] = re.findall(r"<code tabindex=\"0\">([a-z0-9-]+)</code>", made.text)
    assert other.sign_in("noor", password).status_code == 303
    noor = service.library.accounts.named("noor")
    assert noor
    assert other.get("/admin").status_code == 403
    assert person.send(f"/admin/accounts/{noor.id}/suspend", page="/admin").status_code == 303
    assert other.get("/account").status_code == 303
    assert person.send(f"/admin/accounts/{noor.id}/restore", page="/admin").status_code == 303
    assert person.send(f"/admin/accounts/{noor.id}/role", page="/admin", role="reader").status_code == 303
    assert service.library.accounts.named("noor").role == "reader"  # type: ignore[union-attr]
    assert person.send(f"/admin/accounts/{noor.id}/role", page="/admin", role="operator").status_code == 422
    assert person.send(f"/admin/accounts/{ada.id}/suspend", page="/admin").status_code == 409
