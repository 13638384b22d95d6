// Nothing typed is lost: warn before leaving a changed form. Take people to what must be put right.
const dirty = new Set();
let leaving = false;

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-guard]")) dirty.add(form);
  const box = event.target.closest("[data-must-equal]");
  if (box) checkEqual(box);
});
document.addEventListener("submit", (event) => {
  dirty.delete(event.target);
  leaving = !event.defaultPrevented;
  const button = event.submitter;
  // A second click must not send the form twice; the name and value of the button still travel with the first.
  if (event.target.matches("[data-guard]") && button) setTimeout(() => { button.disabled = true; });
});
addEventListener("pageshow", () => {
  leaving = false;
  for (const button of document.querySelectorAll("form[data-guard] button:disabled")) button.disabled = false;
});
addEventListener("beforeunload", (event) => {
  const waiting = [...dirty].some((form) => form.isConnected);
  if (waiting && !leaving) event.preventDefault();
});

function checkEqual(box) {
  const same = box.value.trim() === box.dataset.mustEqual;
  box.setCustomValidity(same ? "" : box.dataset.mustEqualMessage ?? "");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".error-summary a[href^='#']");
  if (!link) return;
  const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!field) return;
  event.preventDefault();
  (field.closest(".field") ?? field).scrollIntoView({ block: "start" });
  field.focus({ preventScroll: true });
});

document.querySelector("[data-focus-first]")?.focus();
document.addEventListener("htmx:afterSwap", (event) => {
  event.target.querySelector?.("[data-focus-first]")?.focus();
});
