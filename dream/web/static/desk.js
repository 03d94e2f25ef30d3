/** The desk: files may be dropped, and what is being read shows how far it has come. */
import "./once.js";

const desk = document.querySelector(".authoring");
const field = desk.querySelector("#files");
const drop = desk.querySelector(".drop");
const chosen = desk.querySelector(".chosen");

/** What the page says, in its own language, with the {names} in it filled. */
const fill = (said, values) => said.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Names what is chosen, where the field itself only counts it; before that, what else can be done than choose. */
const say = () => {
  const names = [...field.files].map((file) => file.name);
  const some = names.slice(0, 3).join(", ");
  if (!names.length) chosen.textContent = matchMedia("(pointer: fine)").matches ? desk.dataset.drop : "";
  else if (names.length === 1) chosen.textContent = "";
  else chosen.textContent = names.length > 3 ? fill(desk.dataset.more, { names: some, more: names.length - 3 }) : some;
};
say();
field.addEventListener("change", say);
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  field.files = event.dataTransfer.files;
  say();
});

if (desk.dataset.events) follow(desk.dataset.events);

/** Follows the files being read; once all have ended, the page shows the works that they became. */
function follow(url) {
  const source = new EventSource(url);
  source.addEventListener("job", (event) => show(JSON.parse(event.data)));
  source.addEventListener("done", () => {
    source.close();
    // A form that is being filled in is not lost to a reload.
    if (!field.files.length) location.reload();
  });
  addEventListener("pagehide", () => source.close());
}

function show(job) {
  const row = desk.querySelector(`[data-job="${CSS.escape(job.id)}"]`);
  if (!row) return;
  row.dataset.state = job.state;
  row.querySelector(".state").textContent = desk.dataset[job.state] + (job.of ? `, ${fill(desk.dataset.progress, job)}` : "") + (job.sentence ? `. ${job.sentence}` : "");
  const bar = row.querySelector("progress");
  if (job.of) {
    bar.max = job.of;
    bar.value = job.done;
  } else if (job.state !== "queued") bar.removeAttribute("value");
  if (["live", "failed", "cancelled"].includes(job.state)) row.querySelector("form")?.remove();
}
