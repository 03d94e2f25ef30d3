/** Where a reader left each story, kept in their own browser: the part that its page led down to, and a paragraph. */

const key = (story) => `place ${story}`;
const CLEAR = 48; // of the page's top edge, where the paragraph that is read may begin to leave it

/** Keeps the reader's place in a story whenever they turn from its page. */
export function keepPlace(story) {
  const wanted = location.hash.slice(1);
  if (wanted && !document.getElementById(wanted)) partOf(wanted)?.scrollIntoView(); // not told again yet
  const part = [...story.querySelectorAll(".scene")].at(-1).id.slice("scene-".length);
  const keep = () => write(key(story.dataset.story), JSON.stringify({ part, at: reading(story) }));
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", () => document.hidden && keep());
}

/** Lets links to stories lead to where each was left. The paragraph is an address: the browser itself finds it, before anything is painted. */
export function leadToPlaces() {
  const lead = () => {
    for (const link of document.querySelectorAll("a[data-story]")) {
      const { part, at } = JSON.parse(read(key(link.dataset.story)) ?? "{}");
      if (part) link.href = `/stories/${link.dataset.story}/scenes/${part}${at && `#${at}`}`;
    }
  };
  lead();
  addEventListener("pageshow", ({ persisted }) => persisted && lead());
}

function partOf(paragraph) {
  return document.getElementById(paragraph.replace(/-\d+$/, ""));
}

/** The first paragraph that is not read past, by its id; "" at the top, where a story shows its premise. */
function reading(story) {
  if (!scrollY) return "";
  const paragraphs = [...story.querySelectorAll(".prose p")];
  return (paragraphs.find((one) => one.getBoundingClientRect().bottom > CLEAR) ?? paragraphs.at(-1))?.id ?? "";
}

// A browser may be told to keep nothing: stories then open at their last part.
function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    /* Nothing is kept. */
  }
}
