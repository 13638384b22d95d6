"""Watching over a running command: its limits, its usage, its end."""

import contextlib
import os
import resource
import select
import signal
import time

from . import facts
from .procs import look, proportional_memory

SLOW_S = 0.25  # between two looks at a quiet run
FAST_S = 0.03  # at one that could break a limit before the next slow look
HEARTBEAT_MS = 700  # so that with the pause between looks there is one every second
DURABLE_HEARTBEAT_MS = 10_000  # a power cut may lose this much of a run's usage, never a killed process
DISK_LOOK_MS = 1000
TERMINATED_BY_FILE_SIZE = (int(signal.SIGXFSZ), 128 + int(signal.SIGXFSZ))
TERMINATED_BY_KILL = (int(signal.SIGKILL), 128 + int(signal.SIGKILL))


class Watch:
    """One keeper's watch over one command that has started.

    ``parent``: the command is this process's child, so that its exit status can be had. An adopting keeper sees
    only that it ended.
    """

    def __init__(self, folder, launch, start, tree, parent):
        self.folder = folder
        self.launch = launch
        self.start = start
        self.tree = tree
        self.parent = parent
        self.pid = start["pid"]
        before = facts.read(folder, facts.HEARTBEAT) or {}
        self.cpu_ms = before.get("cpu_ms", 0)
        self.peak = before.get("max_rss", 0)
        self.memory = self.processes = 0
        self.memory_growth = launch["memory_mb"] << 20  # unknown as yet: look again soon
        self.process_growth = 0
        self.stop = facts.read(folder, facts.STOP)
        self.kill_at = self.stop["kill_at_ms"] if self.stop else None
        self.heartbeat_at = self.durable_at = self.disk_at = -DURABLE_HEARTBEAT_MS
        self.oom_kills = _oom_kills()

    def elapsed(self):
        return facts.now_ms() - self.start["started_ms"]

    def run(self):
        """Returns when the command has ended, all its processes are gone, and ``exit.json`` says so."""
        handle = self._open()
        if self.stop is not None:  # another keeper decided it; whether it also said so is not known
            self._ask_to_end()
        while handle is not None and not self._has_ended(handle, self._pause()):
            self._measure()
            self._beat()
            self._judge()
            if self.kill_at is not None and self.elapsed() >= self.kill_at:
                self.tree.kill()
        elapsed = self._last_known_elapsed() if handle is None else self.elapsed()
        while not self.tree.kill():
            self._beat()
        if handle is not None:
            os.close(handle)
        self._record(self._end(elapsed))

    def _open(self):
        """A handle that becomes readable when the command ends; ``None`` where it ended before we came."""
        now = look(self.pid)
        if now is None or now.born != self.start["born"] or not (now.alive or self.parent):
            return None
        try:
            return os.pidfd_open(self.pid)
        except OSError:
            return None

    @staticmethod
    def _has_ended(handle, pause_s):
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(int(pause_s * 1000)))

    def _pause(self):
        """Seconds until the next look: shorter while memory or processes grow towards their limit."""
        racing = (
            self.memory + 8 * self.memory_growth > self.launch["memory_mb"] << 20
            or self.processes + 8 * self.process_growth > self.launch["max_processes"]
        )
        pause = FAST_S if racing else SLOW_S
        deadline = self.kill_at if self.kill_at is not None else self.launch["time_limit_ms"]
        return max(0.0, min(pause, (deadline - self.elapsed()) / 1000 + 0.001))

    def _measure(self):
        processes = self.tree.scan()
        cpu_ms = sum(p.cpu_ms for p in processes) + (_cpu_ms_of_children() if self.parent else 0)
        self.cpu_ms = max(self.cpu_ms, cpu_ms)
        self.tree.reap(processes)  # from now on among the buried children
        alive = [p for p in processes if p.alive and p.key != self.tree.first]
        files = self._memory_files()
        memory = sum(p.rss for p in alive) + files
        if memory > self.launch["memory_mb"] << 20:  # pages shared by several processes were counted for each
            shares = [proportional_memory(p.pid) for p in alive]
            mapped = sum(shared for _, shared in shares)
            memory = sum(share for share, _ in shares) + max(0, files - mapped) or memory
        self.memory_growth = max(0, memory - self.memory)
        self.process_growth = max(0, len(alive) - self.processes)
        self.memory, self.processes = memory, len(alive)
        self.peak = max(self.peak, memory)

    def _memory_files(self):
        """Bytes in the job's own /dev/shm, which are memory whether a process has them mapped or not."""
        if self.tree.first is None:
            return 0
        try:
            at = os.statvfs(f"/proc/{self.tree.first[0]}/root/dev/shm")
        except OSError:
            return 0
        return (at.f_blocks - at.f_bfree) * at.f_frsize

    def _beat(self):
        now = self.elapsed()
        if now - self.heartbeat_at < HEARTBEAT_MS:
            return
        durable = now - self.durable_at >= DURABLE_HEARTBEAT_MS
        try:
            facts.write(self.folder, facts.HEARTBEAT, self._usage(now), durable)
        except OSError:  # disk full: the next one may succeed
            return
        self.heartbeat_at = now
        if durable:
            self.durable_at = now

    def _usage(self, elapsed):
        return {
            "elapsed_ms": elapsed,
            "cpu_ms": self.cpu_ms,
            "max_rss": self.peak,
            "rss": self.memory,
            "processes": self.processes,
        }

    def _judge(self):
        """Ends the command where it must. The first reason stays; a later, harder one only ends it sooner."""
        if self.memory > self.launch["memory_mb"] << 20:
            self._end_it("out_of_memory", "memory_limit", 0)
        elif self.processes > self.launch["max_processes"]:
            self._end_it("over_limit", "process_limit", 0)
        elif self._log_is_full():
            self._end_it("over_limit", "output_limit", 0)
        elif self._disk_is_full():
            self._end_it("over_limit", "disk_full", 0)
        elif self.stop is None and facts.exists(self.folder, facts.CANCEL):
            self._end_it("cancelled", "cancelled", self.launch["grace_ms"])
        elif self.stop is None and self.elapsed() >= self.launch["time_limit_ms"]:
            self._end_it("timeout", "time_limit", self.launch["grace_ms"])

    def _end_it(self, state, reason, grace_ms):
        kill_at = self.elapsed() + grace_ms
        if self.stop is not None:
            self.kill_at = min(self.kill_at, kill_at)
            return
        self.kill_at = kill_at
        self.stop = {"state": state, "reason": reason, "kill_at_ms": kill_at}
        with contextlib.suppress(OSError):  # disk full: this keeper still knows
            facts.write(self.folder, facts.STOP, self.stop)
        if grace_ms:
            self._ask_to_end()

    def _ask_to_end(self):
        self.tree.signal(signal.SIGTERM)
        self.tree.signal(signal.SIGCONT)  # who is stopped could not obey

    def _log_is_full(self):
        try:
            return os.stat(os.path.join(self.folder, facts.LOG)).st_size >= self.launch["max_file_mb"] << 20
        except OSError:
            return False

    def _disk_is_full(self):
        now = self.elapsed()
        if now - self.disk_at < DISK_LOOK_MS:
            return False
        self.disk_at = now
        return any(_free_mb(path) < self.launch["disk_reserve_mb"] for path in (*self.launch["disks"], self.folder))

    def _last_known_elapsed(self):
        """Where nobody saw the end, the run is charged up to the last moment it was known to run."""
        return (facts.read(self.folder, facts.HEARTBEAT) or {}).get("elapsed_ms", 0)

    def _end(self, elapsed):
        code = number = None
        if self.parent:
            code, number = _exit_status(self.pid)
            # The command is dead but not buried, and its namespace's first process, heir of the orphans, with it.
            unburied = [look(self.pid), self.tree.first and look(self.tree.first[0])]
            self.cpu_ms = max(self.cpu_ms, _cpu_ms_of_children() + sum(p.cpu_ms for p in unburied if p))
        state, reason = self._verdict(code, number)
        return {
            **self._usage(elapsed),
            "state": state,
            "reason": reason,
            "exit_code": code,
            "signal": number,
            "started_at": self.start["started_at"],
        }

    def _verdict(self, code, number):
        if self.stop is not None:
            return self.stop["state"], self.stop["reason"]
        if facts.read(self.folder, facts.EXEC_ERROR) is not None:
            return "failed", "command_not_found"
        if code == 0:
            return "completed", ""
        if code is None and number is None:
            return "failed", "exit_status_lost"
        if number == TERMINATED_BY_FILE_SIZE[0] or code == TERMINATED_BY_FILE_SIZE[1] or self._log_is_full():
            return "over_limit", "output_limit"
        killed = number == TERMINATED_BY_KILL[0] or code == TERMINATED_BY_KILL[1]
        if killed and _oom_kills() != self.oom_kills:
            return "out_of_memory", "memory_limit"
        return ("failed", "signal") if number else ("failed", "non_zero_exit")

    def _record(self, end):
        """Writes the end, for as long as it takes: a full disk, even one without the reserve, delays it only.

        Where the folder itself was removed there is nobody left to tell.
        """
        while os.path.isdir(self.folder):
            try:
                facts.write_exit(self.folder, end)
                return
            except OSError:
                time.sleep(0.5)


def never_started(folder, state, reason, exit_code=None):
    """The end of a run whose command did not start and never will. Raises OSError (disk full)."""
    facts.write_exit(
        folder,
        {
            "elapsed_ms": 0,
            "cpu_ms": 0,
            "max_rss": 0,
            "state": state,
            "reason": reason,
            "exit_code": exit_code,
            "signal": None,
            "started_at": None,
        },
    )


def _exit_status(pid):
    """Exit code and signal of an ended child, which is left unburied: were this keeper killed before it has
    recorded them, the next one could still read them."""
    try:
        seen = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None, None
    if seen is None:
        return None, None
    return (seen.si_status, None) if seen.si_code == os.CLD_EXITED else (None, seen.si_status)


def _cpu_ms_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((used.ru_utime + used.ru_stime) * 1000)


def _oom_kills():
    try:
        with open("/proc/vmstat", "rb") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(b"oom_kill ")), 0)
    except OSError:
        return 0


def _free_mb(path):
    try:
        at = os.statvfs(path)
    except OSError:
        return 1 << 40  # gone: not a matter of space
    return at.f_bavail * at.f_frsize >> 20
