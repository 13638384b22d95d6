"""Which rule guards which page and operation of this room; ``core.routes`` says how to add a row."""

from __future__ import annotations

from aisc.centre.models import AcceleratorType
from aisc.core.access import PUBLIC, by, guard, register_routes

_TYPE = by(AcceleratorType, "code")

register_routes(
    {
        "centre:overview": PUBLIC,
        "centre:accelerator": guard("centre.set_figures") + guard("centre.set_figures", on=_TYPE),
        "GET /centre": PUBLIC,
        "GET /accelerators": PUBLIC,
        "PUT /accelerators/{code}": guard("centre.set_figures", on=_TYPE),
        "GET /nodes": guard("centre.view_nodes"),
    }
)
