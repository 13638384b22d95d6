"""What of the centre's equipment has a history, and how its actions are called there."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.centre.models import AcceleratorType, Cluster, Node
from aisc.core.access import register as register_rules
from aisc.core.audit.kinds import Kind, register, say
from aisc.people.access import STAFF, centre_role

register_rules({"centre.equipment_history": centre_role(*STAFF)})
register(
    Kind("cluster", Cluster, "centre.equipment_history", "code", _("Cluster")),
    Kind("node", Node, "centre.equipment_history", "pk", _("Machine")),
    Kind("accelerator", AcceleratorType, "centre.equipment_history", "code", _("Accelerator type")),
)
say(
    {
        "centre.set_up_catalogue": _("Set up the catalogue of accelerators"),
        "centre.register_cluster": _("Registered the cluster"),
        "centre.change_nodes": _("Machines came, went or changed"),
        "centre.set_figures": _("Set the accelerator’s figures"),
        "centre.add_types": _("Added accelerator types"),
    }
)
