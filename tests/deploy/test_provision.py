"""The set-up of a host, on a copy of this machine that is thrown away; its firewall, between networks made for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a host is set up by root")

# What would reach past the copy: the services, the swap and the kernel's firewall.
SERVICES = """#!/bin/sh
[ "$1" = is-active ] || [ "$1" = is-enabled ] || echo "$(basename "$0") $*" >>/told
case "$1" in
    enable) for unit in "$@"; do touch "/enabled-$unit"; done ;;
    is-*) for unit in "$@"; do :; done; [ -e "/enabled-$unit" ] ;;
esac
"""
NOTED = '#!/bin/sh\necho "$(basename "$0") $*" >>/told\n'


class Copy:
    """This machine's files, with whatever is changed kept apart and forgotten."""

    def __init__(self, folder: Path) -> None:
        self.changes, self.root = folder / "changes", folder / "root"
        (folder / "work").mkdir()
        (self.changes / "noted").mkdir(parents=True)
        self.root.mkdir()
        for name, script in (("systemctl", SERVICES), ("swapon", NOTED), ("nft", NOTED)):
            (self.changes / "noted" / name).write_text(script)
            (self.changes / "noted" / name).chmod(0o755)
        self._enter = (
            f"mount -t overlay overlay -o lowerdir=/,upperdir={self.changes},workdir={folder / 'work'} {self.root}"
            f" && mount --rbind /proc {self.root}/proc && mount --rbind /dev {self.root}/dev"
            f' && exec chroot {self.root} env PATH=/noted:$PATH "$@"'
        )

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        words = ["unshare", "--mount", "--net", "sh", "-c", self._enter, "sh", *map(str, command)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def text(self, path: str) -> str:
        return (self.changes / path).read_text()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    copy = Copy(tmp_path)
    if copy.run("true").returncode:
        pytest.skip("this machine has no overlay file system to copy itself with")
    return copy


LIVE = "/etc/letsencrypt/live/dream.example"
PROVISION = (ROOT / "scripts" / "provision", "--host", "dream.example")


def test_an_empty_machine_becomes_a_host_and_a_second_time_changes_nothing(copy: Copy) -> None:
    first = copy.run(*PROVISION, "--ssh", "192.0.2.0/24")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "dream:x:" in copy.text("etc/passwd")
    assert "server_name dream.example;" in copy.text("etc/nginx/nginx.conf")
    assert "/swapfile none swap sw 0 0" in copy.text("etc/fstab")
    assert "ip saddr 192.0.2.0/24 tcp dport 22 accept" in copy.text("etc/nftables.conf")
    assert "DREAM_PUBLIC_URL=https://dream.example" in copy.text("etc/dream/dream.env")
    assert (copy.changes / "etc/dream/dream.env").stat().st_mode & 0o777 == 0o640
    told = copy.text("told").splitlines()
    assert "systemctl enable --quiet --now dream-backup.timer" in told
    assert "systemctl reload-or-restart nginx" in told
    assert "nft --file /etc/nftables.conf" in told

    assert copy.run("sh", "-c", "echo DREAM_THREADS=200 >>/etc/dream/dream.env").returncode == 0
    again = copy.run(*PROVISION, "--ssh", "192.0.2.0/24")
    assert again.returncode == 0, again.stderr
    (said,) = [line for line in again.stdout.splitlines() if line.startswith("  ")]
    assert said.startswith(f"  there is no certificate at {LIVE}/fullchain.pem yet")
    assert "DREAM_THREADS=200" in copy.text("etc/dream/dream.env")
    assert copy.text("told").splitlines() == told


def test_what_the_host_would_be_given_is_accepted_by_what_reads_it(copy: Copy) -> None:
    assert copy.run(*PROVISION).returncode == 0
    assert copy.run("/usr/sbin/nginx", "-t", "-q").returncode == 0
    assert copy.run("/usr/sbin/nft", "--check", "--file", "/etc/nftables.conf").returncode == 0
    rotation = copy.run("/usr/sbin/logrotate", "--debug", "/etc/logrotate.conf")
    assert rotation.returncode == 0, rotation.stderr
    assert "duplicate" not in rotation.stderr
    assert "/var/log/nginx/access.json" in rotation.stderr


def test_a_certificate_that_came_takes_the_place_of_the_one_that_stood_in(copy: Copy) -> None:
    assert copy.run(*PROVISION).returncode == 0
    assert "/etc/dream/stand-in/certificate.pem" in copy.text("etc/nginx/nginx.conf")
    here = "/etc/dream/stand-in"
    come = f"mkdir -p {LIVE} && cp {here}/certificate.pem {LIVE}/fullchain.pem && cp {here}/key.pem {LIVE}/privkey.pem"
    assert copy.run("sh", "-c", come).returncode == 0
    assert copy.run(*PROVISION).returncode == 0
    assert f"ssl_certificate {LIVE}/fullchain.pem;" in copy.text("etc/nginx/nginx.conf")
    assert copy.text("told").splitlines()[-1] == "systemctl reload-or-restart nginx"


@pytest.mark.parametrize(("ssh", "open_"), [("", "80 443"), ("ip saddr 10.9.0.0/24 tcp dport 22 accept", "22 80 443")])
def test_nothing_but_the_web_is_open_and_chroma_admits_the_service_alone(tmp_path: Path, ssh: str, open_: str) -> None:
    rules = subprocess.run(
        [ROOT / "scripts" / "render", ROOT / "deploy" / "nftables.conf", f"SSH={ssh}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    # This machine has no user dream; the one called daemon plays it.
    (tmp_path / "rules").write_text(rules.replace("skuid != dream", "skuid != daemon"))
    ports = ("22", "80", "443", "8000", "8001")
    script = Path(__file__).with_name("firewall.sh")
    knocked = subprocess.run(
        ["unshare", "--net", script, tmp_path / "rules", *ports], capture_output=True, text=True, check=False
    )
    assert knocked.stdout.splitlines() == [
        f"outside: {open_}", "daemon: 22 80 443 8000 8001", "nobody: 22 80 443 8000"
    ], (tmp_path / "rules.said").read_text()  # fmt: skip
