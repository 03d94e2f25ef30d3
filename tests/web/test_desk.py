"""The desk: files brought by the API and by the page, followed, described, withdrawn, put back and removed."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from dream.jobs import desk
from dream.service import Service
from dream.store import models
from dream.store.library import scenes
from dream.store.library.jobs import ACTIVE, AT_WORK, ENDED
from dream.web import build_app, uploads
from tests.accounts.test_gate import account, token

LAMP = b"The lamp at Cold Point burned all night. Hanne Brandt had filled it herself."
BELL = b"The drowned bell rang off Merrow Bank. Nobody in Sellen slept."

Bring = Callable[..., TestResponse]


class Author:
    """An author with a program and a browser that never runs scripts."""

    def __init__(self, service: Service, client: FlaskClient, name: str) -> None:
        self.account = account(service, name)
        self._service = service
        self._client = client
        self._headers = {"Authorization": f"Bearer {token(service, self.account, 'read', 'tell', 'author')}"}

    def get(self, path: str) -> TestResponse:
        return self._client.get(path, headers=self._headers)

    def post(self, path: str, **form: Any) -> TestResponse:
        return self._client.post(path, headers=self._headers, **form)

    def send(self, method: str, path: str, **more: Any) -> TestResponse:
        return self._client.open(path, method=method, headers=self._headers, **more)

    def bring(self, *files: tuple[str, bytes], to: str = "/api/v1/works", **form: str) -> TestResponse:
        data = {"rights": "yes", **form, "files": [(io.BytesIO(text), name) for name, text in files]}
        return self.post(to, data=data, content_type="multipart/form-data")

    def read(self) -> None:
        """Has everything read that waits."""
        while self._service.ingest.work("test"):
            pass

    def works(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/desk").get_json()["works"]
        return found


@pytest.fixture
def mara(service: Service, client: FlaskClient) -> Author:
    return Author(service, client, "mara")


@pytest.fixture
def noor(service: Service, client: FlaskClient) -> Author:
    return Author(service, client, "noor")


def files_kept(service: Service) -> int:
    return len(list(service.files.kept()))


def test_files_are_kept_then_read_and_then_stand_on_the_shelf(service: Service, mara: Author) -> None:
    answer = mara.bring(("lamp.txt", LAMP), ("bell.txt", BELL), licence="CC BY 4.0")
    assert answer.status_code == 202
    assert [(job["source"], job["state"]) for job in answer.get_json()["jobs"]] == [
        ("lamp.txt", "queued"), ("bell.txt", "queued"),
    ]  # fmt: skip
    assert files_kept(service) == 2
    mara.read()
    assert [job["state"] for job in mara.get("/api/v1/jobs").get_json()["jobs"]] == ["live", "live"]
    assert [(work["title"], work["licence"], work["live"]) for work in mara.works()] == [
        ("Bell", "CC BY 4.0", True), ("Lamp", "CC BY 4.0", True),
    ]  # fmt: skip
    assert service.files.path(service.library.jobs.of_owner(mara.account.id)[1].sha256).read_bytes() == LAMP


def test_the_same_bytes_again_are_unchanged_and_new_ones_replace_the_work(mara: Author) -> None:
    mara.bring(("lamp.txt", LAMP))
    mara.read()
    again = mara.bring(("lamp.txt", LAMP))
    assert (again.status_code, again.get_json()["jobs"][0]["outcome"]) == (200, "unchanged")
    assert mara.bring(("lamp.txt", BELL)).status_code == 202
    assert [work["fragments"] for work in mara.works()] == [1]  # the old one, until the new one is read
    mara.read()
    assert len(mara.works()) == 1
    assert mara.get("/api/v1/jobs").get_json()["jobs"][0]["outcome"] == "replaced"


def test_many_works_in_one_file_become_many(mara: Author) -> None:
    lines = b'{"id": "a", "title": "A lamp", "text": "%s"}\n{"id": "b", "text": "%s"}\n' % (LAMP, BELL)
    mara.bring(("two.jsonl", lines))
    mara.read()
    assert sorted(work["source"] for work in mara.works()) == ["two.jsonl#a", "two.jsonl#b"]
    mara.bring(("two.jsonl", lines.replace(b"night", b"day")))
    mara.read()
    outcomes = {job["source"]: job["outcome"] for job in mara.get("/api/v1/jobs").get_json()["jobs"][:3]}
    assert outcomes == {"two.jsonl": "apart", "two.jsonl#a": "replaced", "two.jsonl#b": "unchanged"}


@pytest.mark.parametrize(
    ("form", "files", "code"),
    [
        ({"rights": "no"}, 1, "form_refused"),
        ({}, 0, "form_refused"),
        ({"corpus": "nowhere"}, 1, "corpus_missing"),
        ({"corpus": "starter"}, 1, "corpus_missing"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    service: Service, mara: Author, form: dict[str, str], files: int, code: str
) -> None:
    answer = mara.bring(*[("lamp.txt", LAMP)] * files, **form)
    assert answer.get_json()["code"] == code
    assert files_kept(service) == 0
    assert not list((service.settings.home / "files").glob("incoming/*"))
    assert mara.get("/api/v1/jobs").get_json()["jobs"] == []


def test_who_may_not_bring_files_is_refused_before_a_byte_is_kept(service: Service, client: FlaskClient) -> None:
    reader = account(service, "reader")
    reading = {"Authorization": f"Bearer {token(service, reader, 'read')}"}
    for headers, status in ((reading, 403), ({}, 400)):
        data = {"rights": "yes", "files": [(io.BytesIO(LAMP), "lamp.txt")]}
        answer = client.post("/api/v1/works", headers=headers, data=data, content_type="multipart/form-data")
        assert answer.status_code == status
    assert not (service.settings.home / "files").exists()


def test_quotas_are_counted_as_the_bytes_come(
    open_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MEGABYTE", 1000)
    service = open_service(author_megabytes=1, author_works=2)
    mara = Author(service, build_app(service).test_client(use_cookies=False), "mara")
    assert mara.bring(("big.txt", b"x" * 1001)).get_json()["code"] == "quota_reached"
    assert mara.bring(*[(f"{n}.txt", LAMP) for n in range(3)]).get_json()["code"] == "quota_reached"
    monkeypatch.setattr(uploads, "LARGEST_FILE", 100)
    assert mara.bring(("long.txt", b"x" * 101)).get_json()["code"] == "file_too_large"
    assert files_kept(service) == 0
    assert not list((service.settings.home / "files").glob("incoming/*"))
    assert mara.bring(("a.txt", LAMP), ("b.txt", BELL)).status_code == 202
    assert mara.bring(("c.txt", LAMP)).get_json()["code"] == "quota_reached"


def test_nobody_else_sees_or_changes_an_authors_desk(mara: Author, noor: Author) -> None:
    [job] = mara.bring(("lamp.txt", LAMP)).get_json()["jobs"]
    mara.read()
    [work] = mara.works()
    paths = [
        ("GET", job["url"]), ("POST", f"{job['url']}/cancel"), ("POST", f"{job['url']}/retry"), ("DELETE", job["url"]),
        ("GET", f"/api/v1/works/{work['id']}/uses"), ("POST", f"/api/v1/works/{work['id']}/withdraw"),
        ("POST", f"/api/v1/works/{work['id']}/restore"), ("DELETE", f"/api/v1/works/{work['id']}"),
        ("GET", f"/desk/works/{work['id']}"), ("GET", f"/desk/works/{work['id']}/withdraw"),
    ]  # fmt: skip
    assert [noor.send(method, path).status_code for method, path in paths] == [404] * len(paths)
    assert noor.send("PATCH", f"/api/v1/works/{work['id']}", json={"title": "Mine"}).status_code == 404
    assert noor.works() == []
    assert [one["title"] for one in mara.works()] == ["Lamp"]


def test_a_failed_file_says_why_and_can_be_tried_again_or_removed(service: Service, mara: Author) -> None:
    [job] = mara.bring(("empty.txt", b"   ")).get_json()["jobs"]
    mara.read()
    failed = mara.get(job["url"]).get_json()
    assert failed["state"] == "failed"
    assert failed["code"]
    page = mara.get("/desk").text
    assert failed["sentence"] in page.replace("&#39;", "'")
    assert mara.post(f"{job['url']}/retry").get_json()["state"] == "queued"
    mara.read()
    assert mara.send("DELETE", job["url"]).status_code == 204
    assert mara.get(job["url"]).status_code == 404
    assert files_kept(service) == 0


@pytest.mark.parametrize("state", [*ACTIVE, *ENDED])
def test_what_may_be_done_with_a_file_in_every_state(service: Service, mara: Author, state: str) -> None:
    [job] = mara.bring(("lamp.txt", LAMP)).get_json()["jobs"]

    def stands() -> None:
        with service.database.write() as session:
            session.execute(update(models.Job).values(state=state, cancel_asked=False))

    stands()
    assert mara.post(f"{job['url']}/cancel").status_code == (200 if state in ACTIVE else 409)
    with service.database.read() as session:
        found = session.get_one(models.Job, job["id"])
        assert (found.state == "cancelled") == (state in ("queued", "cancelled"))
        assert found.cancel_asked == (state in AT_WORK)
    stands()
    again = mara.post(f"{job['url']}/retry")
    assert again.status_code == (200 if state in ("failed", "cancelled") else 409)
    assert again.status_code == 409 or again.get_json()["state"] == "queued"
    stands()
    assert mara.send("DELETE", job["url"]).status_code == 204
    assert mara.get("/api/v1/jobs").get_json()["jobs"] == []
    assert list(service.files.kept()) == []


def test_a_file_that_is_brought_again_is_told_of_once(mara: Author) -> None:
    for _ in range(2):
        mara.bring(("lamp.docx", LAMP))
        mara.read()
    assert mara.get("/desk").text.count("<strong>lamp.docx</strong>") == 1
    mara.bring(("lamp.docx", b"PK broken"), ("bell.pdf", BELL))
    mara.read()
    assert "Its name ends in .pdf" in mara.get("/desk").text
    mara.bring(("bell.pdf", b"---\ntitle: The Bell\n---\nIt rang."))
    mara.read()
    assert mara.get("/desk").text.count("<strong>") == 1


def test_what_an_author_says_wins_over_the_file_and_outlives_a_new_version(mara: Author) -> None:
    mara.bring(("lamp.txt", LAMP))
    mara.read()
    [work] = mara.works()
    said = {"title": "The Oil", "licence": "CC0", "quotable": False}
    mara.send("PATCH", f"/api/v1/works/{work['id']}", json=said)
    mara.bring(("lamp.txt", BELL))
    mara.read()
    [work] = mara.works()
    assert {name: work[name] for name in said} == said


def test_withdrawing_takes_a_work_out_at_once_and_it_can_be_put_back(service: Service, mara: Author) -> None:
    mara.bring(("lamp.txt", LAMP))
    mara.read()
    [work] = mara.works()
    shelf = service.library.corpora.owned(mara.account.id)[0]
    asks = (
        "will do" in mara.get(f"/desk/works/{work['id']}/withdraw").text
        or "From that moment" in mara.get(f"/desk/works/{work['id']}/withdraw").text
    )
    assert asks
    assert mara.post(f"/api/v1/works/{work['id']}/withdraw").get_json()["live"] is False
    assert mara.get(f"/api/v1/search?q=lamp&corpus={shelf.id}").get_json()["hits"] == []
    assert mara.get(f"/api/v1/works/{work['id']}").status_code == 404
    assert mara.post(f"/api/v1/works/{work['id']}/withdraw").status_code == 409
    assert mara.post(f"/api/v1/works/{work['id']}/restore").status_code == 202
    mara.read()
    assert mara.get(f"/api/v1/search?q=lamp&corpus={shelf.id}").get_json()["hits"]
    assert [one["id"] for one in mara.works()] == [work["id"]]


def test_removing_deletes_text_and_file_and_leaves_stories_a_place(service: Service, mara: Author) -> None:
    mara.bring(("lamp.txt", LAMP))
    mara.read()
    [work] = mara.works()
    shelf = service.library.corpora.owned(mara.account.id)[0]
    [fragment] = service.library.fragments.live_ids(shelf.id)
    _, scene = service.library.stories.begin(service.library.stories.new_reader(), shelf.id, {"premise": "A lamp."}, 1)
    row = {"fragment_id": fragment, "rank": 1, "score": 1.0, "reasons": {}}
    with service.database.write() as session:
        scenes.lay_sources(session, scene.id, [row])
    assert mara.send("DELETE", f"/api/v1/works/{work['id']}").status_code == 204
    assert mara.works() == []
    assert files_kept(service) == 0
    kept = service.library.fragments.ever([fragment])[fragment]
    assert (kept.text, kept.title, kept.source) == ("", "", f"removed {work['id']}")
    assert service.sources.of(scene.id)[0]["withdrawn"]
    mara.bring(("lamp.txt", LAMP))
    mara.read()
    assert len(mara.works()) == 1


def test_the_author_sees_where_fragments_went_and_not_whose_stories(service: Service, mara: Author) -> None:
    mara.bring(("lamp.txt", LAMP))
    mara.read()
    [work] = mara.works()
    shelf = service.library.corpora.owned(mara.account.id)[0]
    [fragment] = service.library.fragments.live_ids(shelf.id)
    _, scene = service.library.stories.begin(
        service.library.stories.new_reader(), shelf.id, {"premise": "A secret wish."}, 1
    )
    tie = {"start": 0, "end": 9, "rank": 1, "fragment_id": fragment, "strength": 0.8}
    with service.database.write() as session:
        scenes.tie_threads(session, scene.id, [tie, {**tie, "start": 10, "end": 20, "strength": 0.4}], [])
    [use] = mara.get(f"/api/v1/works/{work['id']}/uses").get_json()["uses"]
    assert (use["position"], use["sentences"], use["strongest"]) == (0, 2, 0.8)
    assert use["mean"] == pytest.approx(0.6)
    assert [(one["stories"], one["sentences"]) for one in mara.works()] == [(1, 2)]
    page = mara.get(f"/desk/works/{work['id']}").text
    assert "0.80" in page
    assert "secret wish" not in page


def test_the_author_sees_which_stories_leaned_on_which_fragment(service: Service, mara: Author) -> None:
    mara.bring(("lamp.txt", LAMP))
    mara.read()
    [work] = mara.works()
    shelf = service.library.corpora.owned(mara.account.id)[0]
    [fragment] = service.library.fragments.live_ids(shelf.id)
    library = service.library.stories
    begun = [library.begin(library.new_reader(), shelf.id, {"premise": f"Wish {n}."}, n) for n in range(2)]
    tie = {"start": 0, "end": 9, "rank": 1, "fragment_id": fragment, "strength": 0.8}
    with service.database.write() as session:
        scenes.tie_threads(session, begun[0][1].id, [tie, {**tie, "start": 10, "end": 20, "strength": 0.4}], [])
        scenes.tie_threads(session, begun[1][1].id, [{**tie, "strength": 0.3}], [])
    library.share(begun[1][0].id, "a-key")

    shared, private = mara.get(f"/api/v1/works/{work['id']}/uses").get_json()["stories"]
    assert (shared["title"], shared["url"], shared["fragments"]) == ("Wish 1.", "/shared/a-key", {"0": 1})
    assert (private["title"], private["url"], private["sentences"], private["strongest"]) == ("", None, 2, 0.8)
    page = mara.get(f"/desk/works/{work['id']}").text
    assert "Wish 1." in page
    assert "Wish 0." not in page

    library.put_away(begun[1][0].id)
    assert "Wish 1." not in mara.get(f"/desk/works/{work['id']}").text


def test_the_pages_do_all_of_it_without_scripts(mara: Author) -> None:
    assert "Bring the texts" in mara.get("/desk").text
    refused = mara.bring(("lamp.txt", LAMP), to="/desk", rights="")
    assert (refused.status_code, "yours to bring" in refused.text) == (422, True)
    assert mara.bring(("lamp.txt", LAMP), to="/desk", unquotable="yes").status_code == 303
    page = mara.get("/desk").text
    assert "Waiting its turn" in page
    assert 'http-equiv="refresh"' in page
    mara.read()
    [work] = mara.works()
    assert work["quotable"] is False
    own = f"/desk/works/{work['id']}"
    assert mara.post(own, data={"title": "The Oil", "quotable": "yes"}).status_code == 303
    assert "The Oil" in mara.get("/desk?q=lamp").text
    assert mara.post(f"{own}/withdraw").status_code == 303
    assert "Put it back" in mara.get(own).text
    assert mara.post(f"{own}/restore").status_code == 303
    mara.read()
    assert mara.post(f"{own}/remove").status_code == 303
    assert "The Oil" not in mara.get("/desk").text.split("<main")[1]


def test_the_desk_is_followed_to_its_end(mara: Author) -> None:
    mara.bring(("lamp.txt", LAMP))
    followed = mara.get("/api/v1/jobs/events")
    events = followed.iter_encoded()
    assert b"retry" in next(events)
    assert b"queued" in next(events)
    mara.read()
    rest = b"".join(events).decode()
    assert '"state":"live"' in rest
    assert rest.endswith("event: done\ndata: {}\n\n")
    assert mara.get("/api/v1/jobs/events").status_code == 204
