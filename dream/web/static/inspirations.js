/** The inspirations beside a scene: filled as they are found; numbered and counted when the sentences are tied. */
import { named } from "./prose.js";

export class Inspirations {
  /** `element` is the scene's aside, `blank` the template that the server wrote. */
  constructor(element, sceneId, blank) {
    this.element = element;
    this.sceneId = sceneId;
    this.blank = blank;
    this.notes = new Map();
    this.numbers = new Map();
  }

  address = (number) => `#note-${this.sceneId}-${number}`;

  lay({ sources }) {
    this.element.querySelector(".none").hidden = sources.length > 0;
    this.element.querySelector(".by-words").hidden = !sources.length || sources.some(({ reasons }) => "meaning" in reasons);
    this.notes = new Map(sources.map((source) => [source.fragment_id, this.note(source)]));
    this.element.querySelector(".notes").replaceChildren(...this.notes.values());
  }

  note({ work, excerpt, position, reasons, withdrawn }) {
    const note = this.blank.content.firstElementChild.cloneNode(true);
    const holds = { withdrawn, kept: !withdrawn, words: reasons.found?.length, meaning: "meaning" in reasons, leaning: true };
    for (const part of note.querySelectorAll("[data-when]")) if (!holds[part.dataset.when]) part.remove();
    if (withdrawn) return note;
    const words = { title: work.title, author: work.author, licence: work.licence, excerpt, words: reasons.found?.join(", ") };
    for (const slot of note.querySelectorAll("[data-slot]")) slot.textContent = words[slot.dataset.slot] ?? "";
    note.querySelector("[data-slot=title]").href = `/works/${work.id}#f${position}`;
    note.querySelector("[data-when=leaning]").hidden = true; // known when the scene is told
    return note;
  }

  /** Numbers the notes as the text first names them; those that it never does come after. */
  number(threads) {
    const ids = [...this.notes.keys()];
    const known = new Map(ids.map((id) => [id, id]));
    const order = new Set([...threads.flatMap(({ ties }) => named(ties, known)), ...ids]);
    this.numbers = new Map([...order].map((id, at) => [id, at + 1]));
    for (const [id, number] of this.numbers) {
      const note = this.notes.get(id);
      note.id = this.address(number).slice(1);
      note.dataset.source = number;
    }
  }

  count(sentences) {
    const [used, unused] = this.element.querySelectorAll(".notes");
    for (const note of [...this.notes.values()].sort((a, b) => a.dataset.source - b.dataset.source)) {
      const leaning = sentences.filter((sentence) => sentence.sources.includes(Number(note.dataset.source))).length;
      note.classList.toggle("unused", !leaning);
      (leaning ? used : unused).append(note);
      const line = note.querySelector("[data-when=leaning]");
      if (!line) continue;
      line.hidden = !leaning;
      line.querySelector("[data-slot]").textContent = leaning;
    }
    unused.parentElement.hidden = !unused.childElementCount;
  }
}

/** Pointing at a note, or reaching it by keyboard, lights the sentences that lean on it; and the other way round. What is
 * held stays lit while the pointer rests on nothing of the kind. */
export function light(scene) {
  const show = (event) => {
    const entered = event.type === "pointerover" || event.type === "focusin";
    const held = scene.contains(document.activeElement) ? document.activeElement.closest(".note, .mark a") : null;
    const at = (entered && event.target.closest(".note, .mark a, .tied")) || held;
    const sources = new Set((at?.dataset.source ?? at?.dataset.sources ?? "").split(" ").filter(Boolean));
    for (const sentence of scene.querySelectorAll(".tied")) {
      const named = sentence.dataset.sources.split(" ").some((number) => sources.has(number));
      sentence.classList.toggle("lit", sentence === at || (named && !at.matches(".tied")));
    }
    for (const part of scene.querySelectorAll(".note, .mark a")) {
      part.classList.toggle("lit", part !== at && sources.has(part.dataset.source));
    }
  };
  for (const type of ["pointerover", "pointerleave", "focusin", "focusout"]) scene.addEventListener(type, show);
}
