// A <details class="confirm"> works alone; here it opens as a dialog instead.
document.addEventListener("click", (event) => {
  const summary = event.target.closest("details[data-confirm] > summary");
  if (summary) {
    event.preventDefault();
    open(summary.parentElement);
    return;
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  if (event.target.matches("dialog.dialog")) event.target.close();
});

function open(details) {
  const panel = details.querySelector(".confirm__panel");
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", panel.getAttribute("aria-labelledby"));
  dialog.append(panel);
  dialog.addEventListener("close", () => {
    details.append(panel);
    panel.reset();
    dialog.remove();
    details.querySelector("summary").focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  const name = panel.querySelector("[data-must-equal]");
  (name ?? panel.querySelector("[data-close]")).focus();
  name?.setCustomValidity(name.dataset.mustEqualMessage ?? "");
}
