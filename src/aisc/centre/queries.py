"""Readings about the equipment: what is usable now and how much of it is in use. Integer GFLOPS throughout."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import formats

from aisc.centre.catalogue import CPU
from aisc.centre.models import AcceleratorType, CapacityPhase, Cluster, Node, NodeAccelerator

GFLOPS_PER_PFLOPS = 1_000_000


@dataclass(frozen=True)
class TypeLoad:
    """Accelerators of one type on nodes that are up."""

    type: AcceleratorType
    count: int
    used: int

    @property
    def free(self) -> int:
        return self.count - self.used

    @property
    def gflops_total(self) -> int:
        return self.count * self.type.fp16_gflops

    @property
    def gflops_used(self) -> int:
        return self.used * self.type.fp16_gflops


@dataclass(frozen=True)
class Load:
    """What the centre can use now. ``types`` leaves out types of which nothing is up."""

    types: tuple[TypeLoad, ...]
    nodes_up: int
    nodes_down: int
    cpus: int
    cpus_used: int
    memory_mb: int
    memory_used_mb: int

    @property
    def gflops_total(self) -> int:
        return sum(each.gflops_total for each in self.types)

    @property
    def gflops_used(self) -> int:
        return sum(each.gflops_used for each in self.types)

    @property
    def used_bps(self) -> int:
        """The part of the GFLOPS in use, in basis points, rounded down."""
        return self.gflops_used * 10_000 // self.gflops_total if self.gflops_total else 0


def load() -> Load:
    """What is up now and how busy it is, in three queries.

    CPU cores are counted as accelerators only on machines that have no others: elsewhere they serve the
    accelerators, and counting them would count the same job twice.
    """
    types = {each.pk: each for each in AcceleratorType.objects.all()}
    other = NodeAccelerator.objects.filter(node=OuterRef("pk"))
    up = Q(up=True)
    plain = up & Q(accelerated=False)
    sums = Node.objects.annotate(accelerated=Exists(other)).aggregate(
        nodes_up=Count("pk", filter=up),
        nodes_down=Count("pk", filter=~up),
        all_cpus=Sum("cpus", filter=up, default=0),
        all_cpus_used=Sum("cpus_used", filter=up, default=0),
        all_memory_mb=Sum("memory_mb", filter=up, default=0),
        all_memory_used_mb=Sum("memory_used_mb", filter=up, default=0),
        plain_cpus=Sum("cpus", filter=plain, default=0),
        plain_cpus_used=Sum("cpus_used", filter=plain, default=0),
    )
    rows = (
        NodeAccelerator.objects.filter(node__up=True)
        .values("type_id")
        .annotate(total=Sum("count"), busy=Sum("used"))
        .order_by("type_id")
    )
    loads = [TypeLoad(types[row["type_id"]], row["total"], row["busy"]) for row in rows]
    core = next((each for each in types.values() if each.code == CPU), None)
    if core and sums["plain_cpus"]:
        loads.append(TypeLoad(core, sums["plain_cpus"], sums["plain_cpus_used"]))
    loads.sort(key=lambda each: (-each.gflops_total, each.type.code))
    return Load(
        types=tuple(loads),
        nodes_up=sums["nodes_up"],
        nodes_down=sums["nodes_down"],
        cpus=sums["all_cpus"],
        cpus_used=sums["all_cpus_used"],
        memory_mb=sums["all_memory_mb"],
        memory_used_mb=sums["all_memory_used_mb"],
    )


def load_figures() -> dict[str, str]:
    """PFLOPS usable and in use as text, for pages that show two figures: ``pflops_total``, ``pflops_used``."""
    now = load()
    return {"pflops_total": pflops(now.gflops_total), "pflops_used": pflops(now.gflops_used)}


def pflops(gflops: int) -> str:
    """GFLOPS as PFLOPS in the reader's notation, exact and with at least two decimals: 1,300.00; 0.000064."""
    whole, rest = divmod(gflops, GFLOPS_PER_PFLOPS)
    decimals = f"{rest:06d}".rstrip("0")
    if whole:
        # Two decimals are enough beside whole PFLOPS; halves up.
        whole, rest = divmod((gflops + 5_000) // 10_000, 100)
        decimals = f"{rest:02d}"
    text = formats.number_format(whole, use_l10n=True, force_grouping=True)
    return f"{text}{formats.get_format('DECIMAL_SEPARATOR')}{decimals.ljust(2, '0')}"


def tflops(gflops: int) -> str:
    """GFLOPS as TFLOPS in the reader's notation, without needless zeros: 989.5; 0.032; 1,307.4."""
    whole, rest = divmod(gflops, 1_000)
    text = formats.number_format(whole, use_l10n=True, force_grouping=True)
    decimals = f"{rest:03d}".rstrip("0")
    return f"{text}{formats.get_format('DECIMAL_SEPARATOR')}{decimals}" if decimals else text


def phases() -> QuerySet[CapacityPhase]:
    return CapacityPhase.objects.all()


def accelerators() -> QuerySet[AcceleratorType]:
    """The catalogue, fastest first."""
    return AcceleratorType.objects.order_by("-fp16_gflops", "code")


def accelerators_usable() -> QuerySet[AcceleratorType]:
    """Types of which some machine that is up has at least one: what a form offers to choose from."""
    there = NodeAccelerator.objects.filter(type=OuterRef("pk"), node__up=True)
    cpus = Q(code=CPU) if Node.objects.filter(up=True).exists() else Q(pk=None)
    return AcceleratorType.objects.filter(Exists(there) | cpus).order_by("-fp16_gflops", "code")


def nodes() -> QuerySet[Node]:
    """Every machine with its cluster and accelerators."""
    return (
        Node.objects.select_related("cluster").prefetch_related("accelerators__type").order_by("cluster__code", "name")
    )


def clusters() -> QuerySet[Cluster]:
    return Cluster.objects.all()
