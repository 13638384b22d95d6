"""The life of one run: what it is given, what it leaves, how it ends."""

from __future__ import annotations

import json
import os
import signal

import pytest

from aisc.jobs.engines.base import LogChunk, Reason, State
from aisc.jobs.engines.local import LocalEngine, Progress

HOUR_MS = 3_600_000


def test_a_run_completes_with_its_output_and_its_usage(bench):
    status = bench.run(sh="echo out; echo err >&2; sleep 0.3")
    assert (status.state, status.reason, status.exit_code, status.signal) == (State.COMPLETED, Reason.NONE, 0, None)
    assert bench.log() == "out\nerr\n"
    row = bench.usage()
    assert 300 <= row.elapsed_ms < 3000
    assert row.ended_at == row.started_at + row.elapsed_ms
    assert row.submitted_at <= row.started_at
    assert (row.state, row.accelerator, row.accelerator_count) == (State.COMPLETED, "cpu", 1)
    assert row.node == bench.engine.machine.name
    assert 1 <= row.max_rss_mb < 100


def test_exit_code_and_signal_are_told_apart(bench):
    bench.engine.submit([bench.spec("code", sh="exit 7"), bench.spec("signal", sh="kill -USR1 $$")])
    code, killed = bench.finish("code", "signal")
    assert (code.state, code.reason, code.exit_code, code.signal) == (State.FAILED, Reason.NON_ZERO_EXIT, 7, None)
    assert (killed.state, killed.reason, killed.exit_code) == (State.FAILED, Reason.SIGNAL, None)
    assert killed.signal == signal.SIGUSR1


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["no-such-program"], 127, "aisc: cannot run no-such-program: No such file or directory\n"),
        (["/etc/passwd"], 126, "aisc: cannot run /etc/passwd: Permission denied\n"),
    ],
)
def test_a_command_that_cannot_be_executed(bench, argv, code, message):
    status = bench.run("run", *argv)
    assert (status.state, status.reason, status.exit_code) == (State.FAILED, Reason.COMMAND_NOT_FOUND, code)
    assert bench.log() == message


def test_a_working_directory_that_went_away(bench):
    status = bench.run(workdir=f"{bench.area}/gone")
    assert (status.state, status.reason, status.elapsed_ms) == (State.FAILED, Reason.COMMAND_NOT_FOUND, 0)
    assert status.started_at is None
    assert bench.log() == "aisc: cannot enter the working directory /workspace/gone: No such file or directory\n"


def test_the_environment_is_made_from_nothing(bench, monkeypatch):
    monkeypatch.setenv("AISC_SECRET_KEY", "must not be seen")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "must not be seen")
    status = bench.run(
        "run", "env", "-0", env={"GREETING": "hello", "OMP_NUM_THREADS": "3", "AISC_RUN": "forged"}, cpus=2
    )
    assert status.state is State.COMPLETED
    seen = dict(line.split("=", 1) for line in bench.log().split("\0") if line)
    assert seen == {
        "PATH": bench.engine.settings.path,
        "HOME": "/workspace/work",
        "PWD": "/workspace/work",
        "LANG": "C.UTF-8",
        "USER": "job",
        "LOGNAME": "job",
        "SHELL": "/bin/sh",
        "TMPDIR": "/tmp",  # noqa: S108
        "GREETING": "hello",
        "OMP_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "2",
        "MKL_NUM_THREADS": "2",
        "NUMEXPR_NUM_THREADS": "2",
        "VECLIB_MAXIMUM_THREADS": "2",
        "CUDA_VISIBLE_DEVICES": "",
        "AISC_RUN": "run",
        "AISC_RUN_FOLDER": "/run/aisc",
        "AISC_PROGRESS": "/run/aisc/progress.json",
    }


SELF_PORTRAIT = """
import json, os, resource, signal
print(json.dumps({
    "descriptors": sorted(int(n) for n in os.listdir("/proc/self/fd"))[:-1],
    "cwd": os.getcwd(),
    "umask": os.umask(0),
    "session": os.getsid(0) == os.getpid(),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "file": resource.getrlimit(resource.RLIMIT_FSIZE),
    "nice": os.nice(0),
    "oom": int(open("/proc/self/oom_score_adj").read()),
    "blocked": list(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "ignored": int(next(l for l in open("/proc/self/status") if l.startswith("SigIgn")).split()[1], 16),
    "append": open("/proc/self/fdinfo/1").read(),
}))
"""


# The C library keeps two real-time signals to itself; whoever started the tests decided about them.
NOT_THE_C_LIBRARY_S = ~(1 << (32 - 1) | 1 << (33 - 1))


def test_a_run_starts_with_a_clean_process(bench):
    with open(os.devnull) as secret:
        os.set_inheritable(secret.fileno(), True)
        bench.run(python=SELF_PORTRAIT, max_file_mb=7)
    seen = json.loads(bench.log())
    seen["ignored"] &= NOT_THE_C_LIBRARY_S
    append = int(seen.pop("append").split("flags:")[1].split()[0], 8) & os.O_APPEND
    assert append
    python_ignores = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert seen == {
        "descriptors": [0, 1, 2],
        "cwd": "/workspace/work",
        "umask": 0o077,
        "session": True,
        "core": [0, 0],
        "file": [7 << 20, 7 << 20],
        "nice": 5,
        "oom": 700,
        "blocked": [],
        "ignored": python_ignores,
    }


def test_signals_are_as_a_program_expects_them(bench):
    bench.run("run", "grep", "SigIgn", "/proc/self/status")
    assert int(bench.log().split()[1], 16) & NOT_THE_C_LIBRARY_S == 0


def test_cpu_time_of_children_that_ended_is_counted(bench):
    work = "import time\nwhile time.process_time() < 0.4: pass"
    bench.run(python=f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])")
    assert 400 <= bench.usage().cpu_ms <= 1000


def test_the_log_is_read_in_pieces_while_it_grows(bench):
    ref = bench.start(sh="echo one; touch run.here; while [ ! -e go ]; do sleep 0.02; done; echo two")
    first = bench.engine.read_log(ref, limit=2)
    assert first == LogChunk(b"on", 2, False)
    assert bench.engine.read_log(ref, first.next_offset) == LogChunk(b"e\n", 4, False)
    assert bench.engine.read_log(ref, 4) == LogChunk(b"", 4, False)
    (bench.work / "go").touch()
    bench.finish(ref)
    assert bench.engine.read_log(ref, 4, limit=2) == LogChunk(b"tw", 6, False)
    assert bench.engine.read_log(ref, 6) == LogChunk(b"o\n", 8, True)


def test_there_is_no_log_of_what_is_no_run(bench):
    bench.submit()
    for ref in ("run", "unknown", "../../etc/passwd"):
        assert bench.engine.read_log(ref) == LogChunk(b"", 0, False)
        assert bench.engine.read_progress(ref) is None


def test_progress_is_what_the_job_last_wrote(bench):
    bench.run(sh="""echo '{"done": 3, "total": 10, "message": "third"}' > "$AISC_PROGRESS" """)
    assert bench.engine.read_progress("run") == Progress(3, 10, "third")


@pytest.mark.parametrize(
    ("text", "progress"),
    [
        ('{"done": 1', None),
        ("[]", None),
        ('{"done": "1"}', None),
        ('{"done": -1}', None),
        ('{"done": 1, "total": true}', None),
        ('{"done": 1}', Progress(1)),
        ('{"done": 1, "message": 5}', Progress(1)),
    ],
)
def test_progress_that_cannot_be_understood_is_none(bench, text, progress):
    (bench.folder() / "said").mkdir(parents=True)
    (bench.folder() / "said" / "progress.json").write_text(text)
    assert bench.engine.read_progress("run") == progress


def test_a_running_run_is_cancelled_with_sigterm(bench):
    ref = bench.start(sh="trap 'echo bye; exit 0' TERM; touch run.here; while :; do sleep 0.02; done")
    bench.engine.cancel([ref])
    (status,) = bench.finish(ref)
    assert (status.state, status.reason, status.exit_code) == (State.CANCELLED, Reason.CANCELLED, 0)
    assert bench.log().splitlines()[-1] == "bye"  # the shell says as well that its sleep was terminated


def test_cancelling_twice_or_too_late_or_what_is_unknown_does_nothing(bench):
    bench.run()
    bench.engine.cancel(["run", "unknown", "../x"])
    bench.engine.cancel(["run"])
    bench.engine.tick()
    assert bench.usage().state is State.COMPLETED


def test_a_run_cancelled_between_its_allocation_and_its_start_never_runs(bench):
    bench.engine._scheduler._keep = lambda: None  # the worker is killed here
    bench.submit(sh="touch ran")
    bench.engine.tick()
    bench.engine.cancel(["run"])
    bench.open()
    (status,) = bench.finish("run")
    assert (status.state, status.reason, status.started_at, status.elapsed_ms) == (
        State.CANCELLED,
        Reason.CANCELLED,
        None,
        0,
    )
    assert not (bench.work / "ran").exists()


def test_everything_a_run_started_ends_with_it(bench):
    daemon = "import os,time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); time.sleep(600)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {daemon!r}])"
    assert bench.run(python=program).state is State.COMPLETED
    assert bench.processes() == []


def test_times_come_from_the_engines_clock_and_survive_its_jumps(bench):
    now = [1_000_000_000_000]
    bench.open(clock=lambda: now[0])
    ref = bench.start(sh="touch run.here; while [ ! -e go ]; do sleep 0.02; done")
    now[0] -= 5 * HOUR_MS
    bench.engine.tick()
    (bench.work / "go").touch()
    bench.finish(ref)
    row = bench.usage()
    assert row.submitted_at == 1_000_000_000_000
    assert 0 <= row.started_at - row.submitted_at < 20_000
    assert row.ended_at == row.started_at + row.elapsed_ms
    assert 0 < row.elapsed_ms < 20_000


def test_another_process_sees_the_same(bench):
    bench.run(sh="exit 3")
    other = LocalEngine(bench.root / "engine", cpus=1)
    assert other.states(["run"]) == bench.engine.states(["run"])
    assert other.usage_since("") == bench.engine.usage_since("")
    other.close()
