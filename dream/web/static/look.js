/** The look of pages changes as it is chosen; the form keeps it. */
const form = document.querySelector(".look form");
const language = new FormData(form).get("language"); // of this page: another one comes with the next

form.addEventListener("change", async () => {
  const chosen = new FormData(form);
  for (const name of ["theme", "size"]) {
    if (chosen.get(name)) document.documentElement.dataset[name] = chosen.get(name);
    else delete document.documentElement.dataset[name];
  }
  const kept = await fetch(`${form.action}?${new URLSearchParams(chosen)}`, { redirect: "manual" }).catch(() => null);
  form.querySelector("button").hidden = kept?.type === "opaqueredirect" && chosen.get("language") === language;
});
