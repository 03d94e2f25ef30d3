/** Fields that grow with what is written in them, where the browser's own style cannot. */
export function grow(field) {
  if (CSS.supports("field-sizing", "content")) return;
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  };
  field.addEventListener("input", fit);
  fit();
}

for (const field of document.querySelectorAll("textarea")) grow(field);
