"""A person at a keyboard: Tab, Shift-Tab, Enter, Space, arrows and typing, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

FOCUSED = """() => {
  const it = document.activeElement;
  const label = it.labels?.length ? [...it.labels].map((each) => each.textContent).join(" ") : "";
  const name = it.ariaLabel || label || it.textContent || "";
  return { tag: it.tagName.toLowerCase(), type: it.type ?? "", field: it.name ?? "", value: it.value ?? "",
           checked: Boolean(it.checked), name: name.replace(/\\s+/g, " ").trim(), end: it === document.body };
}"""
MOST = 200  # presses of Tab; a page that needs more keeps people out


class Keys:
    def __init__(self, page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> dict:
        return self.page.evaluate(FOCUSED)

    def to(self, name: str, *, key: str = "Tab") -> dict:
        """Tab until what is called ``name`` (a regular expression for the whole of it) has the focus."""
        met = []
        for _press in range(MOST):
            self.press(key)
            here = self.focused()
            if re.fullmatch(name, here["name"]) and not here["end"]:
                return here
            met.append(here["name"])
        raise AssertionError(f"{name!r} cannot be reached by {key} on {self.page.url}: {met}")

    def follow(self, name: str) -> None:
        """Go to a link or button and press Enter; wait for the page that it leads to."""
        self.to(name)
        with self.page.expect_navigation():
            self.press("Enter")

    def fill_in(self, answers: Mapping[str, str], button: str) -> None:
        """Answer the fields of a form by their names on the way to its button, and press it."""
        done = set()
        for _press in range(MOST):
            self.press("Tab")
            here = self.focused()
            if here["tag"] == "button" and re.fullmatch(button, here["name"]):
                with self.page.expect_navigation():
                    self.press("Enter")
                return
            if here["field"] in answers and here["field"] not in done:
                done.add(here["field"])
                self._answer(here, answers[here["field"]])
        raise AssertionError(f"{button!r} cannot be reached on {self.page.url}")

    def _answer(self, here: dict, answer: str) -> None:
        if here["type"] == "date":
            self._date(answer)
        elif here["type"] == "radio":
            # Arrows choose among the answers of one question, round and round.
            for _each in range(20):
                if self.focused()["value"] == answer:
                    break
                self.press("ArrowDown")
            self.press("Space")
        elif here["type"] == "checkbox":
            self.press("Space")
        elif here["tag"] == "select":
            self.page.keyboard.type(answer)
        else:
            self.press("Control+a")
            self.page.keyboard.type(answer)

    def _date(self, answer: str) -> None:
        """A browser asks for a date's parts in the order of its own language."""
        year, month, day = answer.split("-")
        for order in (day + month + year, month + day + year):
            self.press("Control+a", "Delete")
            self.page.keyboard.type(order)
            if self.focused()["value"] == answer:
                return
            self.press("ArrowLeft", "ArrowLeft")
        raise AssertionError(f"the date {answer} cannot be typed: {self.focused()}")
