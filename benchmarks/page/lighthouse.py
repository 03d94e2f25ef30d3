"""Lighthouse on the reading pages of an English and a Korean story, as a phone gets them through NGINX.

    python -m benchmarks.page.lighthouse [--rounds 3] [--desktop]

Needs node and npm: `npx lighthouse@12.8.2` is fetched once. The configuration of NGINX is the one that ships, over TLS;
the reader's token goes along, since a story is its reader's alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from benchmarks.page.chromium import CHROMIUM, FLAGS, serving, small_home
from dream.web.pages.assets import FOLDER, build
from tests.deploy.front import Front

LIGHTHOUSE = "lighthouse@12.8.2"
PREMISES = {"en": "A keeper of the lamp tells one kind lie.", "ko": "말이 통하지 않는 두 사공이 모래톱에서 만난다."}
TALES = ("en/ask-him-on-the-stairs.md", "en/the-oil-in-the-lantern.md", "ko/two-ferrymen.md", "ko/stone-bell-girl.md")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def tell(front: Front, premise: str) -> tuple[str, str]:
    """The address of a told story's page, and the token of its reader."""
    with front.client() as client:
        begun = client.post("/api/v1/stories", json={"premise": premise}).raise_for_status().json()
        token = {"Authorization": f"Bearer {begun['reader_token']}"}
        client.get(begun["events"], headers=token).raise_for_status()  # returns when it is told
    return f"{front.url}{begun['story']['page']}", begun["reader_token"]


def scores(address: str, token: str, language: str, *, desktop: bool) -> dict[str, float]:
    """The four scores out of 100, the first load's bytes, and the audits that are not passed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        headers = json.dumps({"Authorization": f"Bearer {token}", "Accept-Language": language})
        flags = " ".join([*FLAGS, "--headless=new", "--ignore-certificate-errors"])
        command = [
            "npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--output-path={report}",
            f"--extra-headers={headers}", f"--chrome-flags={flags}", f"--only-categories={','.join(CATEGORIES)}",
            *(["--preset=desktop"] if desktop else []),
        ]  # fmt: skip
        subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": CHROMIUM})
        found = json.loads(report.read_text())
    for name in CATEGORIES[1:]:
        for audit in found["categories"][name]["auditRefs"]:
            result = found["audits"][audit["id"]]
            if audit["weight"] and result["score"] is not None and result["score"] < 1:
                print(f"  {name}: {audit['id']}: {result['title']}")
    bytes_ = found["audits"]["total-byte-weight"]["numericValue"]
    return {name: 100 * found["categories"][name]["score"] for name in CATEGORIES} | {"KB": bytes_ / 1000}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--desktop", action="store_true")
    asked = parser.parse_args()
    with small_home(*TALES) as home, tempfile.TemporaryDirectory() as folder:
        web, public = Path(folder) / "web.sock", Path(folder) / "public"
        shutil.copytree(FOLDER, public / "static" / build())
        front = Front(Path(folder) / "front", web, public)
        settings = {"storyteller": "loom", "loom_pace": 0, "public_url": front.url, "proxies": 1}
        with serving(home, f"unix:{web}", **settings), front:
            stories = {language: tell(front, premise) for language, premise in PREMISES.items()}
            for language, (address, token) in stories.items():
                rounds = [scores(address, token, language, desktop=asked.desktop) for _ in range(asked.rounds)]
                said = ", ".join(f"{name} {statistics.median(one[name] for one in rounds):.0f}" for name in rounds[0])
                print(f"{language} story, {'desktop' if asked.desktop else 'phone'}: {said}", flush=True)


if __name__ == "__main__":
    main()
