/** A work: the passage that the address names is lit as a whole, in every paragraph that it reaches into. */
function light() {
  const named = location.hash.slice(1);
  for (const passage of document.querySelectorAll(".passage")) {
    passage.classList.toggle("lit", passage.dataset.fragment === named);
  }
}

addEventListener("hashchange", light);
light();
