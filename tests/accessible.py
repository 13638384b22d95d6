"""What is asked of every page for everyone: axe-core's rules, and what no rule engine sees by itself."""

from __future__ import annotations

from functools import cache
from importlib import resources

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 640}  # WCAG 1.4.10: 320 CSS pixels, which is 1,280 at 400 %
ZOOMED = {"width": 640, "height": 400}  # 1,280 × 800 at 200 %: also 1.4.4
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What can change with colours and with the width, without the page being loaded again.
BY_COLOUR = ["color-contrast", "link-in-text-block"]
BY_WIDTH = ["color-contrast", "target-size", "scrollable-region-focusable", "aria-hidden-focus", "meta-viewport"]

# What axe leaves to people: found here once for each page in each language.
OWN = """() => {
  const wrong = [];
  const seen = (element) => element.checkVisibility({ visibilityProperty: true });
  const named = (element) => element.outerHTML.slice(0, 160);
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  if (!document.title.trim()) wrong.push("no title");
  const first = document.querySelector("a[href], button, input");
  if (!first.matches("a.skip[href='#main']")) wrong.push("the skip link is not first: " + named(first));
  if (document.querySelector("[tabindex]:not([tabindex='0'], [tabindex='-1'])")) wrong.push("an order of its own");
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption?.textContent.trim()) wrong.push("table without caption: " + named(table));
    for (const head of table.querySelectorAll("th:not([scope])")) wrong.push("th without scope: " + named(head));
    if (!table.querySelector("tbody th[scope=row], tbody td[colspan], tbody:empty") && table.tBodies[0]?.rows.length)
      wrong.push("rows without a header: " + named(table));
  }
  for (const form of document.querySelectorAll("main form")) {
    for (const field of form.elements) {
      if (!seen(field) || field.matches("fieldset, output, [type=hidden], button")) continue;
      if (!field.labels?.length && !field.ariaLabel) wrong.push("no label: " + named(field));
    }
  }
  for (const part of document.querySelectorAll("main [lang]"))
    if (!part.lang) wrong.push("empty lang: " + named(part));
  for (const error of document.querySelectorAll(".field__error")) {
    const tied = document.querySelector(`[aria-describedby~="${error.id}"]`);
    if (!tied) wrong.push("error tied to nothing: " + named(error));
  }
  return wrong;
}"""
WIDE = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const out = [...document.body.querySelectorAll("*")].filter((element) =>
    element.getBoundingClientRect().right > root.clientWidth + 1 && !element.closest(".table-scroll, pre, svg"));
  const first = out.slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
  return [`${root.scrollWidth} px wide at ${root.clientWidth}: ${first}`];
}"""
AXE = """async (only) => {
  const options = { resultTypes: ["violations"], runOnly: only };
  const { violations } = await axe.run(document, options);
  return violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")} ${node.html.slice(0, 160)} ${node.failureSummary.split("\\n")[1] ?? ""}`));
}"""


@cache
def axe_script() -> str:
    """axe-core itself, as its package ships it."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def violations(page, *, rules: list[str] | None = None) -> list[str]:
    """What axe finds on the page as it is: every rule of WCAG 2.2 A and AA and good practice, or ``rules`` alone."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": STANDARD}
    return page.evaluate(AXE, only)


def inspect(page) -> list[str]:
    """Everything that is wrong with the page that is open: light and dark, on a desktop and on a phone."""
    wrong = []

    def note(where: str, found: list[str]) -> None:
        wrong.extend(f"{where}: {each}" for each in found)

    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    note("desktop, light", violations(page))
    note("page", page.evaluate(OWN))
    page.emulate_media(color_scheme="dark")
    note("desktop, dark", violations(page, rules=BY_COLOUR))
    page.set_viewport_size(PHONE)
    note("phone, dark", violations(page, rules=BY_WIDTH))
    page.emulate_media(color_scheme="light")
    note("phone, light", violations(page, rules=BY_COLOUR))
    for size in (ZOOMED, NARROW):
        page.set_viewport_size(size)
        note("narrow", page.evaluate(WIDE))
    return wrong
