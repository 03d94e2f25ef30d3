/** A story's page: follows the scene that is being told, and lights what belongs together. */
import "./grow.js";
import "./once.js";
import { offerReading } from "./aloud.js";
import { offer } from "./ways.js";
import { Inspirations, light } from "./inspirations.js";
import { keepBeside, lead } from "./margin.js";
import { keepPlace } from "./place.js";
import { Prose } from "./prose.js";
import { follow } from "./stream.js";

const story = document.querySelector(".story");
const status = story.querySelector(".status");

for (const scene of story.querySelectorAll(".scene")) {
  light(scene);
  lead(scene);
  if (scene.querySelector(".prose").childElementCount) keepBeside(scene);
}
if (story.dataset.story) keepPlace(story);
offerReading(story);
if (story.dataset.events) live(story.dataset.events);
else offer(story.querySelector(".ways-on[hidden]"));

function live(url) {
  const scene = [...story.querySelectorAll(".scene")].at(-1);
  const inspirations = new Inspirations(scene.querySelector(".inspirations"), scene.id.replace("scene-", ""), story.querySelector("#note"));
  const prose = new Prose(scene.querySelector(".prose"), story.querySelector(".hidden-log"));
  const keepUp = keepingUp();
  let state = story.dataset.state;

  const show = (name, words) => {
    story.dataset.state = name;
    const said = words || status.dataset[name] || "";
    if (status.textContent !== said) status.textContent = said;
  };
  const become = (name, words) => show((state = name), words);

  const events = {
    begin: () => become("looking"),
    sources: (data) => {
      inspirations.lay(data);
      become("thinking");
    },
    storyteller: ({ provider, name }) => {
      sign(scene.querySelector(".colophon"), provider, name);
      become("telling");
    },
    delta: ({ text }) => {
      prose.append(text);
      keepUp();
    },
    threads: ({ threads, copied }) => {
      prose.finish();
      inspirations.number(threads);
      inspirations.count(prose.tie(threads, copied, inspirations.numbers, inspirations.address));
      keepBeside(scene);
    },
  };
  const end = (name, { sentence }) => {
    prose.finish();
    story.querySelector(".rewrite textarea").value = prose.text;
    become(name, sentence);
    offer(story.querySelector(".ways-on"));
  };

  follow(url, {
    event: (name, data) => (events[name] ? events[name](data) : end(name, data)),
    dropped: () => show("reconnecting"),
    back: () => show(state),
  });
  stopInPlace(story.querySelector("form.stop"));
}

function sign(colophon, provider, name) {
  colophon.hidden = false;
  for (const line of colophon.querySelectorAll("[data-teller]")) line.hidden = (line.dataset.teller === "loom") !== (provider === "loom");
  colophon.querySelector("[data-slot=teller]").textContent = name;
}

/** Follows the text down only once the reader has gone to its end themselves. */
function keepingUp() {
  let following = false;
  const page = document.documentElement;
  const reader = () => {
    following = page.scrollHeight > innerHeight && scrollY > 0 && innerHeight + scrollY >= page.scrollHeight - 4;
  };
  addEventListener("scroll", reader, { passive: true });
  return () => following && requestAnimationFrame(() => scrollTo({ top: page.scrollHeight, behavior: "instant" }));
}

/** Stops without leaving the page; the stream itself brings the end. */
function stopInPlace(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" }).catch(() => null);
    if (answer?.type !== "opaqueredirect") form.submit();
  });
}
