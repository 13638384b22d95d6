"""What of the centre's equipment can be found."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aisc.centre.models import AcceleratorType, Node
from aisc.core import access
from aisc.core.actions import Actor
from aisc.core.search.kinds import PUBLIC, Document, Kind, Shown, register


def _nodes(actor: Actor):
    return Node.objects.all() if access.may(actor, "centre.view_nodes") else Node.objects.none()


register(
    Kind(
        "node",
        Node,
        _("Machines"),
        describe=lambda row: Document(title=[row.name], body=[row.cluster.name_en, row.cluster.name_zh], marks=["in"]),
        visible=_nodes,
        show=lambda row: Shown(row.name, row.detail, reverse("centre:overview"), str(row.cluster)),
        watched=("name",),
        moment="seen_at",
        related=("cluster",),
    ),
    Kind(
        "accelerator",
        AcceleratorType,
        _("Accelerators"),
        describe=lambda row: Document(title=[row.name, row.code], body=[row.vendor], marks=[PUBLIC]),
        visible=lambda _actor: AcceleratorType.objects.all(),
        show=lambda row: Shown(row.title, row.vendor, reverse("centre:accelerator", args=[row.code])),
        watched=("name", "code", "vendor"),
        moment="pk",
    ),
)
