"""What plays the AWS command line: `aws.py SERVICE COMMAND --OPTION VALUE...`, as far as dream's scripts speak to it.

$AWS_STATE holds its state: `deployments`, a line each of id, state and revision, in their order; `target`, the revision
that hosts have; `broken`, part of a revision that fails; and the objects of buckets, a file for each version.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

STATE = Path(os.environ["AWS_STATE"])
UNDER_WAY = "InProgress"


def deployments() -> list[list[str]]:
    path = STATE / "deployments"
    return [line.split(" ", 2) for line in path.read_text().splitlines()] if path.exists() else []


def keep(rows: list[list[str]]) -> None:
    (STATE / "deployments").write_text("".join(f"{' '.join(row)}\n" for row in rows))


def read(name: str) -> str:
    path = STATE / name
    return path.read_text() if path.exists() else ""


def list_deployments(_: dict[str, str]) -> str:
    return next((row[0] for row in deployments() if row[1] == UNDER_WAY), "None")


def create_deployment(asked: dict[str, str]) -> str:
    rows = deployments()
    if any(row[1] == UNDER_WAY for row in rows):
        sys.exit("DeploymentLimitExceededException")
    assert "enabled=true" in asked["--auto-rollback-configuration"]
    keep([*rows, [f"d-{len(rows) + 1}", UNDER_WAY, asked["--revision"]]])
    return f"d-{len(rows) + 1}"


def wait(asked: dict[str, str]) -> str:
    """A deployment that is waited for ends."""
    rows = deployments()
    (row,) = [row for row in rows if row[0] == asked["--deployment-id"]]
    broken = read("broken")
    row[1] = "Failed" if broken and broken in row[2] else "Succeeded"
    keep(rows)
    if row[1] == "Failed":
        sys.exit("Waiter DeploymentSuccessful failed")
    (STATE / "target").write_text(row[2])
    return ""


def get_deployment(asked: dict[str, str]) -> str:
    return next(row[1] for row in deployments() if row[0] == asked["--deployment-id"])


def get_deployment_group(_: dict[str, str]) -> str:
    return read("target") or "null"


def put_object(asked: dict[str, str]) -> str:
    folder = STATE / asked["--bucket"] / asked["--key"]
    folder.mkdir(parents=True, exist_ok=True)
    version = f"v{len(list(folder.iterdir())) + 1}"
    shutil.copy(asked["--body"], folder / version)
    return version


def get_parameters_by_path(asked: dict[str, str]) -> str:
    """As `--query 'Parameters[].[Name,Value]' --output text` prints them."""
    assert "--with-decryption" in asked
    stored: dict[str, str] = json.loads(read("parameters"))
    return "\n".join(f"{name}\t{value}" for name, value in stored.items() if name.startswith(asked["--path"]))


def main(_: str, command: str, *rest: str) -> None:
    words = [word for word in rest if word != "deployment-successful"]
    asked: dict[str, str] = {}
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("--"):
            asked[word] = "" if after.startswith("--") else after
    print(globals()[command.replace("-", "_")](asked))


if __name__ == "__main__":
    main(*sys.argv[1:])
