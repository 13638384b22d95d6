"""Finding out what the machine has, with and without NVIDIA's tools."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from aisc.jobs.engines import base
from aisc.jobs.engines.local import machine
from aisc.jobs.engines.local.keeper import facts, watch
from aisc.jobs.engines.local.scheduler import retry_after_ms


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("NVIDIA H200", "h200"),
        ("NVIDIA A100-SXM4-80GB", "a100-sxm4-80gb"),
        ("NVIDIA GeForce RTX 4090", "geforce-rtx-4090"),
        ("NVIDIA", "gpu"),
    ],
)
def test_accelerator_code_of_a_model(model, code):
    assert machine.accelerator_code(model) == code


def test_cpus_and_memory_are_found():
    found = machine.Machine.discover(gpus={})
    assert (found.cpu_ids, found.pin) == (tuple(sorted(os.sched_getaffinity(0))), True)
    assert 100 < found.memory_mb < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    assert found.describe() == f"{len(found.cpu_ids)} CPUs, {found.memory_mb} MiB of memory, no accelerators"


def test_more_cpus_than_there_are_cannot_be_pinned():
    found = machine.Machine.discover(cpus=10_000, memory_mb=5, gpus={"h200": ["0"]})
    assert (len(found.cpu_ids), found.pin, found.memory_mb, found.gpus) == (10_000, False, 5, {"h200": ("0",)})


class FakeNvml(SimpleNamespace):
    NVMLError = RuntimeError

    def __init__(self, *devices):
        super().__init__(nvmlInit=lambda: None, nvmlShutdown=lambda: None, devices=devices)

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self.devices[index]

    def nvmlDeviceGetName(self, device):  # noqa: N802
        return device[0]

    def nvmlDeviceGetUUID(self, device):  # noqa: N802
        if device[1] is None:
            raise self.NVMLError
        return device[1]


def test_gpus_by_nvml(monkeypatch):
    fake = FakeNvml((b"NVIDIA H200", b"GPU-1"), ("NVIDIA L40S", "GPU-2"), ("NVIDIA H200", "GPU-3"))
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    assert machine.find_gpus() == {"h200": ("GPU-1", "GPU-3"), "l40s": ("GPU-2",)}


def test_gpus_by_nvidia_smi_where_nvml_fails(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(("NVIDIA H200", None)))
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200, GPU-1'\necho 'NVIDIA H200, GPU-2'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert machine.find_gpus() == {"h200": ("GPU-1", "GPU-2")}


def test_gpus_by_the_driver_alone(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.find_gpus() == {}
    card = tmp_path / "0000:3b:00.0"
    card.mkdir()
    (card / "information").write_text("Model: \t\t NVIDIA L40S\nIRQ:   \t\t 77\nGPU UUID: \t GPU-7\n")
    assert machine._from_driver(tmp_path) == [("NVIDIA L40S", "GPU-7")]


def test_the_words_of_the_keeper_are_those_of_the_protocol(tmp_path):
    def verdict(code=None, number=None, stop=None):
        seen = SimpleNamespace(
            stop=stop, folder=str(tmp_path), _log_is_full=lambda: False, oom_kills=watch._oom_kills()
        )
        state, reason = watch.Watch._verdict(seen, code, number)
        return base.State(state), base.Reason(reason)

    State, Reason = base.State, base.Reason
    assert verdict(code=0) == (State.COMPLETED, Reason.NONE)
    assert verdict(code=1) == (State.FAILED, Reason.NON_ZERO_EXIT)
    assert verdict(number=9) == (State.FAILED, Reason.SIGNAL)
    assert verdict(number=25) == verdict(code=153) == (State.OVER_LIMIT, Reason.OUTPUT_LIMIT)
    assert verdict() == (State.FAILED, Reason.EXIT_STATUS_LOST)
    stop = {"state": "timeout", "reason": "time_limit"}
    assert verdict(code=0, stop=stop) == (State.TIMEOUT, Reason.TIME_LIMIT)


def test_a_kill_by_the_kernel_for_memory_is_told_from_others(tmp_path, monkeypatch):
    seen = SimpleNamespace(stop=None, folder=str(tmp_path), _log_is_full=lambda: False, oom_kills=3)
    monkeypatch.setattr(watch, "_oom_kills", lambda: 4)
    assert watch.Watch._verdict(seen, None, 9) == ("out_of_memory", "memory_limit")


def test_a_fact_is_whole_or_absent(tmp_path):
    assert facts.read(tmp_path, "fact") is None
    (tmp_path / "fact").write_text('{"half"')
    assert facts.read(tmp_path, "fact") is None
    facts.write(tmp_path, "fact", {"a": 1})
    assert facts.read(tmp_path, "fact") == {"a": 1}
    (tmp_path / "dir").mkdir()
    with pytest.raises(OSError):
        facts.write(tmp_path, "dir", {})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dir", "fact"]


def test_a_run_is_claimed_once(tmp_path):
    claim = facts.claim(tmp_path)
    assert facts.claim(tmp_path, patience_s=0.05) is None
    assert facts.is_kept(tmp_path)
    os.close(claim)
    assert not facts.is_kept(tmp_path)


def test_a_keeper_that_fails_is_tried_less_and_less_often():
    assert [retry_after_ms(n) for n in (0, 1, 2, 5, 9, 10, 50)] == [0, 100, 200, 1600, 25_600, 30_000, 30_000]
