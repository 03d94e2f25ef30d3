/** Forms that are sent once: a second press while the first is on its way changes nothing. */
export function sendOnce(form) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // Coming back to a kept page, it may be sent again.
  addEventListener("pageshow", () => (sent = false));
}

for (const form of document.querySelectorAll("form[data-once]")) sendOnce(form);
