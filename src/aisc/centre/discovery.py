"""What this machine's processors and GPUs can do, as far as the machine itself tells.

Engines say how *many* CPUs and GPUs a node has; this says what one of them is worth in GFLOPS, MiB and
watts. Every look has a replaceable source, so that tests and odd machines can do without.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aisc.centre import catalogue

CPUINFO = Path("/proc/cpuinfo")
BASE_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq/base_frequency")  # kHz
DEFAULT_MHZ = 2000

# Operations of one fused-multiply-add unit per cycle. One unit is counted although large cores have two,
# because what the system calls a CPU is often half a core. FP16 where the core computes it, else FP32.
_UNITS = (
    ("avx512_fp16", 64, "AVX-512 FP16"),
    ("avx512f", 32, "AVX-512, FP32"),
    ("fma", 16, "AVX2 FMA, FP32"),
    ("asimdhp", 16, "NEON FP16"),
    ("asimd", 8, "NEON, FP32"),
)
_PLAIN = (4, "SSE2, FP32")


@dataclass(frozen=True)
class Cpu:
    """One CPU: peak in GFLOPS and how that was derived."""

    model: str
    gflops: int
    derivation: str


@dataclass(frozen=True)
class Gpu:
    """One GPU as its driver describes it: memory in MiB, power limit in watts (0: not told)."""

    model: str
    memory_mb: int
    power_w: int

    @property
    def code(self) -> str:
        return catalogue.accelerator_code(self.model)


def cpu_count() -> int:
    """CPUs that this process may use, which containers and batch systems restrict."""
    return len(os.sched_getaffinity(0))


def memory_mb() -> int:
    """Physical memory in MiB."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20


def cpu(cpuinfo: str | None = None, base_khz: str | None = None) -> Cpu:
    """This machine's CPU; the texts of the two files can be given instead of read."""
    text = _read(CPUINFO) if cpuinfo is None else cpuinfo
    flags = set(_field(text, "flags|Features").split())
    operations, unit = next(((count, name) for flag, count, name in _UNITS if flag in flags), _PLAIN)
    mhz, said = _mhz(text, _read(BASE_FREQUENCY) if base_khz is None else base_khz)
    return Cpu(
        model=_field(text, "model name|Processor|CPU part") or "CPU",
        gflops=max(1, operations * mhz // 1000),
        derivation=f"derived on this machine: {operations} operations per cycle (one unit of {unit})"
        f" × {mhz} MHz ({said})",
    )


def _mhz(cpuinfo: str, base_khz: str) -> tuple[int, str]:
    if base_khz.strip().isdigit():
        return int(base_khz) // 1000, "base frequency"
    printed = re.search(r"@ *(\d+)\.(\d\d)GHz", cpuinfo)
    if printed:
        return int(printed[1]) * 1000 + int(printed[2]) * 10, "from the model's name"
    current = re.search(r"^cpu MHz\s*: *(\d+)", cpuinfo, re.MULTILINE)
    if current:
        return int(current[1]), "as it ran when asked"
    return DEFAULT_MHZ, "assumed"


def _field(cpuinfo: str, names: str) -> str:
    found = re.search(rf"^(?:{names})\s*: *(.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else ""


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def gpus() -> list[Gpu]:
    """The NVIDIA GPUs of this machine; asks NVML, then ``nvidia-smi``. Empty where there is no driver."""
    return _from_nvml() or _from_nvidia_smi()


def _from_nvml() -> list[Gpu]:
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # not installed, or no driver: NVML's error class cannot be named without it
        return []
    try:
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        return [_described(nvml, handle) for handle in handles]
    except nvml.NVMLError:
        return []
    finally:
        nvml.nvmlShutdown()


def _described(nvml, handle) -> Gpu:
    name = nvml.nvmlDeviceGetName(handle)
    try:
        power_w = nvml.nvmlDeviceGetPowerManagementLimit(handle) // 1000
    except nvml.NVMLError:  # cards without power management
        power_w = 0
    memory = nvml.nvmlDeviceGetMemoryInfo(handle).total >> 20
    return Gpu(name.decode() if isinstance(name, bytes) else name, memory, power_w)


def _from_nvidia_smi(
    command: Sequence[str] = (
        "nvidia-smi",
        "--query-gpu=name,memory.total,power.limit",
        "--format=csv,noheader,nounits",
    ),
) -> list[Gpu]:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[part.strip() for part in line.rsplit(",", 2)] for line in answer.stdout.splitlines() if line.strip()]
    return [Gpu(row[0], _whole(row[1]), _whole(row[2])) for row in rows if len(row) == 3]


def _whole(text: str) -> int:
    found = re.match(r"\d+", text)  # “[N/A]” where the card does not tell
    return int(found[0]) if found else 0
