"""Hostile jobs: what they try, and that they get nowhere."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from aisc.jobs.engines.base import Reason, RunRejected, State
from aisc.jobs.engines.local import isolation
from aisc.jobs.engines.local.isolation import Found, Level, Policy, Wanted
from aisc.jobs.engines.local.keeper import seccomp

SECRET = "the portal's secret key"


@pytest.fixture
def secrets(bench):
    """A state folder around the engine, with what jobs would like to have; another project's workspace."""
    if bench.engine.isolation.found.level is not Level.NAMESPACES:
        pytest.skip(f"this machine has no namespaces for jobs: {bench.engine.isolation.found.why_not}")
    (bench.root / "secret").write_text(SECRET)
    (bench.root / "aisc.sqlite3").write_text(SECRET)
    other = bench.root / "other"
    other.mkdir()
    (other / "data.csv").write_text(SECRET)
    return bench


def tries(bench, code: str, **fields) -> object:
    """What the Python program, which answers with JSON on its last line, found out."""
    prelude = f"import json, os, sys\nROOT = {str(bench.root)!r}\ndef attempt(f, *a):\n"
    prelude += " try: return f(*a)\n except OSError as e: return type(e).__name__\n"
    prelude += "def read(p): return open(p).read()\ndef say(x): print(json.dumps(x))\n"
    status = bench.run(python=prelude + code, **fields)
    assert status.state is State.COMPLETED, bench.log()
    return json.loads(bench.log().splitlines()[-1])


def test_no_path_leads_to_the_state_folder_or_another_project(secrets):
    found = tries(
        secrets,
        """
depth = "../" * 30
os.symlink(ROOT + "/secret", "absolute"); os.symlink(depth + ROOT[1:] + "/secret", "relative")
paths = [ROOT + "/secret", ROOT + "/aisc.sqlite3", ROOT + "/other/data.csv", "../../secret", "../../other/data.csv",
    depth + ROOT + "/secret", "absolute", "relative", "/proc/self/root" + ROOT + "/secret",
    "/proc/1/root" + ROOT + "/secret", "/proc/self/cwd/../../secret", "/proc/1/cwd" + ROOT + "/secret",
    "/dev/fd/1/../secret", "/run/aisc/../launch.json", "/tmp/../../launch.json"]
say([attempt(read, p) for p in paths] + [attempt(os.link, ROOT + "/secret", "hard"), os.path.exists(ROOT + "/engine")])
""",
    )
    assert set(found[:-1]) <= {"FileNotFoundError", "PermissionError", "NotADirectoryError"}
    assert found[-1] is False


def test_nothing_outside_can_be_written(secrets):
    found = tries(
        secrets,
        """
def write(p): open(p, "w").write("x")
paths = ["/etc/passwd", "/usr/bin/python3", "/x", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
    "/sys/devices/system/cpu/online", sys.prefix + "/x", ROOT + "/x", "/dev/sda", "/dev/x"]
say([attempt(write, p) for p in paths] + [attempt(os.mknod, "disk", 0o60600, os.makedev(254, 0))])
""",
    )
    assert set(found) <= {"OSError", "PermissionError", "FileNotFoundError"}
    assert "x" not in os.listdir(secrets.root)


def test_the_portals_processes_and_environment_are_not_there(secrets):
    portal = subprocess.Popen(["sleep", "60"], env={"AISC_SECRET_KEY": SECRET})
    try:
        found = tries(
            secrets,
            f"""
import signal
pids = sorted(int(p) for p in os.listdir("/proc") if p.isdigit())
out = [pids, attempt(read, "/proc/{portal.pid}/environ"), attempt(os.kill, {portal.pid}, 9), attempt(os.kill, 1, 9)]
out += [attempt(read, "/proc/1/environ"), attempt(os.listdir, "/proc/1/fd")]
say(out)
""",
        )
        assert found == [
            [1, 2],
            "FileNotFoundError",
            "ProcessLookupError",
            found[3],
            "PermissionError",
            "PermissionError",
        ]
        assert found[3] in (None, "PermissionError")  # its own first process takes no signal from inside
        assert portal.poll() is None
    finally:
        portal.kill()
        portal.wait()


def test_killing_everything_ends_the_job_alone(secrets):
    victim = subprocess.Popen(["sleep", "60"])
    try:
        status = secrets.run(sh="kill -9 -1; exit 3")
        assert status.exit_code == 3
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


PRIVILEGES = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *a):
    result = getattr(libc, name)(*a)
    return result if result >= 0 else ctypes.get_errno()
status = dict(l.split(":", 1) for l in open("/proc/self/status"))
say({"caps": [int(status[c].strip(), 16) for c in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "CapInh")],
    "no_new_privs": int(status["NoNewPrivs"]), "seccomp": int(status["Seccomp"]),
    "user namespace": call("unshare", 0x10000000), "mount": call("mount", b"x", b"/tmp", b"tmpfs", 0, None),
    "chroot": call("chroot", b"/tmp"), "ptrace 1": call("ptrace", 16, 1, 0, 0), "setuid": call("setuid", 0),
    "keyctl": call("syscall", 250 if os.uname().machine == "x86_64" else 219, 0, 0, 0),
    "io_uring": call("syscall", 425, 1, 0), "clone3": call("syscall", 435, 0, 0)})
"""


def test_privileges_are_gone_for_good(secrets):
    found = tries(secrets, PRIVILEGES)
    assert found == {
        "caps": [0, 0, 0, 0, 0],
        "no_new_privs": 1,
        "seccomp": 2,
        "user namespace": 1,  # EPERM
        "mount": 1,
        "chroot": 1,
        "ptrace 1": 1,
        "setuid": found["setuid"],
        "keyctl": 1,
        "io_uring": 1,
        "clone3": 38,  # ENOSYS: the C library then uses clone
    }
    assert found["setuid"] in (1, 22)  # not permitted; or no such user in its namespace


def test_threads_and_children_still_work(secrets):
    code = "import threading, subprocess\nt = threading.Thread(target=lambda: None); t.start(); t.join()\n"
    code += "import multiprocessing as m\nlock = m.Lock()\nsay(subprocess.run(['sh', '-c', 'exit 3']).returncode)"
    assert tries(secrets, code) == 3


def test_the_portals_ports_are_out_of_reach_and_the_job_has_its_own(secrets):
    with socket.create_server(("127.0.0.1", 0)) as portal:
        port = portal.getsockname()[1]
        found = tries(
            secrets,
            f"""
import socket
refused = attempt(socket.create_connection, ("127.0.0.1", {port}), 2)
own = socket.create_server(("127.0.0.1", {port}))
there = socket.create_connection(("127.0.0.1", {port}), 2)
abstract = attempt(socket.create_server, ("0.0.0.0", 0))
say([refused, there.getpeername()[1] == {port}, attempt(socket.create_connection, ("192.0.2.1", 80), 1)])
""",
        )
    assert found == ["ConnectionRefusedError", True, "OSError"]


def test_the_network_of_the_machine_where_the_operator_allows_it(secrets):
    secrets.open(isolation=Policy(network="host"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket\nsay(socket.create_connection(('127.0.0.1', {port}), 5).getpeername()[1])"
        assert tries(secrets, code) == port


def test_what_a_job_leaves_running_ends_with_it(secrets):
    daemon = "import os, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); time.sleep(600)"
    code = f"import subprocess; subprocess.run([sys.executable, '-c', {daemon!r}], env={{}}); say(1)"
    assert tries(secrets, code) == 1
    assert secrets.processes() == []


@pytest.mark.parametrize("both", [False, True])
def test_an_adopted_job_that_hides_its_daemons_is_ended_whole(secrets, both):
    hidden = "env -i setsid sh -c 'sleep 600 & sleep 600' &"
    ref = secrets.start(sh=f"{hidden} touch run.here; while [ ! -e go ]; do sleep 0.02; done; exit 5")
    inner, outer = secrets.inner_and_outer(ref)
    secrets.kill(inner)
    if both:
        secrets.kill(outer)
    assert len(secrets.processes()) >= 3
    (secrets.work / "go").touch()
    secrets.finish(ref)
    secrets.poll(lambda: not secrets.processes(), "all to end")


def test_the_end_of_the_first_process_is_the_end_of_the_job(secrets):
    ref = secrets.start(sh="touch run.here; sleep 600")
    (first,) = secrets._firsts()
    os.kill(first, signal.SIGKILL)
    (status,) = secrets.finish(ref)
    assert (status.state, status.reason, status.signal) == (State.FAILED, Reason.SIGNAL, signal.SIGKILL)


def test_a_private_tmp_on_the_disk_is_gone_afterwards(secrets):
    status = secrets.run(
        sh="echo x > /tmp/mine; mkdir /tmp/deep; ln -s / /tmp/deep/link; ls /tmp /var/tmp/; df /tmp > d"
    )
    assert status.state is State.COMPLETED
    secrets.poll(lambda: not (secrets.folder() / "tmp").exists(), "tmp to be removed")
    assert Path("/etc/passwd").exists()


def test_files_in_memory_count_as_memory(secrets):
    status = secrets.run(sh="head -c 300000000 /dev/zero > /dev/shm/x; sleep 20", memory_mb=200, time_limit_ms=15_000)
    # What is beyond the size of /dev/shm is refused at once, what is within it is counted.
    assert (status.state, status.reason) == (State.OUT_OF_MEMORY, Reason.MEMORY_LIMIT) or status.state is State.TIMEOUT
    assert secrets.usage().max_rss_mb >= 195


def test_a_job_may_not_say_its_progress_through_a_link_or_a_pipe(secrets):
    (secrets.root / "secret.json").write_text('{"done": 1, "message": "secret"}')
    for command in ("ln -s /etc/hostname", f"ln -s {secrets.root}/secret.json", "mkfifo"):
        ref = f"run-{command.split()[-1].rpartition('/')[2].replace('.', '-')}"
        secrets.run(ref, sh=f'{command} "$AISC_PROGRESS"')
        assert secrets.engine.read_progress(ref) is None


def test_projects_have_users_of_their_own_and_files_keep_their_owner(secrets):
    if not secrets.engine.isolation.found.own_users:
        pytest.skip("only root can become another user")
    secrets.run("a", sh="id -u > id; echo x > mine")
    owner = (secrets.work / "mine").stat().st_uid
    assert owner == int((secrets.work / "id").read_text()) >= isolation.FIRST_UID
    assert secrets.area.stat().st_uid == owner
    other = secrets.root / "second"
    other.mkdir()
    secrets.run("b", sh="id -u > id", project="physics", workdir=str(other), workspace=str(other))
    assert int((other / "id").read_text()) != owner
    secrets.run("c", sh="id -u > id2")
    assert int((secrets.work / "id2").read_text()) == owner


def test_taking_over_a_workspace_follows_no_link(tmp_path):
    if os.geteuid():
        pytest.skip("only root can give files away")
    outside = tmp_path / "outside"
    outside.write_text("x")
    inside = tmp_path / "workspace"
    (inside / "folder").mkdir(parents=True)
    (inside / "folder" / "file").write_text("x")
    (inside / "link").symlink_to(outside)
    os.link(outside, inside / "hard")
    isolation.give_to(str(inside), 1234)
    assert (inside / "folder" / "file").stat().st_uid == inside.stat().st_uid == 1234
    assert (inside / "link").lstat().st_uid == 1234
    assert outside.stat().st_uid == 0


def test_a_place_outside_the_workspace_is_refused(bench):
    with pytest.raises(RunRejected, match="must lie in the workspace"):
        bench.submit(workdir=str(bench.root))
    with pytest.raises(RunRejected, match="must lie in the workspace"):
        bench.submit(places={"AISC_OUTPUT": f"{bench.area}/../secret"})


def test_places_and_shared_folders_are_where_the_run_sees_them(bench, tmp_path):
    (tmp_path / "main.py").write_text("import os; print(os.environ['AISC_OUTPUT'], __file__)")
    tmp_path.chmod(0o755)
    shared = {"/opt/aisc/templates/t": str(tmp_path)}
    argv = [sys.executable, "/opt/aisc/templates/t/main.py"]
    bench.open(isolation=Policy(shared=shared))
    bench.run("in", *argv, places={"AISC_OUTPUT": f"{bench.area}/out"})
    if bench.engine.isolation.found.level is Level.NAMESPACES:
        assert bench.log("in") == "/workspace/out /opt/aisc/templates/t/main.py\n"
    bench.open(isolation=Policy(shared=shared, wanted=Wanted.OFF))
    bench.run("out", *argv, places={"AISC_OUTPUT": f"{bench.area}/out"}, project="open")
    assert bench.log("out") == f"{bench.area}/out {tmp_path}/main.py\n"


def test_what_is_shared_from_below_tmp_is_seen_in_the_private_tmp(secrets, tmp_path_factory):
    """A checkout, and with it the Python environment of every job, may lie there."""
    folder = tmp_path_factory.mktemp("environment")
    assert folder.is_relative_to("/tmp")  # noqa: S108 - which the job has for itself
    for each in (folder, folder.parent):
        each.chmod(0o755)
    (folder / "said").write_text("here")
    secrets.open(isolation=Policy(shared={str(folder): str(folder)}))
    assert tries(secrets, f"say([read({str(folder)!r} + '/said'), os.listdir('/tmp')])")[0] == "here"


def test_what_is_hidden_stays_hidden_in_a_shared_folder(secrets):
    secrets.root.chmod(0o755)
    (secrets.root / "other").chmod(0o755)
    secrets.open(isolation=Policy(shared={"/opt/all": str(secrets.root)}, hidden=("/opt/all/engine", "/opt/all/other")))
    assert tries(secrets, "say([os.listdir('/opt/all/engine'), os.listdir('/opt/all/other')])") == [[], []]


# Without isolation


def test_without_isolation_jobs_run_as_before(bench):
    bench.open(isolation=Policy(wanted=Wanted.OFF))
    status = bench.run(sh="pwd; kill -USR1 $$")
    assert (status.reason, status.signal, bench.log()) == (Reason.SIGNAL, signal.SIGUSR1, f"{bench.work}\n")
    assert bench.engine.isolation.found.level is Level.NONE
    assert "NOT isolated" in bench.engine.isolation.found.sentence()


def test_where_isolation_is_required_and_not_to_be_had_nothing_starts(bench, monkeypatch):
    monkeypatch.setattr(isolation.Isolation, "_trial", lambda *_: "no such thing")
    bench.open(isolation=Policy(wanted=Wanted.REQUIRE))
    bench.submit()
    bench.engine.tick()
    assert bench.status().state is State.QUEUED
    assert "AISC_ISOLATION is “require”" in bench.engine.health().detail
    assert "no such thing" in bench.engine.health().detail


def test_users_of_their_own_where_namespaces_are_not_to_be_had(bench, monkeypatch):
    """As in a container that may not make namespaces: the machine's paths, but another user."""
    if os.geteuid():
        pytest.skip("only root can become another user")
    if not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("needs a Python that every user may run")
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    real = isolation.Isolation._trial
    no = "namespaces are not allowed"
    monkeypatch.setattr(
        isolation.Isolation, "_trial", lambda me, at, uid: no if at is Level.NAMESPACES else real(me, at, uid)
    )
    (bench.root / "secret").write_text(SECRET)
    (bench.root / "secret").chmod(0o644)
    bench.open()
    found = bench.engine.isolation.found
    assert found.level is Level.USERS, found.why_not
    status = bench.run(sh=f"id -u; cat {bench.root}/secret; touch $TMPDIR/x mine && echo written")
    assert status.state is State.COMPLETED
    uid, refused, written = bench.log().splitlines()
    assert int(uid) >= isolation.FIRST_UID
    assert "Permission denied" in refused
    assert written == "written"
    assert no in found.sentence()


def test_the_level_is_said_in_words():
    assert Found(Level.NAMESPACES, True).sentence() == (
        "Jobs are isolated in namespaces, each project as a user of its own."
    )


def test_only_the_gpus_that_were_assigned(tmp_path):
    for minor in (0, 1):
        folder = tmp_path / f"0000:0{minor}:00.0"
        folder.mkdir()
        (folder / "information").write_text(
            f"Model: \t NVIDIA H200\nGPU UUID: \t GPU-{minor}\nDevice Minor: \t {minor}\n"
        )
    found = isolation.gpu_devices(("GPU-1",), tmp_path)
    assert "/dev/nvidia1" in found
    assert "/dev/nvidia0" not in found
    assert "/dev/nvidia-uvm" in found
    assert isolation.gpu_devices(()) == ()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_whole_instructions_with_jumps_that_stay_inside(machine):
    code = seccomp.program(machine)
    count = len(code) // 8
    assert len(code) % 8 == 0
    assert count < 4096
    for index in range(count):
        instruction = code[index * 8 : index * 8 + 8]
        if int.from_bytes(instruction[:2], "little") & 7 == 5:
            assert index + 1 + max(instruction[2], instruction[3]) < count
    assert int.from_bytes(code[-8:-6], "little") == 6
