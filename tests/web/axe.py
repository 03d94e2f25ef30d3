"""What axe-core finds wrong with a page: WCAG 2.2 at level AA, and its best practices."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

SCRIPT = (files("axe_playwright_python") / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]

_RUN = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"


def violations(page: Page) -> list[str]:
    """Each with its rule, where it stands and what to do. The pages' policy forbids script tags, so it is evaluated."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT)
    found: dict[str, Any] = page.evaluate(_RUN, RULES)
    assert found["testEngine"]["name"] == "axe-core"
    return [
        f"{broken['id']} at {node['target'][0]}: {node['failureSummary']}"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]
