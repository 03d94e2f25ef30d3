"""schemathesis' own run on the OpenAPI document, in all its phases, against a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dream.service import Service
from dream.settings import Settings
from tests.accounts.test_gate import account, token
from tests.serving import Serving
from tests.trials import Trials

PHASES = "examples,coverage,fuzzing,stateful"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
PLENTY = {"loom_pace": 0, "threads": 200, "followers": 100, "tellings": 1000, "log_level": "error"}
QUOTAS = {"quota_reader": "0 0 0", "quota_account": "0 0 0"}


@pytest.mark.nightly
def test_all_phases_find_nothing(
    home: Path, settings: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    key = _key(Service(settings))
    report = tmp_path / "events.ndjson"
    with Serving(home, **PLENTY, **QUOTAS) as serving:
        run = subprocess.run(
            [str(Path(sys.executable).with_name("schemathesis")), "run", f"{serving.url}/openapi.json",
             "--phases", PHASES, "--checks", CHECKS, "--max-examples", "40", "--generation-deterministic",
             "--exclude-path-regex", "/events$", "--header", f"Authorization: Bearer {key}", "--request-timeout", "60",
             "--suppress-health-check", "all", "--report", "ndjson", "--report-ndjson-path", str(report)],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
    trials = Trials("schemathesis, all phases")
    for line in report.read_text().splitlines():
        if done := json.loads(line).get("ScenarioFinished"):
            trials.count(done["phase"], len(done["recorder"].get("cases", ())))
    trials.show(request.config)
    assert run.returncode == 0, run.stdout[-6000:]
    assert trials.total >= 2000


def _key(service: Service) -> str:
    made = token(service, account(service, "ada", "admin"), "read", "tell", "author")
    service.close()
    return made
