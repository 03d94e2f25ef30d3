/** Reads a story aloud in the browser's own voices, where one speaks its language. The sentence that is read is lit. */

const speech = globalThis.speechSynthesis;
let now; // the reading that is heard; there is one at a time

/** Offers to read from each scene on, as soon as there is a voice for it. */
export function offerReading(story) {
  if (!speech) return;
  const readings = [...story.querySelectorAll(".aloud")].map((control) => new Reading(story, control));
  const show = () => readings.forEach((reading) => reading.show());
  speech.addEventListener?.("voiceschanged", show); // browsers look for their voices after the page has begun
  addEventListener("pagehide", () => now?.stop());
  show();
}

class Reading {
  constructor(story, control) {
    this.story = story;
    this.control = control;
    this.language = control.dataset.language;
    this.sentences = new Intl.Segmenter(this.language, { granularity: "sentence" });
    for (const act of ["read", "pause", "resume", "stop"]) this.button(act).addEventListener("click", () => this[act]());
  }

  button(act) {
    return this.control.querySelector(`[data-act=${act}]`);
  }

  show() {
    this.control.hidden = !voice(this.language);
  }

  read() {
    now?.stop();
    now = this;
    const first = this.control.closest(".scene").querySelector(".prose p");
    this.at = { paragraph: Math.max(this.paragraphs().indexOf(first), 0), offset: 0 };
    this.resume();
  }

  resume() {
    this.become("reading");
    this.button("pause").focus();
    this.next();
  }

  /** Not the browser's own pause, which some of them take for an end: the sentence begins anew. */
  pause() {
    this.hush();
    this.become("paused");
    this.button("resume").focus();
  }

  stop() {
    const held = this.control.contains(document.activeElement);
    this.hush();
    CSS.highlights?.delete("aloud");
    this.become("");
    if (held) this.button("read").focus();
    now = undefined;
  }

  hush() {
    this.utterance = undefined;
    speech.cancel();
  }

  become(state) {
    this.button("read").hidden = state !== "";
    this.button("pause").hidden = state !== "reading";
    this.button("resume").hidden = state !== "paused";
    this.button("stop").hidden = state === "";
  }

  next() {
    const sentence = this.sentence();
    if (!sentence) return this.stop();
    const utterance = new SpeechSynthesisUtterance(sentence.text);
    utterance.lang = this.language;
    utterance.voice = voice(this.language);
    utterance.addEventListener("end", () => {
      if (this.utterance !== utterance) return; // hushed meanwhile
      this.at.offset = sentence.end;
      this.next();
    });
    utterance.addEventListener("error", () => this.utterance === utterance && this.stop());
    this.utterance = utterance;
    light(sentence.range);
    speech.speak(utterance);
  }

  /** The next sentence from here on, found anew each time: the text may have been tied to its sources meanwhile. */
  sentence() {
    const paragraphs = this.paragraphs();
    for (; this.at.paragraph < paragraphs.length; this.at = { paragraph: this.at.paragraph + 1, offset: 0 }) {
      const nodes = written(paragraphs[this.at.paragraph]);
      const text = nodes.map((node) => node.data).join("");
      for (const { index, segment } of this.sentences.segment(text)) {
        const end = index + segment.trimEnd().length;
        if (end > this.at.offset) return { text: text.slice(index, end), range: range(nodes, index, end), end };
      }
    }
  }

  paragraphs() {
    return [...this.story.querySelectorAll(".scene .prose p")];
  }
}

/** A voice for a language; those of the device itself first, since others send the words away. */
function voice(language) {
  const speaking = speech.getVoices().filter(({ lang }) => lang.toLowerCase().split(/[-_]/)[0] === language);
  return speaking.find((one) => one.localService) ?? speaking[0] ?? null;
}

/** The text of a paragraph without the numbers of its sources. */
function written(paragraph) {
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(".mark")) nodes.push(walker.currentNode);
  return nodes;
}

function range(nodes, start, end) {
  const found = new Range();
  let before = 0;
  for (const node of nodes) {
    if (before <= start && start <= before + node.length) found.setStart(node, start - before);
    if (before < end && end <= before + node.length) found.setEnd(node, end - before);
    before += node.length;
  }
  return found;
}

function light(range) {
  if (globalThis.Highlight) CSS.highlights.set("aloud", new Highlight(range));
  const { top, bottom } = range.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) range.startContainer.parentElement.scrollIntoView({ block: "center" });
}
