"""Accelerator types with published figures, and the phases of capacity that were announced.

Every figure says where it comes from. ``fp16_gflops`` is always *dense* FP16 (vendors like to print the
rate with structured sparsity, which is twice that), so that PFLOPS of different types can be added up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext

CPU = "cpu"


@dataclass(frozen=True)
class Entry:
    """One accelerator type: peak in GFLOPS, memory in GiB as marketed, power in watts, one source per figure."""

    code: str
    name: str
    vendor: str
    fp16_gflops: int
    memory_gb: int
    power_w: int
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def memory_mb(self) -> int:
        return self.memory_gb * 1024


def _from(sheet: str, fp16: str, *, rest: str = "") -> dict[str, str]:
    """The peak as ``sheet`` prints it; memory and power from the same, or from what ``rest`` says."""
    return {"fp16_gflops": f"{sheet}: {fp16}", "memory_mb": rest or sheet, "power_w": rest or sheet}


_H100 = "NVIDIA H100 Tensor Core GPU datasheet"
_H200 = "NVIDIA H200 Tensor Core GPU datasheet"
_A100 = "NVIDIA A100 Tensor Core GPU datasheet"
_L40S = "NVIDIA L40S datasheet"
_T4 = "NVIDIA T4 datasheet"
_V100 = "NVIDIA V100 Tensor Core GPU datasheet"
_ADA = "NVIDIA Ada GPU Architecture whitepaper"
_MI300X = "AMD Instinct MI300X accelerator data sheet"
_910B = "reported by resellers and the press; Huawei publishes no datasheet"
_MLU370 = "Cambricon MLU370-X8 product page"
_SPARSE_1979 = "1,979 TFLOPS FP16 Tensor Core with sparsity, hence 989.5 dense"
# Made for export; no datasheet of theirs is public.
_AS_H100 = "as the H100 SXM, which it is reported to equal but for its interconnect"
_AS_A100 = "as the A100 80GB SXM, which it is reported to equal but for its interconnect"

ACCELERATORS = (
    Entry(
        "h800", "NVIDIA H800", "NVIDIA", 989_500, 80, 700, _from(f"{_AS_H100}; {_H100}", _SPARSE_1979, rest=_AS_H100)
    ),
    Entry("h100", "NVIDIA H100 SXM", "NVIDIA", 989_500, 80, 700, _from(_H100, _SPARSE_1979)),
    Entry("h200", "NVIDIA H200 SXM", "NVIDIA", 989_500, 141, 700, _from(_H200, _SPARSE_1979)),
    Entry("a100", "NVIDIA A100 80GB SXM", "NVIDIA", 312_000, 80, 400, _from(_A100, "312 TFLOPS FP16 Tensor Core")),
    Entry(
        "a800",
        "NVIDIA A800 80GB SXM",
        "NVIDIA",
        312_000,
        80,
        400,
        _from(f"{_AS_A100}; {_A100}", "312 TFLOPS FP16 Tensor Core", rest=_AS_A100),
    ),
    Entry("l40s", "NVIDIA L40S", "NVIDIA", 362_050, 48, 350, _from(_L40S, "362.05 TFLOPS FP16 Tensor Core")),
    Entry("v100", "NVIDIA V100 SXM2 32GB", "NVIDIA", 125_000, 32, 300, _from(_V100, "125 TFLOPS Tensor performance")),
    Entry("t4", "NVIDIA T4", "NVIDIA", 65_000, 16, 70, _from(_T4, "65 TFLOPS mixed precision")),
    Entry(
        "geforce-rtx-4090",
        "NVIDIA GeForce RTX 4090",
        "NVIDIA",
        165_200,
        24,
        450,
        _from(_ADA, "165.2 TFLOPS FP16 Tensor with FP32 accumulate"),
    ),
    Entry("mi300x", "AMD Instinct MI300X", "AMD", 1_307_400, 192, 750, _from(_MI300X, "1,307.4 TFLOPS peak FP16")),
    Entry(
        "ascend-910b",
        "Huawei Ascend 910B",
        "Huawei",
        280_000,
        64,
        400,
        _from(_910B, "280 to 376 TFLOPS FP16 depending on the variant; the lowest is used"),
    ),
    Entry("mlu370-x8", "Cambricon MLU370-X8", "Cambricon", 96_000, 48, 250, _from(_MLU370, "96 TFLOPS FP16")),
)

# Where this machine does not tell: 16 operations in a cycle (256-bit FMA) at 2 GHz.
CPU_CORE = Entry(
    CPU,
    "CPU core",
    "",
    32,
    0,
    10,
    {
        "fp16_gflops": "assumption: 16 single-precision operations per cycle at 2 GHz",
        "memory_mb": "not counted by core; see the machine",
        "power_w": "assumption for estimates, not measured",
    },
)


def shown_name(name: str) -> str:
    """``name`` of a type in the reader's language: makers' names are the same in all, a CPU core's is not."""
    return gettext("CPU core") if name == CPU_CORE.name else name


def accelerator_code(model: str) -> str:
    """The code of a GPU model as engines report it: ``NVIDIA H200`` is ``h200``."""
    return re.sub(r"[^a-z0-9]+", "-", model.lower().replace("nvidia", "")).strip("-") or "gpu"


def known(code: str) -> Entry | None:
    """The entry whose code begins ``code`` (``a100-sxm4-80gb`` is an ``a100``), the longest one first."""
    for entry in sorted(ACCELERATORS, key=lambda each: -len(each.code)):
        if code == entry.code or code.startswith(f"{entry.code}-"):
            return entry
    return None


@dataclass(frozen=True)
class Phase:
    """A phase of capacity. Only ``stated`` was said; ``starts_on`` orders the phases and draws the chart."""

    code: str
    name_en: str
    name_zh: str
    starts_on: date
    stated_en: str
    stated_zh: str
    pflops: int
    source: str


_PRESS = "Cyberport press release, 22 November 2024"
PHASES = (
    Phase(
        "phase-1", "First phase", "第一階段", date(2024, 12, 9), "December 2024", "2024年12月", 300,
        f"{_PRESS}; opened on 9 December 2024 with the AI Lab",
    ),
    Phase(
        "phase-2", "Second phase", "第二階段", date(2025, 1, 1), "early 2025", "2025年初", 1_300,
        f"{_PRESS}; the day was not stated",
    ),
    Phase(
        "phase-3", "Third phase", "第三階段", date(2025, 12, 31), "2025", "2025年內", 3_000,
        f"{_PRESS}; the day was not stated, the last of the year is drawn",
    ),
)  # fmt: skip
