"""Every page and every operation has one row in the tables of routes, and every row is of one of them."""

from __future__ import annotations

import pytest
from routes_table import operations, pages

from aisc.core.access import DEMONSTRATION, PUBLIC, SIGNED_IN, guard, register_routes, routes, table
from aisc.core.routes import NOBODY


def test_every_route_has_a_row_and_every_row_a_route():
    answered = {page.route for page in pages()} | {f"{method} {path}" for method, path, _description in operations()}
    # Static files are answered before the addresses are looked at.
    answered.add("/static/")
    assert sorted(routes()) == sorted(answered)


def test_every_row_names_rules_that_there_are():
    named = {step.rule for row in routes().values() for step in row.steps}
    assert named <= set(table())


def test_a_row_has_steps_or_says_for_whom_it_is():
    for route, row in routes().items():
        assert bool(row.steps) == (row.who == "steps"), route
        assert row.who in {"steps", PUBLIC.who, SIGNED_IN.who, DEMONSTRATION.who, NOBODY.who}, route


def test_a_second_row_for_a_route_is_refused():
    with pytest.raises(ValueError, match="portal:home"):
        register_routes({"portal:home": guard("portal.home")})
