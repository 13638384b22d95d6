"""What this machine tells of itself, and what is made of it when it tells little."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from aisc.centre import discovery
from aisc.centre.discovery import Gpu

INTEL = """\
model name\t: Intel(R) Xeon(R) Gold 6348 CPU @ 2.60GHz
cpu MHz\t\t: 3399.9
flags\t\t: fpu sse2 avx2 fma avx512f
"""


@pytest.mark.parametrize(
    ("cpuinfo", "base_khz", "gflops", "words"),
    [
        (INTEL, "", 83, "32 operations per cycle (one unit of AVX-512, FP32) × 2600 MHz (from the model's name)"),
        (INTEL, "2000000\n", 64, "2000 MHz (base frequency)"),
        (INTEL.replace("avx512f", "avx512f avx512_fp16"), "2000000", 128, "64 operations"),
        ("model name: AMD EPYC\ncpu MHz: 2445.4\nflags: fma avx2\n", "", 39, "2445 MHz (as it ran when asked)"),
        ("Features\t: fp asimd asimdhp\nCPU part\t: 0xd0c\n", "", 32, "NEON FP16) × 2000 MHz (assumed)"),
        ("Features\t: fp asimd\n", "", 16, "NEON, FP32"),
        ("", "", 8, "SSE2, FP32"),
    ],
)
def test_what_a_cpu_is_worth(cpuinfo, base_khz, gflops, words):
    found = discovery.cpu(cpuinfo, base_khz)
    assert found.gflops == gflops
    assert words in found.derivation


def test_this_machine_has_a_cpu():
    assert discovery.cpu().gflops >= 1
    assert discovery.cpu("", "").model == "CPU"
    assert discovery.cpu_count() >= 1
    assert discovery.memory_mb() > 100


def test_files_that_are_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(discovery, "CPUINFO", tmp_path / "none")
    monkeypatch.setattr(discovery, "BASE_FREQUENCY", tmp_path / "none")
    assert discovery.cpu().gflops == 8


class FakeError(Exception):
    pass


def fake_nvml(*, names, power=700_000, broken=False):
    def count():
        if broken:
            raise FakeError
        return len(names)

    def limit(_handle):
        if power is None:
            raise FakeError
        return power

    calls = []
    return SimpleNamespace(
        NVMLError=FakeError,
        calls=calls,
        nvmlInit=lambda: calls.append("init"),
        nvmlShutdown=lambda: calls.append("shutdown"),
        nvmlDeviceGetCount=count,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda handle: names[handle],
        nvmlDeviceGetPowerManagementLimit=limit,
        nvmlDeviceGetMemoryInfo=lambda _handle: SimpleNamespace(total=143_771 << 20),
    )


def test_gpus_by_the_drivers_library(monkeypatch):
    nvml = fake_nvml(names=["NVIDIA H200", b"NVIDIA H200"])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert discovery.gpus() == [Gpu("NVIDIA H200", 143_771, 700)] * 2
    assert discovery.gpus()[0].code == "h200"
    assert nvml.calls == ["init", "shutdown"] * 2
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(names=["NVIDIA T4"], power=None))
    assert discovery.gpus() == [Gpu("NVIDIA T4", 143_771, 0)]


def test_gpus_by_the_drivers_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(names=[], broken=True))
    text = "NVIDIA H200, 143771, 700.00\nNVIDIA, odd name, 81559, [N/A]\nhalf a line\n\n"
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_kwargs: SimpleNamespace(stdout=text))
    assert discovery.gpus() == [Gpu("NVIDIA H200", 143_771, 700), Gpu("NVIDIA, odd name", 81_559, 0)]


def test_no_driver_no_gpus(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)

    def missing(*_args, **_kwargs):
        raise FileNotFoundError("nvidia-smi")

    monkeypatch.setattr(subprocess, "run", missing)
    assert discovery.gpus() == []
