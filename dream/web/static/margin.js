/** Notes in the margin, each beside the paragraph that first names it and pushed down where another stands already; where
 * there is no margin, in a sheet at the foot. */

const WIDE = matchMedia("(min-width: 62rem)");
const GAP = 10;

/** Keeps a scene's notes in their places, whatever happens to the sizes of text and notes, until it is called again. */
export function keepBeside(scene) {
  const aside = scene.querySelector(".inspirations");
  const set = () => (WIDE.matches ? place(scene, aside) : lift(aside));
  const watch = new ResizeObserver(set);
  for (const part of [scene.querySelector(".prose"), ...items(aside)]) watch.observe(part);
  WIDE.addEventListener("change", set);
  set(); // before anything is painted where it will not stay
}

function place(scene, aside) {
  if (aside.matches(":popover-open")) aside.hidePopover();
  aside.classList.add("placed");
  const top = aside.getBoundingClientRect().top;
  const said = [...aside.querySelectorAll(":scope > p")].map((line) => line.offsetTop + line.offsetHeight);
  let free = Math.max(0, ...said);
  const moves = items(aside).map((item) => {
    const beside = scene.querySelector(`.mark a[href="#${CSS.escape(item.id)}"]`)?.closest("p");
    const at = Math.max(free, beside ? beside.getBoundingClientRect().top - top : 0);
    free = at + item.offsetHeight + GAP;
    return [item, at];
  });
  for (const [item, at] of moves) item.style.transform = `translateY(${at}px)`;
  aside.style.minHeight = `${free}px`;
}

function lift(aside) {
  aside.classList.remove("placed");
  aside.style.minHeight = "";
  for (const item of items(aside)) item.style.transform = "";
}

function items(aside) {
  return [...aside.querySelectorAll(":scope > .notes > .note, :scope > .others")];
}

/** Shows the sheet, and what it would cover of the sentence above it. */
function raise(aside, mark) {
  aside.showPopover();
  const covered = mark.getBoundingClientRect().bottom + 16 - aside.getBoundingClientRect().top;
  if (covered > 0) scrollBy({ top: covered, behavior: "instant" });
}

/** A number leads to its note without moving the page from under the reader, and Escape leads back. */
export function lead(scene) {
  const aside = scene.querySelector(".inspirations");
  let from;
  scene.addEventListener("click", (event) => {
    const mark = event.target.closest(".mark a");
    if (!mark || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    from = mark;
    if (!WIDE.matches) raise(aside, mark);
    const note = document.getElementById(decodeURIComponent(mark.hash.slice(1)));
    note.focus({ preventScroll: true });
    note.scrollIntoView({ block: "nearest" });
  });
  aside.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && WIDE.matches) from?.focus();
  });
}
