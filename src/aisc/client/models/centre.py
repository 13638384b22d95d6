"""What the centre has, and how busy it is."""

from __future__ import annotations

from datetime import date, datetime

from aisc.client.models.base import Model


class TypeLoad(Model):
    """Accelerators of one type on machines that are up."""

    code: str
    name: str
    count: int
    used: int


class Phase(Model):
    """A phase of capacity as it was announced; ``stated_en`` are the announcement's words for its day."""

    code: str
    name_en: str
    name_zh: str
    starts_on: date
    stated_en: str = ""
    stated_zh: str = ""
    pflops: int
    source: str


class Centre(Model):
    """GFLOPS are dense FP16 peak; a million of them are one PFLOPS. Memory in MiB."""

    name_en: str
    name_zh: str
    gflops_total: int
    gflops_used: int
    nodes_up: int
    nodes_down: int
    cpus: int
    cpus_used: int
    memory_mb: int
    memory_used_mb: int
    accelerators: list[TypeLoad]
    phases: list[Phase] = []


class Accelerator(Model):
    """One accelerator of a type. ``fp16_gflops`` is the dense peak; ``memory_mb`` in MiB."""

    code: str
    name: str
    vendor: str
    fp16_gflops: int
    memory_mb: int
    power_w: int
    sources: dict[str, str] = {}


class NodeAccelerator(Model):
    code: str
    count: int
    used: int


class Node(Model):
    """One machine as its engine last reported it."""

    cluster: str
    name: str
    up: bool
    cpus: int
    cpus_used: int
    memory_mb: int
    memory_used_mb: int
    accelerators: list[NodeAccelerator]
    detail: str = ""
    seen_at: datetime
