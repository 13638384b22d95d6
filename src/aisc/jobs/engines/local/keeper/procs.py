"""The processes of one run: finding all of them, measuring them, and ending all of them."""

import contextlib
import os
import signal
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK_MS = 1000 // os.sysconf("SC_CLK_TCK")
DEAD = "ZX"


class Process:
    """One line of ``/proc/<pid>/stat``. ``born`` (in clock ticks) tells it from a later user of its number."""

    __slots__ = ("born", "cpu_ms", "parent", "pid", "rss", "state")

    def __init__(self, pid, stat):
        fields = stat.rpartition(b") ")[2].split()
        self.pid = pid
        self.state = fields[0].decode()
        self.parent = int(fields[1])
        # Its own time and that of the children it has waited for.
        self.cpu_ms = sum(map(int, fields[11:15])) * TICK_MS
        self.born = int(fields[19])
        self.rss = int(fields[21]) * PAGE

    @property
    def key(self):
        return self.pid, self.born

    @property
    def alive(self):
        return self.state not in DEAD


def look(pid):
    """The process, or ``None`` where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            return Process(pid, file.read())
    except (OSError, IndexError):
        return None


def is_alive(pid, born):
    """Whether that very process still runs (a zombie has ended)."""
    process = look(pid)
    return process is not None and process.born == born and process.alive


def proportional_memory(pid):
    """Bytes of memory with shared pages divided among their users, and how many of them are shared memory and files
    in memory; 0 and 0 where it cannot be read."""
    found = {b"Pss:": 0, b"Pss_Shmem:": 0}
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                name, amount = line.split()[:2]
                if name in found:
                    found[name] = int(amount) * 1024
    except OSError:
        pass
    return found[b"Pss:"], found[b"Pss_Shmem:"]


def send(process, number):
    """Signals exactly that process, or nobody where it has ended and its number was given away."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return
    try:
        now = look(process.pid)
        if now is not None and now.born == process.born:
            signal.pidfd_send_signal(handle, number)
    except OSError:
        pass
    finally:
        os.close(handle)


class Tree:
    """All processes of a run.

    A keeper that started the command is its *subreaper*: whatever the job does (daemonise, new session), its
    processes stay below ``root``, the keeper. A keeper that adopted the command has no such hold and no root: it
    knows those in ``known``, every process that carries ``marker`` in its environment, and all who descend from
    one it ever saw.

    A process that is not ours never becomes ours, so it is looked at once (``_foreign``) and not four times a
    second; a full scan from time to time allows for numbers that were given out again.

    Where the job has a process namespace, everything in it descends from the command or from its first process,
    which inherits the orphans: so they are known to an adopting keeper too, whatever they hide.
    """

    FULL_SCAN_EVERY = 8

    def __init__(self, command, root=None, marker=None, known=(), first=None):
        self.command = command  # its exit status must stay for whoever records it, so it is never reaped here
        self.first = first and tuple(first)  # number and birth of the first process of the job's namespaces
        self.root = root
        self.marker = marker
        self._known = set(known)
        self._foreign = set()
        self._scans = 0

    def scan(self, full=False):
        """The processes of the run now, zombies included, highest number first."""
        if full or self._scans % self.FULL_SCAN_EVERY == 0:
            self._foreign.clear()
        self._scans += 1
        table = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                pid = int(entry)
                if pid not in self._foreign and (process := look(pid)) is not None:
                    table[pid] = process
        verdicts = {}
        ours = [p for p in table.values() if self._is_ours(p, table, verdicts)]
        self._foreign.update(pid for pid, verdict in verdicts.items() if verdict is False)
        if self.root is None:
            self._known = {p.key for p in ours}
        return sorted(ours, key=lambda p: p.pid, reverse=True)

    def _is_ours(self, process, table, verdicts):
        """Walks up to one of ours, to a stranger (``False``), or to someone who just died (``None``: unclear)."""
        path = []
        at = process
        while True:
            if at.pid in verdicts:
                verdict = verdicts[at.pid]
                break
            path.append(at.pid)
            if at.parent == self.root or at.key in self._known or self._is_marked(at):
                verdict = True
                break
            if at.parent == 0 or at.parent in self._foreign:
                verdict = False
                break
            if at.parent not in table or at.parent in path:
                verdict = None
                break
            at = table[at.parent]
        verdicts.update(dict.fromkeys(path, verdict))
        return verdict

    def _is_marked(self, process):
        if self.marker is None:
            return False
        try:
            with open(f"/proc/{process.pid}/environ", "rb") as file:
                return self.marker in file.read().split(b"\0")
        except OSError:
            return False

    def signal(self, number):
        """Signals every process of the run once."""
        for process in self.scan(full=True):
            if process.alive and process.key != self.first:
                send(process, number)

    def reap(self, processes):
        """Buries the dead among ``processes`` that are this keeper's to bury: orphans of the job."""
        for process in processes:
            if process.parent == self.root and not process.alive and process.pid != self.command:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)

    def kill(self, patience_s=0.5):
        """Ends every process of the run, however fast they multiply; whether none is left.

        With the first process of a namespace the kernel kills all that are in it. It stays, dying, until the
        command is buried, which is not done here: so it does not count as left.

        Otherwise first stops them all until a scan finds nobody new, alive or dead (what is stopped cannot fork,
        and what is not cannot help being new in the next scan), then kills them all at once.
        """
        give_up = time.monotonic() + patience_s
        first = self.first and look(self.first[0])
        if first and first.key == self.first:
            send(first, signal.SIGKILL)
        with Urgency():
            while time.monotonic() < give_up:
                processes = self._freeze(give_up)
                alive = [p for p in processes if p.alive and p.key != self.first]
                for process in alive:
                    send(process, signal.SIGKILL)
                self.reap(processes)
                if not alive:
                    return True
                time.sleep(0.001)
        return False

    def _freeze(self, give_up):
        seen = set()
        while True:
            processes = self.scan(full=True)
            new = [p for p in processes if p.key not in seen]
            for process in new:
                if process.alive and process.key != self.first:
                    send(process, signal.SIGSTOP)
                seen.add(process.key)
            if not new or time.monotonic() >= give_up:
                return processes


class Urgency:
    """Runs before every ordinary process while it lasts, where that is permitted: a fork bomb leaves no time."""

    def __enter__(self):
        self._change(os.SCHED_RR, 1)

    def __exit__(self, *_):
        self._change(os.SCHED_OTHER, 0)

    @staticmethod
    def _change(policy, priority):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, policy, os.sched_param(priority))
