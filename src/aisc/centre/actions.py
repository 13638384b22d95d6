"""Writes about equipment: the catalogue, clusters, and nodes as their engines report them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from aisc.centre import catalogue, discovery
from aisc.centre.models import AcceleratorType, CapacityPhase, Cluster, Node, NodeAccelerator
from aisc.core import access, clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict
from aisc.core.search import index as search_index
from aisc.people.text import clean_line

# A thousand times today's largest; beyond is a slip of the keyboard.
MOST = {"fp16_gflops": 2_000_000_000, "memory_mb": 300_000_000, "power_w": 1_000_000}


@dataclass(frozen=True)
class NodeReport:
    """One machine as an engine sees it (memory in MiB). Anything with these attributes will do."""

    name: str
    up: bool
    cpus: int
    cpus_used: int
    memory_mb: int
    memory_used_mb: int
    accelerators: Mapping[str, int] = field(default_factory=dict)  # code -> count; "cpu" is left to ``cpus``
    accelerators_used: Mapping[str, int] = field(default_factory=dict)
    detail: str = ""


@action("centre.set_up_catalogue")
def set_up_catalogue(actor: Actor) -> int:
    """Add the accelerator types and capacity phases that are missing; answers how many rows were added.

    A CPU core's figure is derived from this machine. What is there already is left as it is.
    """
    found = discovery.cpu()
    core = catalogue.CPU_CORE
    rows = [
        AcceleratorType(
            code=core.code,
            name=core.name,
            vendor=found.model[:100],
            fp16_gflops=found.gflops,
            memory_mb=core.memory_mb,
            power_w=core.power_w,
            sources=core.sources | {"fp16_gflops": found.derivation},
        )
    ]
    rows += [_type(entry, entry.code) for entry in catalogue.ACCELERATORS]
    there = set(AcceleratorType.objects.values_list("code", flat=True))
    types = AcceleratorType.objects.bulk_create([row for row in rows if row.code not in there])
    search_index.put("accelerator", [each.pk for each in types], new=True)
    there = set(CapacityPhase.objects.values_list("code", flat=True))
    phases = CapacityPhase.objects.bulk_create(
        [CapacityPhase(**vars(phase)) for phase in catalogue.PHASES if phase.code not in there]
    )
    note(added=[row.code for row in (*types, *phases)])
    return len(types) + len(phases)


@action("centre.register_cluster")
def register_cluster(actor: Actor, *, code: str, engine: str, name_en: str = "", name_zh: str = "") -> Cluster:
    """The cluster called ``code``, made if it is missing. Raises Conflict when it runs under another engine."""
    cluster, _made = Cluster.objects.get_or_create(
        code=code, defaults={"engine": engine, "name_en": name_en or code, "name_zh": name_zh}
    )
    if cluster.engine != engine:
        raise Conflict(
            _("Cluster %(code)s runs under the engine “%(engine)s”.") % {"code": code, "engine": cluster.engine}
        )
    return cluster


@action("centre.set_figures", on="accelerator")
def set_figures(
    actor: Actor, *, accelerator: AcceleratorType, fp16_gflops: int, memory_mb: int, power_w: int, source: str
) -> AcceleratorType:
    """Enter the figures of one accelerator: dense FP16 peak in GFLOPS, memory in MiB, power in watts.

    ``source`` says where they are published, and is shown to everybody. Raises BadInput.
    """
    figures = {"fp16_gflops": fp16_gflops, "memory_mb": memory_mb, "power_w": power_w}
    for name, value in figures.items():
        if not 0 <= value <= MOST[name]:
            raise BadInput(_("This goes from 0 to %(most)s.") % {"most": f"{MOST[name]:,}"}, field=name)
    source = clean_line(source, field="source", limit=300)
    accelerator = AcceleratorType.objects.select_for_update(no_key=True).get(pk=accelerator.pk)
    note(before={name: getattr(accelerator, name) for name in figures}, after=figures, reason=source)
    for name, value in figures.items():
        if value != getattr(accelerator, name):
            setattr(accelerator, name, value)
            accelerator.sources[name] = source
    accelerator.save()
    return accelerator


def sync_nodes(actor: Actor, *, cluster: Cluster, nodes: Sequence[NodeReport]) -> None:
    """Make the cluster's nodes what its engine reports; a node that is not reported any more is down.

    Machines that come, go or change are an action with its audit row. Their load is not: it changes every
    few seconds, and nobody decides it. A constant number of queries, whatever the number of nodes.
    """
    access.require(actor, "centre.change_nodes", cluster)
    codes = {code for report in nodes for code in report.accelerators} - {catalogue.CPU}
    missing = codes - set(AcceleratorType.objects.filter(code__in=codes).values_list("code", flat=True))
    if missing:
        # Asked outside any transaction: a driver may take seconds to answer.
        found = {gpu.code: gpu for gpu in discovery.gpus()}
        add_types(actor, types=[_new_type(code, found.get(code)) for code in sorted(missing)])
    if _differences(cluster, nodes):
        change_nodes(actor, cluster=cluster, nodes=nodes)
    _write_load(cluster, nodes)


@action("centre.add_types")
def add_types(actor: Actor, *, types: Sequence[AcceleratorType]) -> None:
    """Add accelerator types that an engine reported and the catalogue lacked."""
    AcceleratorType.objects.bulk_create(types, ignore_conflicts=True)
    made = AcceleratorType.objects.filter(code__in=[each.code for each in types])
    search_index.put("accelerator", made.values_list("pk", flat=True))
    note(added=[each.code for each in types])


@action("centre.change_nodes", on="cluster")
def change_nodes(actor: Actor, *, cluster: Cluster, nodes: Sequence[NodeReport]) -> None:
    """Add, change and take down nodes. The types of their accelerators are there already."""
    cluster = Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)
    differences = _differences(cluster, nodes)
    changed = [report for report in nodes if report.name in differences]
    now = clock.now()
    Node.objects.bulk_create(
        [
            Node(
                cluster=cluster,
                name=report.name,
                up=report.up,
                cpus=report.cpus,
                memory_mb=report.memory_mb,
                seen_at=now,
            )
            for report in changed
        ],
        update_conflicts=True,
        unique_fields=["cluster", "name"],
        update_fields=["up", "cpus", "memory_mb", "seen_at"],
    )
    rows = Node.objects.filter(cluster=cluster, name__in=differences)
    rows.exclude(name__in=[report.name for report in changed]).update(
        up=False, cpus_used=0, memory_used_mb=0, detail="The engine does not report this machine any more."
    )
    NodeAccelerator.objects.filter(node__in=rows).delete()
    node_ids = dict(rows.values_list("name", "pk"))
    search_index.put("node", node_ids.values())
    type_ids = dict(AcceleratorType.objects.values_list("code", "pk"))
    NodeAccelerator.objects.bulk_create(
        NodeAccelerator(node_id=node_ids[report.name], type_id=type_ids[code], count=count)
        for report in changed
        for code, count in _accelerators(report)
    )
    note(
        before={name: _words(before) for name, (before, _after) in differences.items()},
        after={name: _words(after) for name, (_before, after) in differences.items()},
    )


# What a node is, apart from its load: up, CPUs, memory in MiB, accelerators by code.
_Shape = tuple[bool, int, int, tuple[tuple[str, int], ...]]


def _accelerators(report: NodeReport) -> tuple[tuple[str, int], ...]:
    return tuple(
        sorted((code, count) for code, count in report.accelerators.items() if code != catalogue.CPU and count)
    )


def _differences(cluster: Cluster, nodes: Sequence[NodeReport]) -> dict[str, tuple[_Shape | None, _Shape | None]]:
    """Nodes that are not as reported, by name: as stored, and as reported (None: not there)."""
    stored: dict[str, _Shape] = {
        node.name: (
            node.up,
            node.cpus,
            node.memory_mb,
            tuple(sorted((each.type.code, each.count) for each in node.accelerators.all())),
        )
        for node in cluster.nodes.prefetch_related("accelerators__type")
    }
    reported: dict[str, _Shape] = {
        report.name: (report.up, report.cpus, report.memory_mb, _accelerators(report)) for report in nodes
    }
    found: dict[str, tuple[_Shape | None, _Shape | None]] = {
        name: (stored.get(name), shape) for name, shape in reported.items() if stored.get(name) != shape
    }
    # One that is known to be down, and still is not reported, is no news.
    found |= {name: (shape, None) for name, shape in stored.items() if name not in reported and shape[0]}
    return found


def _words(shape: _Shape | None) -> str:
    if shape is None:
        return ""
    up, cpus, memory_mb, accelerators = shape
    parts = [f"{cpus} CPUs", f"{memory_mb} MiB", *(f"{count} × {code}" for code, count in accelerators)]
    return ", ".join([*parts, "up" if up else "down"])


def _write_load(cluster: Cluster, nodes: Sequence[NodeReport]) -> None:
    reports = {report.name: report for report in nodes}
    with transaction.atomic():
        busy, accelerators = [], []
        rows = cluster.nodes.filter(name__in=reports).order_by("pk").select_for_update(no_key=True)
        for node in rows.prefetch_related("accelerators__type"):
            report = reports[node.name]
            load = (report.cpus_used, report.memory_used_mb, report.detail[:300])
            if load != (node.cpus_used, node.memory_used_mb, node.detail):
                node.cpus_used, node.memory_used_mb, node.detail = load
                busy.append(node)
            for each in node.accelerators.all():
                used = report.accelerators_used.get(each.type.code, 0)
                if used != each.used:
                    each.used = used
                    accelerators.append(each)
        Node.objects.bulk_update(busy, ["cpus_used", "memory_used_mb", "detail"])
        NodeAccelerator.objects.bulk_update(accelerators, ["used"])
        rows.update(seen_at=clock.now())


def _type(entry: catalogue.Entry, code: str) -> AcceleratorType:
    return AcceleratorType(
        code=code,
        name=entry.name if code == entry.code else f"{entry.name} ({code})",
        vendor=entry.vendor,
        fp16_gflops=entry.fp16_gflops,
        memory_mb=entry.memory_mb,
        power_w=entry.power_w,
        sources=dict(entry.sources),
    )


def _new_type(code: str, gpu: discovery.Gpu | None) -> AcceleratorType:
    """A type that an engine reported: by the catalogue, else by what the driver tells, without a peak."""
    entry = catalogue.known(code)
    row = _type(entry, code) if entry else AcceleratorType(code=code, name=code, vendor="", fp16_gflops=0)
    unknown = "not in the catalogue; counted as 0 until an operator enters a published figure"
    if gpu is not None:
        row.name, row.memory_mb = gpu.model[:100], gpu.memory_mb
        row.power_w = gpu.power_w or row.power_w or 0
        row.sources |= {"memory_mb": "told by the driver"}
        if gpu.power_w:
            row.sources |= {"power_w": "power limit told by the driver"}
    elif entry is None:
        row.memory_mb = row.power_w = 0
    row.sources = {"fp16_gflops": unknown, "memory_mb": unknown, "power_w": unknown} | row.sources
    return row
