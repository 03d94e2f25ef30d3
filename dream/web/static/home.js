/** Home: an example fills the field, where it can be changed before it is sent; stories are opened where they were left. */
import "./grow.js";
import "./once.js";
import { leadToPlaces } from "./place.js";

const premise = document.querySelector("#premise");

document.addEventListener("click", (event) => {
  const example = event.target.closest("a[data-premise]");
  if (!example || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  premise.value = example.textContent;
  premise.dispatchEvent(new Event("input"));
  premise.focus();
});
leadToPlaces();
