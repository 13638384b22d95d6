"""What becomes of the forked child: it dons the limits, commits the run, and turns into the job's command."""

import contextlib
import errno
import os
import resource
import signal

from . import facts
from .procs import look

NOT_STARTED = 75  # exit code of a child that gave up before the commit: the run is as good as new
NOT_EXECUTABLE = 126
NOT_FOUND = 127


def become(folder, launch, keepers):
    """Never returns. ``keepers``: the processes of which one must still be there to see the end.

    Until ``start.json`` is in place nothing of the job has run, and the run may be started again; from then on it
    never is. Between the two there is nothing but the call of ``exec`` itself.
    """
    try:
        _detach(folder)
        _limit(launch)
        try:
            os.chdir(launch["workdir"])
        except OSError as error:
            _cannot(folder, f"cannot enter the working directory {launch['workdir']}: {error.strerror}", error)
        if os.getppid() not in keepers:
            os._exit(NOT_STARTED)
        started = facts.now_ms()
        facts.write(
            folder,
            facts.START,
            {
                "pid": os.getpid(),
                "born": look(os.getpid()).born,
                "boot": launch["boot"],
                "started_ms": started,
                "started_at": launch["epoch_ms"] + started,
            },
        )
        try:
            os.execvpe(launch["argv"][0], launch["argv"], launch["env"])  # noqa: S606
        except OSError as error:
            _cannot(folder, f"cannot run {launch['argv'][0]}: {error.strerror}", error)
    finally:
        os._exit(NOT_STARTED)


def _cannot(folder, message, error):
    """Tells why in the log and in a fact; this run has ended."""
    code = NOT_FOUND if error.errno in (errno.ENOENT, errno.ENOTDIR) else NOT_EXECUTABLE
    facts.write(folder, facts.EXEC_ERROR, {"message": message, "exit_code": code})
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
    if os.geteuid() != 0:  # the kernel counts per user, all runs and the portal together: only a backstop
        _set(resource.RLIMIT_NPROC, _threads_of_user() + 4 * launch["max_processes"])
    _quietly(os.setpriority, os.PRIO_PROCESS, 0, launch["nice"])
    if launch["pin"]:
        _quietly(os.sched_setaffinity, 0, launch["cpu_ids"])
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(launch["oom_score_adj"]))
    except OSError:
        pass


def _threads_of_user():
    """How many threads this user has now: each counts against the limit."""
    user, count = os.getuid(), 0
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
