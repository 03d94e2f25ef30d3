"""What a reader does in a browser, and what stands in its page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

PREMISE = "A keeper of the lamp tells one kind lie."
KOREAN = "말이 통하지 않는 두 사공이 모래톱에서 만난다."
PHONE = {"width": 390, "height": 844}


def begin(page: Page, premise: str = PREMISE, shelf: str = "", length: str = "medium") -> None:
    """Whatever language the page speaks."""
    page.goto(f"/?corpus={shelf}&length={length}")
    page.locator("#premise").fill(premise)
    page.locator(".begin button.first").click()


def state(page: Page, name: str) -> None:
    expect(page.locator(f".story[data-state={name}]")).to_be_visible(timeout=30_000)


def prose(page: Page) -> str:
    """The last scene's text as it stands in the page, paragraphs apart, without the numbers."""
    paragraphs = "[...[...document.querySelectorAll('.prose')].at(-1).querySelectorAll('p')]"
    words = "p => [...p.childNodes].filter(n => n.nodeName != 'SUP').map(n => n.textContent).join('')"
    return str(page.evaluate(f"{paragraphs}.map({words}).join('\\n\\n')"))
