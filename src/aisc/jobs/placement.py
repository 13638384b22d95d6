"""Which cluster a job goes to, and how much of a machine comes with the accelerators it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from aisc.centre.models import AcceleratorType, Cluster, Node, NodeAccelerator
from aisc.core.errors import BadInput, Unavailable

CPU = "cpu"
DEFAULT_MEMORY_MB = 2048  # for each accelerator, while no machine has reported yet


@dataclass(frozen=True)
class Place:
    """Where a job goes, with its CPUs and memory (MiB) decided."""

    cluster: Cluster
    accelerator: AcceleratorType
    cpus: int
    memory_mb: int


@dataclass(frozen=True)
class _Machine:
    cluster: Cluster
    cpus: int
    memory_mb: int
    count: int  # of the accelerator asked for
    up: bool


def find(*, accelerator: str, count: int, cpus: int | None, memory_mb: int | None) -> Place:
    """A cluster with a machine that is large enough; unless they are given, CPUs and memory are the same part of
    that machine as the accelerators are. A machine that is down counts: the job waits for it.

    Raises BadInput where no machine of the centre will ever do, Unavailable where the centre has no cluster.
    """
    kind = AcceleratorType.objects.filter(code=accelerator).first()
    if kind is None:
        known = ", ".join(AcceleratorType.objects.values_list("code", flat=True))
        raise BadInput(
            _("The centre has no accelerator type “%(code).40s”. It has: %(known)s.")
            % {"code": accelerator, "known": known},
            field="accelerator",
        )
    machines = _machines(accelerator)
    if not machines:
        if Node.objects.exists():
            raise BadInput(
                _("No machine of the centre has %(name)s at the moment. Choose another accelerator type.")
                % {"name": kind.name},
                field="accelerator",
            )
        return _before_any_report(kind, count, cpus, memory_mb)
    _check_largest(machines, kind, count, cpus, memory_mb)
    for machine in machines:
        place = Place(
            cluster=machine.cluster,
            accelerator=kind,
            cpus=cpus or max(1, machine.cpus * count // machine.count),
            memory_mb=memory_mb or max(1, machine.memory_mb * count // machine.count),
        )
        if count <= machine.count and place.cpus <= machine.cpus and place.memory_mb <= machine.memory_mb:
            return place
    raise BadInput(
        _("No one machine has that many accelerators, CPUs and that much memory. Ask for less of one of them."),
        field="accelerator_count",
    )


def _machines(accelerator: str) -> list[_Machine]:
    """Machines with the accelerator: those that are up, then those with fewest, which leaves the large ones free."""
    if accelerator == CPU:
        counted = [(node, node.cpus) for node in Node.objects.select_related("cluster")]
    else:
        rows = NodeAccelerator.objects.filter(type__code=accelerator).select_related("node__cluster")
        counted = [(row.node, row.count) for row in rows.order_by("pk")]
    found = [_Machine(node.cluster, node.cpus, node.memory_mb, count, node.up) for node, count in counted if count]
    return sorted(found, key=lambda each: (not each.up, each.count, each.memory_mb, each.cluster.code))


def _check_largest(
    machines: list[_Machine], kind: AcceleratorType, count: int, cpus: int | None, memory_mb: int | None
) -> None:
    limits = [
        ("accelerator_count", count, max(each.count for each in machines), kind.title),
        ("cpus", cpus or 0, max(each.cpus for each in machines), _("CPU cores")),
        ("memory", memory_mb or 0, max(each.memory_mb for each in machines), _("MB of memory")),
    ]
    for field, asked, most, what in limits:
        if asked > most:
            raise BadInput(
                _("The largest machine has %(most)s × %(what)s; %(asked)s were asked for.")
                % {"most": f"{most:,}", "what": what, "asked": f"{asked:,}"},
                field=field,
            )


def _before_any_report(kind: AcceleratorType, count: int, cpus: int | None, memory_mb: int | None) -> Place:
    """In the first moments no machine has reported: the engine itself then refuses what is too large."""
    cluster = Cluster.objects.order_by("pk").first()
    if cluster is None:
        raise Unavailable(_("The centre has no cluster yet. The operator sets one up with “aisc init”."))
    return Place(cluster, kind, cpus or count, memory_mb or DEFAULT_MEMORY_MB * count)
