// Menus, disclosure, copying, printing. Every listener sits on the document, so swapped-in HTML just works.
document.addEventListener("click", async (event) => {
  const toggle = event.target.closest("[data-toggles]");
  if (toggle) {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(open));
    document.getElementById(toggle.dataset.toggles)?.classList.toggle("is-open", open);
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (event.target.closest("[data-print]")) window.print();
  const copy = event.target.closest("[data-copy], [data-copy-from]");
  if (copy) await copyFrom(copy);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});

async function copyFrom(button) {
  const source = button.dataset.copyFrom;
  const text = source ? document.querySelector(source)?.textContent ?? "" : button.dataset.copy;
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = (label.dataset.before ??= label.textContent);
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = button.dataset.copied ?? before;
  } catch {
    label.textContent = button.dataset.copyFailed ?? before;
  }
  clearTimeout(button.copyTimer);
  button.copyTimer = setTimeout(() => { label.textContent = before; }, 2500);
}

// A part of the page that looks after itself says aloud what it has become, once.
let heard = document.querySelector("[data-says]")?.dataset.says;
document.addEventListener("htmx:afterSettle", () => {
  const says = document.querySelector("[data-says]")?.dataset.says;
  const said = document.querySelector("[data-said]");
  if (says && said && says !== heard) said.textContent = heard = says;
});
