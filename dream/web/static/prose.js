/** A scene's text in the page. Live or stored, it is the same: paragraphs of runs, as dream/storytelling/prose.py makes them. */

const BETWEEN = /\n[^\S\n]*\n\s*/;
const SENTENCE_END = /[.!?…。！？]["'”’»)\]」』]*\s/g;
const MOST_NUMBERS = 2;
const HEARD = 20000;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Prose {
  /** `element` holds the paragraphs; `spoken`, a log that nobody sees, receives whole sentences. */
  constructor(element, spoken) {
    this.element = element;
    this.spoken = spoken;
    this.text = "";
    this.shown = 0; // where the open paragraph begins
    this.said = 0;
    this.waiting = "";
    this.frame = 0;
    this.element.classList.add("telling");
  }

  append(piece) {
    this.waiting += piece;
    this.frame ||= requestAnimationFrame(() => this.flush());
  }

  /** Shows what is waiting: only the open paragraph is touched, so that a long scene costs no more than a short one. */
  flush() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.text += this.waiting;
    this.waiting = "";
    const end = calm.matches && this.element.classList.contains("telling") ? sentenceEnd(this.text) : this.text.length;
    let open = this.text.slice(this.shown, end);
    for (let gap = open.match(BETWEEN); gap && open.length > gap.index + gap[0].length; gap = open.match(BETWEEN)) {
      this.fill(open.slice(0, gap.index));
      this.shown += gap.index + gap[0].length;
      open = open.slice(gap.index + gap[0].length);
      this.paragraph = undefined;
    }
    this.fill(open.trimEnd());
    this.say();
  }

  fill(text) {
    if (!text) return;
    if (!this.paragraph) {
      this.paragraph = this.element.appendChild(numbered(this.element, this.element.childElementCount + 1));
      this.paragraph.append("");
    }
    if (this.paragraph.firstChild.data !== text) this.paragraph.firstChild.data = text;
  }

  /** Hands whole sentences to the hidden log, a few at a time; it keeps the last ones only. */
  say(all = false) {
    const end = all ? this.text.length : sentenceEnd(this.text);
    const words = this.text.slice(this.said, end).trim();
    this.said = Math.max(end, this.said);
    if (!words) return;
    const line = document.createElement("p");
    line.textContent = words;
    this.spoken.append(line);
    while (this.spoken.childElementCount > 5) this.spoken.firstElementChild.remove();
  }

  finish() {
    this.element.classList.remove("telling");
    this.flush();
    this.say(true);
    setTimeout(() => this.spoken.replaceChildren(), HEARD); // said by then, and not to be found twice
  }

  /**
   * Ties sentences to sources: `threads` and `copied` as the event gives them, `numbers` from fragment ids to numbers, `address` from a
   * number to its note. Offsets count code points.
   */
  tie(threads, copied, numbers, address) {
    this.flush();
    const text = this.text.trimEnd();
    const unit = units(text);
    const sentences = threads
      .map(({ start, end, ties }) => ({ start: unit(start), end: unit(end), sources: named(ties, numbers) }))
      .filter(({ sources }) => sources.length);
    const quoted = copied.map(({ start, end }) => ({ start: unit(start), end: unit(end) }));
    const shown = paragraphs(text).map((span, at) => fill(numbered(this.element, at + 1), text, span, sentences, quoted, address));
    this.element.replaceChildren(...shown);
    return sentences;
  }
}

/** The numbers that a sentence names, strongest first. */
export function named(ties, numbers) {
  return ties.map((tie) => numbers.get(tie.fragment_id)).filter(Boolean).slice(0, MOST_NUMBERS);
}

function paragraphs(text) {
  const found = [];
  let start = 0;
  for (const piece of text.split(new RegExp(`(${BETWEEN.source})`))) {
    if (piece.trim()) found.push({ start: start + piece.length - piece.trimStart().length, end: start + piece.trimEnd().length });
    start += piece.length;
  }
  return found;
}

/** A paragraph that can be found again by its number in the scene. */
function numbered(prose, number) {
  const element = document.createElement("p");
  element.id = `${prose.closest(".scene").id}-${number}`;
  return element;
}

function fill(element, text, { start, end }, sentences, quoted, address) {
  const inside = sentences.filter((s) => start <= s.start && s.end <= end);
  const edges = new Set([start, end]);
  for (const s of inside) edges.add(s.start).add(s.end);
  for (const q of quoted) for (const edge of [q.start, q.end]) if (start < edge && edge < end) edges.add(edge);
  const cuts = [...edges].sort((a, b) => a - b);
  for (let i = 0; i + 1 < cuts.length; i++) {
    const [from, to] = [cuts[i], cuts[i + 1]];
    const sentence = inside.find((s) => s.start <= from && to <= s.end);
    const copied = quoted.some((q) => q.start <= from && to <= q.end);
    element.append(run(text.slice(from, to), sentence?.sources, copied));
    if (sentence && to === sentence.end && !shared(text, inside, sentence)) element.append(mark(sentence.sources, address));
  }
  return element;
}

function run(words, sources, copied) {
  if (!sources && !copied) return words;
  const span = document.createElement(copied ? "q" : "span");
  span.className = [sources && "tied", copied && "copied"].filter(Boolean).join(" ");
  if (sources) span.dataset.sources = sources.join(" ");
  span.textContent = words;
  return span;
}

/** Whether the sentence right after this one names the same sources: then one mark serves both. */
function shared(text, inside, sentence) {
  const next = inside.find((s) => s.start >= sentence.end);
  return next && next.sources.join() === sentence.sources.join() && !text.slice(sentence.end, next.start).trim();
}

function mark(sources, address) {
  const sup = document.createElement("sup");
  sup.className = "mark";
  for (const number of sources) {
    const link = sup.appendChild(document.createElement("a"));
    link.href = address(number);
    link.dataset.source = number;
    link.setAttribute("aria-label", document.querySelector(".story").dataset.inspiration.replace("{number}", number));
    link.textContent = number;
  }
  return sup;
}

/** From code points to the units that strings are indexed by; they differ only after a character outside the first plane. */
function units(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (offset) => offset;
  const at = [0];
  for (const character of text) at.push(at.at(-1) + character.length);
  return (offset) => at[Math.min(offset, at.length - 1)];
}

function sentenceEnd(text) {
  const from = Math.max(0, text.length - 2000);
  const ends = [...text.slice(from).matchAll(SENTENCE_END)];
  return ends.length ? from + ends.at(-1).index + ends.at(-1)[0].length : 0;
}
