"""NGINX as it ships, before a real dream: TLS, names, headers, limits, hidden routes, streams, static files."""

from __future__ import annotations

import json
import re
import shutil
import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from dream.corpus.parsing import LARGEST_FILE
from dream.web.access import needed
from dream.web.pages.assets import FOLDER, build
from tests.deploy.front import HOST, Front, nginx
from tests.serving import Serving

LARGE = b"x" * (2 * 2**20)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("served")
    settings = {"bind": f"unix:{folder / 'web.sock'}", "proxies": 1, "public_url": f"https://{HOST}", "loom_pace": 25}
    with Serving(folder / "home", threads=4, followers=3, **settings) as serving:
        yield serving


@pytest.fixture(scope="module")
def front(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    static = folder / "public" / "static" / build()
    shutil.copytree(FOLDER, static)
    subprocess.run(["gzip", "--keep", "--best", str(static / "dream.css")], check=True)
    with Front(
        folder / "nginx", Path(serving.environment["DREAM_BIND"].removeprefix("unix:")), folder / "public"
    ) as front:
        yield front


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    with front.client() as client:
        yield client


def test_the_socket_is_open_to_its_group_alone(serving: Serving) -> None:
    """NGINX belongs to that group."""
    path = Path(serving.environment["DREAM_BIND"].removeprefix("unix:"))
    assert path.stat().st_mode & 0o777 == 0o660
    assert (Path(serving.environment["DREAM_HOME"]) / "dream.sock").stat().st_mode & 0o777 == 0o600
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        assert client.get("http://dream/readyz").json()["status"] == "ok"
        assert client.post("http://dream/control/works", json={"corpus": None}).status_code in (403, 404)


def test_nothing_is_found_by_nginx_or_by_gixy(front: Front) -> None:
    tested = subprocess.run([nginx(), "-t", "-c", str(front.conf)], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr
    gixy = Path(sys.executable).with_name("gixy")
    linted = subprocess.run([str(gixy), str(front.conf)], capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(("version", "spoken"), [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # asking for the old one is the point
def test_only_tls_that_is_still_safe_is_spoken(front: Front, version: str, spoken: bool) -> None:
    context = front.context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    try:
        with httpx.Client(verify=context) as client:
            answer = client.get(f"{front.url}/livez").status_code
    except httpx.ConnectError:
        answer = None
    assert answer == (200 if spoken else None)


def test_http2_is_spoken(front: Front) -> None:
    command = ["curl", "-sS", "--http2", "--cacert", str(front.certificate), "-o", "/dev/null", "-w", "%{http_version}"]
    asked = subprocess.run([*command, f"{front.url}/livez"], capture_output=True, text=True, check=True)
    assert asked.stdout == "2"


def test_names_that_are_not_ours_are_answered_by_nobody(front: Front, client: httpx.Client) -> None:
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://127.0.0.1:{front.https}/", verify=False)  # no name is sent: nothing to verify
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{front.http}/", headers={"Host": "evil.test"}, trust_env=False)
    assert client.get("/", headers={"Host": "evil.test"}).status_code == 421


def test_plain_http_leads_to_https_and_answers_certificate_challenges(front: Front) -> None:
    plain = httpx.get(f"http://{HOST}:{front.http}/stories?x=1", trust_env=False)
    assert (plain.status_code, plain.headers["Location"]) == (308, f"https://{HOST}/stories?x=1")
    challenges = front.folder / "acme" / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "token").write_text("proof")
    answer = httpx.get(f"http://{HOST}:{front.http}/.well-known/acme-challenge/token", trust_env=False)
    assert answer.text == "proof"


def test_pages_and_files_carry_their_headers(client: httpx.Client) -> None:
    page, file = client.get("/"), client.get(f"/static/{build()}/dream.css")
    for answer in (page, file, client.get("/nowhere"), client.post("/", content=LARGE)):
        assert answer.headers.get_list("Strict-Transport-Security") == ["max-age=31536000"]
        assert answer.headers["Server"] == "nginx"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "Secure" in client.post("/api/v1/stories").headers.get("Set-Cookie", "Secure")


def test_files_are_compressed_and_kept_for_ever_and_an_unknown_one_is_dreams_to_answer(client: httpx.Client) -> None:
    css = client.get(f"/static/{build()}/dream.css", headers={"Accept-Encoding": "gzip"})
    assert css.headers["Content-Encoding"] == "gzip"
    assert "immutable" in css.headers["Cache-Control"]
    assert css.headers["X-Content-Type-Options"] == "nosniff"
    assert css.text == (FOLDER / "dream.css").read_text()
    other = client.get("/static/000000000000/dream.css")  # of a build that this host never had
    assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-cache")
    assert client.get(f"/static/{build()}/nothing.css").status_code == 404
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": "gzip"}).headers


SPELLINGS = (
    "/{}", "//{}", "/./{}", "/x/../{}", "/%2e/{}", "/{}/", "/{}?x", "/{}%3Fx", "/{};x", "/{}%20", "/{}%00", "/%2f{}",
    "/\\{}", "/static/../{}", "/v1/../{}", "/.//{}", "/{}#x", "https://localhost/{}",
)  # fmt: skip


@pytest.mark.parametrize("name", ["metrics", "control/works", "readyz"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_internals_are_unreachable_in_every_spelling(front: Front, name: str, spelling: str) -> None:
    address = f"127.0.4.{SPELLINGS.index(spelling) + 1}"  # nobody of whom too many requests have come
    for path in (name, name.upper(), f"%{ord(name[0]):02x}{name[1:]}"):
        target = spelling.format(path)
        for method in ("GET", "POST"):
            request = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = front.raw(request.encode(), address)
            assert int(answer.split()[1]) in (308, 400, 403, 404, 405), (target, answer[:200])
            assert b"dream_" not in answer
            assert b'"checks"' not in answer


BEGINS_NO_TELLING = {
    "api.stop", "api.bring", "pages.drop", "api.bring_back", "api.correct", "pages.stop", "pages.name",
    "pages.put_away", "pages.bring_back", "pages.share", "pages.make_link", "pages.rewrite", "pages.bring_story",
    "pages.lay_down", "pages.correct_cast",
}  # fmt: skip


def test_every_route_that_begins_a_telling_is_counted_as_one(app: Flask, front: Front) -> None:
    said = re.search(r'map "\$request_method \$uri".*?~(\^POST\\ \S+)', front.conf.read_text(), re.DOTALL)
    assert said
    counted = re.compile(said[1])
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and needed(app, rule.endpoint) == "tell":
            path = re.sub("<[^>]+>", "x", rule.rule)
            assert bool(counted.match(f"POST {path}")) == (rule.endpoint not in BEGINS_NO_TELLING), rule.endpoint


def test_what_is_too_large_is_refused_as_a_problem(client: httpx.Client) -> None:
    refused = client.post("/api/v1/stories", content=LARGE)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["X-Content-Type-Options"] == "nosniff"


def expecting(front: Front, path: str, size: int) -> int:
    """What a client hears that asks before it sends so many bytes."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {size}\r\n\r\n"
    with front.connect("127.0.0.60") as client:
        client.sendall(head.encode())
        return int(client.recv(100).split()[1])


def test_what_a_view_takes_passes_and_nothing_much_larger_does(app: Flask, front: Front) -> None:
    larger = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        takes = LARGEST_FILE if hasattr(view, "takes_files") else getattr(view, "takes", 0)
        if takes and "POST" in (rule.methods or ()):
            path = re.sub("<[^>]+>", "x", rule.rule)
            assert (expecting(front, path, takes), expecting(front, path, takes * 3 // 2)) == (100, 413), path
            larger.append(path)
    assert {"/api/v1/works", "/desk"} <= set(larger)


def test_a_large_text_reaches_dream_whole(client: httpx.Client) -> None:
    stranger = {"Authorization": "Bearer nobody"}
    answer = client.post("/api/v1/works", files={"files": ("large.txt", LARGE)}, headers=stranger)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")


@pytest.mark.nightly
def test_a_sender_who_stops_half_way_is_let_go(front: Front) -> None:
    head = b"POST /api/v1/works HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf"
    assert front.raw(head, "127.0.0.61") == b""


def test_who_asks_for_stories_too_quickly_is_asked_to_wait(front: Front) -> None:
    with front.client("127.0.0.77") as client:
        answers = [client.post("/api/v1/stories", json={}) for _ in range(20)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert answers[0].status_code != 429
        assert refused
        assert refused[0].json()["code"] == "too_many_requests"
        assert int(refused[0].headers["Retry-After"]) > 0
        assert client.get("/").status_code == 200
    with front.client("127.0.0.78") as other:
        assert other.post("/api/v1/stories", json={}).status_code != 429


def test_half_sent_requests_hold_nothing_of_dreams(front: Front) -> None:
    """More of them than dream has threads, and it answers all the same."""
    head = b"POST /api/v1/works HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf"
    with ExitStack() as held, front.client("127.0.0.79") as client:
        for number in range(6):
            held.enter_context(front.connect(f"127.0.0.{80 + number}")).sendall(head)
        assert client.get("/livez").status_code == 200


def test_a_stream_comes_piece_by_piece(client: httpx.Client) -> None:
    begun = client.post("/api/v1/stories", json={"premise": "A keeper who may not lie", "length": "short"}).json()
    reader = {"Authorization": f"Bearer {begun['reader_token']}"}
    names: list[str] = []
    with client.stream("GET", begun["events"], headers=reader) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event: "):
                names.append(line.removeprefix("event: "))
            if names[-1:] == ["delta"] and names.count("delta") == 1 and line.startswith("event: "):
                # The first piece is here, and the story is not told yet: nothing was held back.
                assert client.get(begun["scene"]["url"], headers=reader).json()["state"] == "telling"
    assert names[-1] == "told"


def test_the_log_holds_no_words_of_a_reader(front: Front, client: httpx.Client) -> None:
    client.get("/search", params={"q": "a-secret-word"})
    lines = [json.loads(line) for line in (front.folder / "access.json").read_text().splitlines()]
    assert {"path", "status", "request_id", "address"} <= lines[-1].keys()
    assert "a-secret-word" not in (front.folder / "access.json").read_text() + (front.folder / "error.log").read_text()


class _Echo(BaseHTTPRequestHandler):
    """Answers with the headers that reached it."""

    def do_GET(self) -> None:
        body = json.dumps(dict(self.headers.items())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass

    def address_string(self) -> str:
        return "a socket"


def test_what_a_client_claims_about_itself_is_overwritten_and_an_absent_dream_is_said_calmly(tmp_path: Path) -> None:
    web = tmp_path / "web.sock"
    (tmp_path / "public").mkdir()
    with Front(tmp_path / "nginx", web, tmp_path / "public") as front, front.client() as client:
        away = client.get("/")
        assert (away.status_code, away.json()["code"]) == (503, "unavailable")
        assert int(away.headers["Retry-After"]) > 0
        with socketserver.ThreadingUnixStreamServer(str(web), _Echo) as echo:
            threading.Thread(target=echo.serve_forever, daemon=True).start()
            claims = dict.fromkeys(
                ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "X-Request-ID",
                 "X-Forwarded-Prefix"), "claimed",
            )  # fmt: skip
            seen = client.get("/", headers=claims).json()
            assert "claimed" not in seen.values()
            assert (seen["X-Forwarded-For"], seen["X-Forwarded-Proto"], seen["Host"]) == ("127.0.0.1", "https", HOST)
            echo.shutdown()
