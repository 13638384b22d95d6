"""Who may do what with the centre's own equipment. What it has and how busy it is, is public."""

from __future__ import annotations

from aisc.centre import routes  # noqa: F401 - registers which rule guards which page
from aisc.core.access import register
from aisc.people.access import Centre, anyone, centre_role, nobody_but_the_system, signed_in

register(
    {
        "centre.view": anyone(),
        "centre.view_nodes": signed_in(),
        "centre.set_up_catalogue": nobody_but_the_system(),
        "centre.register_cluster": nobody_but_the_system(),
        "centre.change_nodes": nobody_but_the_system(),
        "centre.set_figures": centre_role(Centre.OPERATOR, scope="centre"),
        "centre.add_types": nobody_but_the_system(),
    }
)
