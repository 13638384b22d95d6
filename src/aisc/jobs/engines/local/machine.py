"""What this machine has."""

from __future__ import annotations

import importlib
import os
import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .choose import Resources

JOBS_SHARE_OF_MEMORY = 0.9  # the rest is for the portal and the system


@dataclass(frozen=True)
class Machine:
    """One machine, as far as jobs may use it.

    ``gpus`` maps the code of an accelerator type to the devices of that type, each named as
    ``CUDA_VISIBLE_DEVICES`` wants it. ``pin`` says whether ``cpu_ids`` are real CPUs that runs are tied to; it
    is off where more CPUs were configured than there are.
    """

    name: str
    cpu_ids: tuple[int, ...]
    pin: bool
    memory_mb: int
    gpus: Mapping[str, tuple[str, ...]]

    @classmethod
    def discover(
        cls,
        *,
        cpus: int | None = None,
        memory_mb: int | None = None,
        gpus: Mapping[str, Sequence[str]] | None = None,
    ) -> Machine:
        """This machine; what is given is taken as it is instead of being looked for."""
        real = tuple(sorted(os.sched_getaffinity(0)))
        pin = cpus is None or cpus <= len(real)
        cpu_ids = real[:cpus] if pin else tuple(range(cpus or 0))
        return cls(
            name=socket.gethostname(),
            cpu_ids=cpu_ids,
            pin=pin,
            memory_mb=memory_mb if memory_mb is not None else int(_memory_mb() * JOBS_SHARE_OF_MEMORY),
            gpus={code: tuple(ids) for code, ids in (find_gpus() if gpus is None else gpus).items()},
        )

    @property
    def resources(self) -> Resources:
        """All of it, as amounts."""
        return Resources(len(self.cpu_ids), self.memory_mb, {code: len(ids) for code, ids in self.gpus.items()})

    def describe(self) -> str:
        """In words, for messages: ``2 CPUs, 16384 MiB of memory, 4 × h200``."""
        parts = [f"{len(self.cpu_ids)} CPUs", f"{self.memory_mb} MiB of memory"]
        parts += [f"{len(ids)} × {code}" for code, ids in self.gpus.items()] or ["no accelerators"]
        return ", ".join(parts)


def find_gpus() -> dict[str, tuple[str, ...]]:
    """NVIDIA GPUs of this machine by accelerator code; asks NVML, then ``nvidia-smi``, then the driver."""
    for look in (_from_nvml, _from_nvidia_smi, _from_driver):
        found = look()
        if found:
            devices: dict[str, list[str]] = {}
            for model, device in found:
                devices.setdefault(accelerator_code(model), []).append(device)
            return {code: tuple(ids) for code, ids in devices.items()}
    return {}


def accelerator_code(model: str) -> str:
    """The code of a GPU model: ``NVIDIA H200`` is ``h200``, ``NVIDIA A100-SXM4-80GB`` is ``a100-sxm4-80gb``."""
    return re.sub(r"[^a-z0-9]+", "-", model.lower().replace("nvidia", "")).strip("-") or "gpu"


def _from_nvml() -> list[tuple[str, str]]:
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # not installed, or no driver: NVML's error class cannot be named without it
        return []
    try:
        handles = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
        return [(_text(nvml.nvmlDeviceGetName(h)), _text(nvml.nvmlDeviceGetUUID(h))) for h in handles]
    except nvml.NVMLError:
        return []
    finally:
        nvml.nvmlShutdown()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _from_nvidia_smi() -> list[tuple[str, str]]:
    command = ["nvidia-smi", "--query-gpu=name,uuid", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.rpartition(",") for line in answer.stdout.splitlines()]
    return [(model.strip(), uuid.strip()) for model, _, uuid in rows if model]


def _from_driver(folder: Path = Path("/proc/driver/nvidia/gpus")) -> list[tuple[str, str]]:
    found = []
    for path in sorted(folder.glob("*/information")):
        fields = dict(line.partition(":")[::2] for line in path.read_text().splitlines())
        if "Model" in fields and "GPU UUID" in fields:
            found.append((fields["Model"].strip(), fields["GPU UUID"].strip()))
    return found


def _memory_mb() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20


def free_disk_mb(path: Path | str) -> int:
    """Space that an ordinary user could still write, in MiB. Raises OSError."""
    at = os.statvfs(path)
    return at.f_bavail * at.f_frsize >> 20
