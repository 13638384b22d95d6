"""What becomes of the forked child: it dons the limits, commits the run, and turns into the job's command."""

import contextlib
import errno
import json
import os
import resource
import signal

from . import facts, isolate
from .procs import Process

NOT_STARTED = 75  # exit code of a child that gave up before the commit: the run is as good as new
NOT_EXECUTABLE = 126
NOT_FOUND = 127


def become(folder, launch, keepers, first):
    """Never returns. ``keepers``: the processes of which one must still be there to see the end. ``first``: the
    first process of the job's namespaces, where it has some.

    Until ``start.json`` is in place nothing of the job has run, and the run may be started again; from then on it
    never is. Between the two there is nothing but giving up privileges and the call of ``exec`` itself.
    """
    plan = launch["isolation"]
    try:
        _detach(folder)
        _limit(launch)
        # What is opened now is reached from inside as well, where these files have no path. None of it survives
        # ``exec``. /proc/self is looked at before there is another /proc, so it has this machine's numbers.
        own = os.open("/proc/self/stat", os.O_RDONLY | os.O_CLOEXEC)
        pid = int(os.readlink("/proc/self"))
        files = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        trouble = os.open(facts.EXEC_ERROR, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600, dir_fd=files)
        if first:
            first.join(plan)
        try:
            os.chdir(launch["workdir"])
        except OSError as error:
            _cannot(trouble, f"cannot enter the working directory {launch['workdir']}: {error.strerror}", error)
        seen = Process(pid, os.pread(own, 4096, 0))
        if seen.parent not in keepers:
            os._exit(NOT_STARTED)
        started = facts.now_ms()
        facts.write(
            f"/proc/self/fd/{files}",
            facts.START,
            {
                "pid": pid,
                "born": seen.born,
                "first": first and first.key,
                "boot": launch["boot"],
                "started_ms": started,
                "started_at": launch["epoch_ms"] + started,
            },
        )
        if first:
            first.committed()
        isolate.give_up_privileges(plan)
        try:
            os.execvpe(launch["argv"][0], launch["argv"], launch["env"])  # noqa: S606
        except OSError as error:
            _cannot(trouble, f"cannot run {launch['argv'][0]}: {error.strerror}", error)
    except OSError as error:
        os.write(2, f"aisc: cannot start: {error.strerror or error}\n".encode())
    finally:
        os._exit(NOT_STARTED)


def _cannot(trouble, message, error):
    """Tells why in the log and in a fact; this run has ended. The fact was opened while that was allowed."""
    code = NOT_FOUND if error.errno in (errno.ENOENT, errno.ENOTDIR) else NOT_EXECUTABLE
    os.write(trouble, json.dumps({"message": message, "exit_code": code}).encode())
    os.write(2, f"aisc: {message}\n".encode())
    os._exit(code)


def _detach(folder):
    """Own session, plain signals, no input, and the log as output: nothing is left of the keeper but the limits."""
    os.setsid()
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o077)
    log = os.open(os.path.join(folder, facts.LOG), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)


def _limit(launch):
    most = launch["max_file_mb"] << 20
    _set(resource.RLIMIT_FSIZE, most)
    _set(resource.RLIMIT_CORE, 0)
    # The kernel counts per user, all runs of it (and the portal, where it is the same) together: only a backstop.
    uid = launch["isolation"]["uid"]
    if uid is not None or os.geteuid() != 0:
        _set(resource.RLIMIT_NPROC, _threads_of(os.getuid() if uid is None else uid) + 4 * launch["max_processes"])
    _quietly(os.setpriority, os.PRIO_PROCESS, 0, launch["nice"])
    if launch["pin"]:
        _quietly(os.sched_setaffinity, 0, launch["cpu_ids"])
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(launch["oom_score_adj"]))
    except OSError:
        pass


def _threads_of(user):
    """How many threads a user has now: each counts against the limit."""
    count = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.stat(f"/proc/{entry}").st_uid == user:
                    count += len(os.listdir(f"/proc/{entry}/task"))
            except OSError:  # ended meanwhile
                pass
    return count


def _set(what, value):
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    _quietly(resource.setrlimit, what, (value, value))


def _quietly(function, *arguments):
    """For what is good to have but may be refused to an ordinary user."""
    with contextlib.suppress(OSError, ValueError):
        function(*arguments)
