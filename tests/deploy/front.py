"""The real NGINX with the configuration that ships, before whatever answers at a unix socket."""

from __future__ import annotations

import getpass
import shutil
import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import httpx

from tests.conftest import ROOT

HOST = "localhost"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Returns when something listens there; a process that ends before is an error."""
    while True:
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"it ended with {process.wait(0.02)} and never listened")


class Front:
    """NGINX over TLS on free ports; `web` is the socket that it passes requests to."""

    def __init__(self, folder: Path, web: Path, public: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "acme").mkdir()
        self.http, self.https = free_port(), free_port()
        self.url = f"https://{HOST}:{self.https}"
        self.certificate = certificate(folder)
        etc = folder / "etc"
        values = {
            "HOST": HOST, "CERTIFICATE": self.certificate, "CERTIFICATE_KEY": folder / "key.pem", "WEB": web,
            "PUBLIC": public, "ACME": folder / "acme", "HTTP": self.http, "HTTPS": self.https, "ETC": etc,
            "LOGS": folder, "PID": folder / "nginx.pid", "USER": getpass.getuser(),
        }  # fmt: skip
        configuration(etc, values)
        self.conf = etc / "nginx.conf"

    def __enter__(self) -> Front:
        self._process = subprocess.Popen([nginx(), "-c", str(self.conf), "-g", "daemon off;"])
        wait_until_listening(self.https, self._process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """A client that comes from an address of its own, as far as loopback has any."""
        transport = httpx.HTTPTransport(verify=self.context(), local_address=address, retries=2)
        return httpx.Client(base_url=self.url, transport=transport, timeout=60)

    def connect(self, address: str = "127.0.0.1") -> ssl.SSLSocket:
        """A connection over TLS from an address of its own, with nothing sent yet."""
        plain = socket.create_connection(("127.0.0.1", self.https), source_address=(address, 0), timeout=60)
        return self.context().wrap_socket(plain, server_hostname=HOST)

    def raw(self, request: bytes, address: str = "127.0.0.1") -> bytes:
        """All that is answered to bytes sent as they are."""
        with self.connect(address) as secure:
            secure.sendall(request)
            answer = b""
            while more := secure.recv(65536):
                answer += more
            return answer


def configuration(etc: Path, values: dict[str, object]) -> None:
    """Writes the configuration that ships with its values filled in, as the provisioning of a host does."""
    (etc / "dream").mkdir(parents=True)
    pairs = [f"{name}={value}" for name, value in values.items()]
    for template in (ROOT / "nginx").rglob("*.conf"):
        command = [str(ROOT / "scripts" / "render"), str(template), *pairs]
        written = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        (etc / template.relative_to(ROOT / "nginx")).write_text(written)


def nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert found, "There is no nginx: scripts/test installs it."
    return found


def certificate(folder: Path) -> Path:
    """A certificate for HOST, good for a day, with its key beside it."""
    path = folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(folder / "key.pem"),
         "-out", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    return path
