/** The ways to go on: asked for once a scene has ended, until they have been thought of. */
const PAUSES = [200, 600, 1500, 3000, 5000, 8000, 12000, 20000];

export async function offer(form) {
  for (const pause of form ? PAUSES : []) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const answer = await fetch(form.dataset.memory).catch(() => null);
    const memory = answer?.ok ? await answer.json() : null;
    if (memory?.state === "made") return show(form, memory.choices);
  }
}

function show(form, choices) {
  const ways = choices.map((choice) => {
    const way = document.createElement("li");
    const button = way.appendChild(document.createElement("button"));
    button.name = "direction";
    button.value = button.textContent = choice;
    return way;
  });
  form.querySelector("ul").replaceChildren(...ways);
  form.hidden = !ways.length;
}
