/** Follows a scene's events to their end. A dropped line is taken up where it broke; a hidden tab lets go and comes back. */

const ENDINGS = ["told", "stopped", "interrupted", "failed"];
const NAMES = ["begin", "sources", "storyteller", "delta", "threads", ...ENDINGS];
const SLOWEST = 15000;

/**
 * `on.event(name, data)` receives each event once, in order; `on.dropped()` and `on.back()` say how the line is.
 */
export function follow(url, on) {
  let source;
  let last = 0;
  let wait = 1000;
  let timer;
  let over = false;

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };

  const open = () => {
    close();
    if (over || document.hidden) return;
    source = new EventSource(`${url}?after=${last}`);
    for (const name of NAMES) source.addEventListener(name, receive);
    source.addEventListener("open", on.back);
    source.addEventListener("error", dropped);
  };

  const receive = (event) => {
    last = Number(event.lastEventId);
    wait = 1000;
    if (ENDINGS.includes(event.type)) {
      over = true;
      close();
    }
    on.event(event.type, JSON.parse(event.data));
  };

  // The browser tries again by itself after a dropped line, but never after an answer such as a proxy's 502.
  const dropped = () => {
    on.dropped();
    if (source?.readyState !== EventSource.CLOSED) return;
    timer = setTimeout(open, wait);
    wait = Math.min(wait * 2, SLOWEST);
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());
  open();
}
