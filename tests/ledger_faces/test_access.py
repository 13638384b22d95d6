"""Who sees which page. A stranger of another organisation meets absence; nobody signed in meets the sign-in page."""

from __future__ import annotations

import pytest

HERE = ("owner", "finance", "member", "reader")
STAFF = ("officer", "secretary", "auditor", "operator")
EVERYBODY = (*HERE, *STAFF, "stranger")

# path (of the budget unless it begins with a slash): who sees it; who is refused (403); all others find nothing (404)
PAGES = {
    "/prices/": (EVERYBODY, ()),
    "/prices/new/list": (("officer",), (*HERE, "secretary", "auditor", "operator", "stranger")),
    "/budgets/": (EVERYBODY, ()),
    "/budgets/new/project": (("owner", "finance", "stranger"), ("member", "reader", *STAFF)),
    "": ((*HERE, *STAFF), ()),
    "journal/": ((*HERE, *STAFF), ()),
    "releases/": ((*HERE, *STAFF), ()),
    "statements/": ((*HERE, *STAFF), ()),
    "interim": ((*HERE, *STAFF), ()),
    "interim.csv": ((*HERE, *STAFF), ()),
    "interim.pdf": ((*HERE, *STAFF), ()),
    "release": (("officer", "secretary"), (*HERE, "auditor", "operator")),
    "suspend": (("officer", "secretary"), (*HERE, "auditor", "operator")),
    "close": (("officer", "secretary"), (*HERE, "auditor", "operator")),
    "issue": (("officer",), (*HERE, "secretary", "auditor", "operator")),
    "entries/2/reverse": (("officer",), (*HERE, "secretary", "auditor", "operator")),
    "/usage/unattributed/": (STAFF, (*HERE, "stranger")),
    "/ledger/seals/": (STAFF, (*HERE, "stranger")),
    "/ledger/proof/": (STAFF, (*HERE, "stranger")),
}


def address(budget, path: str) -> str:
    return path if path.startswith("/") else f"/budgets/{budget.uid}/{path}"


@pytest.mark.parametrize("path", PAGES)
def test_who_sees_what(place, budget, use, browser, path):
    use(budget, "a")
    seen, refused = PAGES[path]
    expected = {who: 200 if who in seen else 403 if who in refused else 404 for who in EVERYBODY}
    found = {who: browser(getattr(place, who)).get(address(budget, path)).status_code for who in EVERYBODY}
    assert found == expected


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/prices/"])
def test_nobody_signed_in_is_asked_to_sign_in(budget, browser, path):
    answer = browser().get(address(budget, path))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_prices_are_for_everybody(prices, browser):
    assert browser().get("/prices/").status_code == 200


@pytest.mark.parametrize("path", ["/budgets/bud-000000000000/", "/usage/999999999999999999999/", "/usage/1/"])
def test_what_is_not_there_looks_like_what_one_may_not_see(place, browser, path):
    assert browser(place.officer).get(path).status_code == 404
    assert browser(place.stranger).get(path).status_code == 404
    assert browser().get(path).status_code == 302
