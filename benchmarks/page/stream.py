"""What 3,000 pieces without any delay cost the page: time to the last word, main thread, layout shift.

    python -m benchmarks.page.stream [--pieces 3000] [--rounds 5]

As they come: a service gathers them from a provider that sends all at once, as soon as the page follows. One by one: a
log with an event for every piece is played to the page, which is worse than any service does it. Each on a desktop and
on a phone. Seconds count from the first words in the page until its end is shown; the main thread is all that Chromium
did there from the request for the events on (TaskDuration); the shift is the sum of all layout shifts, which is never
less than CLS.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import statistics
from dataclasses import dataclass

from playwright.sync_api import Browser, CDPSession, Route, ViewportSize

from benchmarks.page.chromium import chromium, serving, small_home
from tests.fakes.client import FakeUpstream

SIZES = {"desktop": ViewportSize(width=1280, height=860), "phone": ViewportSize(width=390, height=844)}
WATCH = """
  window.shift = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
  }).observe({type: 'layout-shift', buffered: true});
  document.addEventListener('DOMContentLoaded', () => {
    const story = document.querySelector('.story');
    if (!story) return;
    const watch = new MutationObserver(() => {
      if (!window.began && story.querySelector('.prose p')) window.began = performance.now();
      if (story.dataset.state !== 'told') return;
      watch.disconnect();
      requestAnimationFrame(() => (window.ended = performance.now()));
    });
    watch.observe(story, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-state']});
  });
"""


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    thread: float
    shift: float
    characters: int


def measure(browser: Browser, base: str, size: str, upstream: FakeUpstream, pieces: int, body: str = "") -> Cost:
    """A story begun and read to its end. `body`, where given, is played instead of its events."""
    upstream.reset()
    upstream.script(pieces=pieces, latch="" if body else "followed")
    context = browser.new_context(base_url=base, viewport=SIZES[size])
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto("/")
    page.get_by_label("What story would you like to be told?").fill("A button and a coat.")
    metrics = context.new_cdp_session(page)
    metrics.send("Performance.enable")
    before: list[float] = []

    def events(route: Route) -> None:
        before.append(_busy(metrics))
        if body:
            route.fulfill(body=body, content_type="text/event-stream")
        else:
            route.continue_()

    page.route(re.compile("/events"), events)
    with page.expect_response(re.compile("/events")):
        page.get_by_role("button", name="Tell me this story").click()
    if not body:
        upstream.release("followed")
    page.wait_for_function("() => window.ended", timeout=120_000)
    thread = _busy(metrics) - before[0]
    seconds, shift, characters = page.evaluate(
        "() => [(ended - began) / 1000, shift, document.querySelector('.prose').textContent.length]"
    )
    context.close()
    return Cost(seconds, thread, shift, characters)


def _busy(metrics: CDPSession) -> float:
    """Seconds that the page's main thread has worked so far."""
    found = {one["name"]: float(one["value"]) for one in metrics.send("Performance.getMetrics")["metrics"]}
    return found["TaskDuration"]


def log_of(pieces: int) -> str:
    """A log with an event for every piece, as a follower gets it."""
    told = [("begin", {"scene": "x", "state": "telling"}), ("sources", {"sources": [], "missing": []})]
    told += [("storyteller", {"provider": "openai", "name": "load"})]
    told += [("delta", {"text": "\n\n" if number % 120 == 119 else f"word{number} "}) for number in range(pieces)]
    told += [("threads", {"threads": [], "copied": []}), ("told", {"state": "told"})]
    return "".join(
        f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n" for number, (name, data) in enumerate(told, 1)
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pieces", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{free.getsockname()[1]}"
    with FakeUpstream() as upstream, small_home("en/eleven-coats.md") as home:
        settings = {
            "storyteller": "openai",
            "openai_base_url": upstream.base_url,
            "model": "fake",
            "read_back": "false",
        }
        with serving(home, bind, **settings), chromium() as browser:
            for way, body in (("as they come", ""), ("one by one", log_of(asked.pieces))):
                for size in SIZES:
                    costs = [
                        measure(browser, f"http://{bind}", size, upstream, asked.pieces, body)
                        for _ in range(asked.rounds)
                    ]
                    print(
                        f"{asked.pieces} pieces {way:<12} {size:<7}"
                        f" seconds {statistics.median(cost.seconds for cost in costs):.2f}"
                        f" (most {max(cost.seconds for cost in costs):.2f}),"
                        f" main thread {statistics.median(cost.thread for cost in costs):.2f} s"
                        f" (most {max(cost.thread for cost in costs):.2f}),"
                        f" shift {max(cost.shift for cost in costs):.4f}, {costs[0].characters} characters",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
