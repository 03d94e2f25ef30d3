/** The inspirations beside a scene: filled as they are found, counted when the sentences are tied. */

export class Inspirations {
  /** `element` is the scene's aside, `blank` the template that the server wrote. */
  constructor(element, sceneId, blank) {
    this.element = element;
    this.sceneId = sceneId;
    this.blank = blank;
    this.numbers = new Map();
  }

  address = (number) => `#note-${this.sceneId}-${number}`;

  lay({ sources, missing }) {
    this.element.querySelector(".none").hidden = sources.length > 0;
    this.element.querySelector(".by-words").hidden = !missing.includes("meaning") || !sources.length;
    this.element.querySelector(".notes").replaceChildren(...sources.map((source) => this.note(source)));
    for (const { fragment_id, rank, withdrawn } of sources) if (!withdrawn) this.numbers.set(fragment_id, rank);
  }

  note({ rank, work, excerpt, position, reasons, withdrawn }) {
    const note = this.blank.content.firstElementChild.cloneNode(true);
    note.id = this.address(rank).slice(1);
    note.dataset.source = rank;
    const holds = { withdrawn, kept: !withdrawn, words: reasons.found?.length, meaning: "meaning" in reasons, leaning: true };
    for (const part of note.querySelectorAll("[data-when]")) if (!holds[part.dataset.when]) part.remove();
    if (withdrawn) return note;
    const words = { title: work.title, author: work.author, licence: work.licence, excerpt, words: reasons.found?.join(", ") };
    for (const slot of note.querySelectorAll("[data-slot]")) slot.textContent = words[slot.dataset.slot] ?? "";
    note.querySelector("[data-slot=title]").href = `/works/${work.id}#f${position}`;
    note.querySelector("[data-when=leaning]").hidden = true; // known when the scene is told
    return note;
  }

  count(sentences) {
    for (const note of this.element.querySelectorAll(".note")) {
      const leaning = sentences.filter((sentence) => sentence.sources.includes(Number(note.dataset.source))).length;
      note.classList.toggle("unused", !leaning);
      const line = note.querySelector("[data-when=leaning]");
      if (!line) continue;
      line.hidden = !leaning;
      line.querySelector("[data-slot]").textContent = leaning;
    }
  }
}

/** Pointing at a note, or reaching it by keyboard, lights the sentences that lean on it; and the other way round. */
export function light(scene) {
  const aside = scene.querySelector(".inspirations");
  const show = (event) => {
    const entered = event.type === "pointerover" || event.type === "focusin";
    const at = entered ? event.target.closest(".note, .mark a, .tied") : null;
    const sources = new Set((at?.dataset.source ?? at?.dataset.sources ?? "").split(" ").filter(Boolean));
    for (const sentence of scene.querySelectorAll(".tied")) {
      const named = sentence.dataset.sources.split(" ").some((number) => sources.has(number));
      sentence.classList.toggle("lit", sentence === at || (named && !at.matches(".tied")));
    }
    for (const part of scene.querySelectorAll(".note, .mark a")) {
      part.classList.toggle("lit", part !== at && sources.has(part.dataset.source));
    }
    if (at && !aside.contains(at)) reveal(aside, scene.querySelector(".note.lit"));
  };
  for (const type of ["pointerover", "pointerleave", "focusin", "focusout"]) scene.addEventListener(type, show);
}

/** Brings a note into sight where the margin scrolls by itself; the page stays where it is. */
function reveal(aside, note) {
  if (!note || aside.scrollHeight <= aside.clientHeight) return;
  const [top, bottom] = [note.offsetTop, note.offsetTop + note.offsetHeight];
  if (top < aside.scrollTop) aside.scrollTop = top;
  else if (bottom > aside.scrollTop + aside.clientHeight) aside.scrollTop = bottom - aside.clientHeight;
}
