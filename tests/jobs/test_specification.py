"""What may be asked of a job, and what is said when something may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisc.core.errors import BadInput
from aisc.jobs import specification
from aisc.jobs.specification import read_memory, read_path, read_time, show_memory, show_time

GOOD = {
    "name": "n",
    "command": ["python", "x.py"],
    "accelerator": "h800",
    "accelerator_count": 1,
    "time_limit_ms": 60_000,
}


def read(**asked):
    return specification.read(**GOOD | asked)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("10m", 600_000),
        ("2h30m", 9_000_000),
        ("2h 30m", 9_000_000),
        ("1D", 86_400_000),
        ("1s", 1000),
        ("1500ms", 1500),
        ("PT2H30M", 9_000_000),
        ("P1DT1S", 86_401_000),
        (60_000, 60_000),
        ("30d", 30 * 86_400_000),
    ],
)
def test_times(text, ms):
    assert read_time(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "m",
        "10 minutes",
        "-1m",
        "1.5h",
        "30m2h",
        "1h1h",
        "PT",
        "P",
        "１０m",
        "10m!",
        "x10m",
        "31d",
        "0s",
        999,
        True,
        None,
    ],
)
def test_times_that_are_none(text):
    with pytest.raises(BadInput) as refused:
        read_time(text)
    assert refused.value.field == "time_limit"


@given(st.integers(1000, specification.MAX_TIME_MS))
def test_a_time_is_shown_as_it_is_read(ms):
    assert read_time(show_time(ms)) == ms


def test_no_time_is_shown_as_well():
    assert show_time(0) == "0s"


@pytest.mark.parametrize(
    ("text", "mb"),
    [("512 MB", 512), ("4GB", 4096), ("1.5 GiB", 1536), ("1T", 1_048_576), (64, 64), ("0.5g", 512), ("16.001 mb", 17)],
)
def test_memory(text, mb):
    assert read_memory(text) == mb


@pytest.mark.parametrize("text", ["", "4", "GB", "-4 GB", "4 KB", "４GB", 15, "5 TB", "1.2345 GB", True])
def test_memory_that_is_none(text):
    with pytest.raises(BadInput) as refused:
        read_memory(text)
    assert refused.value.field == "memory"


@given(st.integers(specification.MIN_MEMORY_MB, specification.MAX_MEMORY_MB))
def test_memory_is_shown_as_it_is_read(mb):
    assert read_memory(show_memory(mb)) == mb


def test_a_request_in_its_one_form():
    spec = read(
        name="  cafe\u0301 ",
        inputs=["a//b.csv", "", "a/b.csv", "./c"],
        outputs=["out/**", "*.png"],
        workdir="/",
        memory_mb="4 GB",
        note=" a\r\nb ",
        environment={"A": "x=y"},
    )
    assert spec.name == "café"
    assert spec.inputs == ("a/b.csv", "c")
    assert spec.outputs == ("out/**", "*.png")
    assert (spec.workdir, spec.memory_mb, spec.cpus, spec.note) == ("", 4096, None, "a\nb")
    assert spec.environment == {"A": "x=y"}


@pytest.mark.parametrize("name", ["訓練模型", "Тест", "تدريب", "हिन्दी", "👩‍🔬 run", "a" * 100])
def test_names_of_every_script(name):
    assert read(name=name).name == name


def test_cpu_cores_are_the_accelerators_of_a_cpu_job():
    assert read(accelerator="cpu", accelerator_count=3).cpus == 3
    assert read(accelerator="cpu", accelerator_count=3, cpus=3).cpus == 3
    with pytest.raises(BadInput, match="write 3"):
        read(accelerator="cpu", accelerator_count=3, cpus=2)


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 101}),
        ("name", {"name": "a\u202eb"}),
        ("name", {"name": "a\nb"}),
        ("name", {"name": "\ud800"}),
        ("note", {"note": "x" * 10_001}),
        ("note", {"note": "\0"}),
        ("note", {"note": "\ud800"}),
        ("command", {"command": []}),
        ("command", {"command": ""}),
        ("command", {"command": "python"}),
        ("command", {"command": [1]}),
        ("command", {"command": [" "]}),
        ("command", {"command": ["a\0"]}),
        ("command", {"command": ["\ud800"]}),
        ("command", {"command": ["x"] * 1001}),
        ("command", {"command": ["x" * 32_768]}),
        ("command", {"command": ["x" * 30_000] * 5}),
        ("accelerator_count", {"accelerator_count": 0}),
        ("accelerator_count", {"accelerator_count": True}),
        ("accelerator_count", {"accelerator_count": 10_001}),
        ("cpus", {"cpus": 0}),
        ("array_size", {"array_size": 0}),
        ("array_size", {"array_size": 10_001}),
        ("environment", {"environment": {"A B": ""}}),
        ("environment", {"environment": {"1A": ""}}),
        ("environment", {"environment": {"": ""}}),
        ("environment", {"environment": {"ÄB": ""}}),
        ("environment", {"environment": {"AISC_JOB": "x"}}),
        ("environment", {"environment": {"A": "\0"}}),
        ("environment", {"environment": {"A": 1}}),
        ("environment", {"environment": {"A": "x" * 32_769}}),
        ("environment", {"environment": {f"A{n}": "" for n in range(101)}}),
        ("inputs", {"inputs": ["../x"]}),
        ("inputs", {"inputs": ["/etc/passwd"]}),
        ("inputs", {"inputs": ["a/../../b"]}),
        ("inputs", {"inputs": ["x" * 256]}),
        ("inputs", {"inputs": [f"{n}" for n in range(101)]}),
        ("outputs", {"outputs": ["a**/b"]}),
        ("outputs", {"outputs": ["**/a/**/b/**"]}),
        ("workdir", {"workdir": "a\0"}),
    ],
)
def test_what_may_not_be_asked(field, asked):
    with pytest.raises(BadInput) as refused:
        read(**asked)
    assert refused.value.field == field
    assert len(str(refused.value)) > 10


def test_paths():
    assert read_path("") == ""
    assert read_path("a//./b/") == "a/b"
    assert read_path("cafe\u0301", new=True) == "café"
    assert read_path("cafe\u0301") == "cafe\u0301"  # a job may have made it so
    assert read_path("a\nb") == "a\nb"
    for bad in ("a\nb", " a", "a /b", "a\u202e"):
        with pytest.raises(BadInput):
            read_path(bad, new=True)
    for bad in ("\0", "\ud800", "a/" * 33, "x/" * 20 + "y" * 990):
        with pytest.raises(BadInput):
            read_path(bad)
