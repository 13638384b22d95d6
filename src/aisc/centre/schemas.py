"""What the API of this room takes and gives."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Field, Schema

from aisc.centre.models import AcceleratorType, CapacityPhase, Node


class PhaseOut(Schema):
    """A phase of capacity as it was announced."""

    code: str = Field(examples=["phase-2"])
    name_en: str = Field(examples=["Second phase"])
    name_zh: str = Field(examples=["第二階段"])
    starts_on: date = Field(description="a day that fits the words of the announcement")
    stated_en: str = Field(description="those words; empty where the day was announced", examples=["early 2025"])
    stated_zh: str = Field(examples=["2025年初"])
    pflops: int = Field(examples=[1300])
    source: str

    @classmethod
    def of(cls, phase: CapacityPhase) -> PhaseOut:
        return cls(**{name: getattr(phase, name) for name in cls.model_fields})


class TypeLoadOut(Schema):
    """Accelerators of one type on machines that are up."""

    code: str = Field(examples=["h800"])
    name: str = Field(examples=["NVIDIA H800"])
    count: int = Field(examples=[304])
    used: int = Field(examples=[280])


class CentreOut(Schema):
    name_en: str
    name_zh: str
    gflops_total: int = Field(description="dense FP16 peak of what is up", examples=[300_808_000])
    gflops_used: int = Field(examples=[277_060_000])
    nodes_up: int
    nodes_down: int
    cpus: int
    cpus_used: int
    memory_mb: int = Field(description="MiB")
    memory_used_mb: int = Field(description="MiB")
    accelerators: list[TypeLoadOut]
    phases: list[PhaseOut]


class AcceleratorOut(Schema):
    """One accelerator of a type, with the source of each figure."""

    code: str = Field(examples=["h800"])
    name: str = Field(examples=["NVIDIA H800"])
    vendor: str = Field(examples=["NVIDIA"])
    fp16_gflops: int = Field(description="dense FP16 peak", examples=[989_500])
    memory_mb: int = Field(description="MiB", examples=[81_920])
    power_w: int = Field(examples=[700])
    sources: dict[str, str]

    @classmethod
    def of(cls, accelerator: AcceleratorType) -> AcceleratorOut:
        return cls(**{name: getattr(accelerator, name) for name in cls.model_fields})


class FiguresIn(Schema):
    fp16_gflops: int = Field(description="dense FP16 peak of one accelerator", examples=[989_500])
    memory_mb: int = Field(description="MiB", examples=[81_920])
    power_w: int = Field(examples=[700])
    source: str = Field(description="where they are published; shown to everybody", examples=["the vendor's datasheet"])


class NodeAcceleratorOut(Schema):
    code: str
    count: int
    used: int


class NodeOut(Schema):
    """One machine as its engine last reported it."""

    cluster: str = Field(examples=["local"])
    name: str = Field(examples=["gpu-017"])
    up: bool
    cpus: int
    cpus_used: int
    memory_mb: int = Field(description="MiB")
    memory_used_mb: int = Field(description="MiB")
    accelerators: list[NodeAcceleratorOut]
    detail: str
    seen_at: datetime

    @classmethod
    def of(cls, node: Node) -> NodeOut:
        values = {name: getattr(node, name) for name in cls.model_fields if name not in {"cluster", "accelerators"}}
        accelerators = [
            NodeAcceleratorOut(code=each.type.code, count=each.count, used=each.used)
            for each in node.accelerators.all()
        ]
        return cls(cluster=node.cluster.code, accelerators=accelerators, **values)
