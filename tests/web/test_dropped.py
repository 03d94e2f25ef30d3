"""The desk in a browser: files are dropped on it, and watched until they stand on the shelf or say why they do not."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.serving import Serving

FILES = """() => {
  const files = new DataTransfer();
  files.items.add(new File(["The lamp at Cold Point burned all night."], "lamp.txt"));
  files.items.add(new File([""], "notes.txt"));
  return files;
}"""


def test_files_are_dropped_on_the_desk_and_watched_to_their_end(loom: Serving, open_page: Any) -> None:
    password = loom.command("user", "add", "noor", "--role", "author").stdout.split()[-1]
    page: Page = open_page(loom)
    page.goto("/sign-in?next=/desk")
    page.locator("#name").fill("noor")
    page.locator("#password").fill(password)
    page.locator("main button").click()
    chosen = page.locator(".drop .chosen")
    expect(chosen).to_have_text("or drop them here")
    page.dispatch_event(".drop", "drop", {"dataTransfer": page.evaluate_handle(FILES)})
    expect(chosen).to_have_text("lamp.txt, notes.txt")
    page.locator("[name=rights]").check()
    page.locator("form.bring button.first").click()
    expect(page.get_by_role("link", name="Lamp")).to_be_visible(timeout=60_000)
    failed = page.locator("[data-state=failed]")
    expect(failed).to_contain_text("notes.txt")
    expect(failed).to_contain_text("The file is empty.")
    failed.get_by_role("button", name="Remove").click()
    expect(failed).to_have_count(0)
