"""Two keepers for every run, so that either may be killed.

The *outer* keeper forks the *inner* one, which forks the command and watches it. Both are subreapers: if the
inner one is killed, the kernel gives the command (running, or ended and not yet buried) to the outer one, which
goes on watching and records the exit status. If the outer one is killed, nothing happens. If both are killed, the
command goes on, and the engine's next turn starts a keeper that adopts it.
"""

import contextlib
import json
import os
import signal
import sys
import time

from . import facts, isolate, kernel
from .command import become
from .procs import Tree
from .watch import Watch, never_started


def main(folder):
    """Takes charge of the run in ``folder`` as its state demands: start it, adopt it, or leave it alone."""
    os.chdir("/")
    os.umask(0o077)
    lock = facts.claim(folder, patience_s=1.0)
    if lock is None or facts.exists(folder, facts.EXIT):
        return
    if os.fork():  # the worker waits for this process only, which by now has the run locked
        os._exit(0)
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # what shuts AISC down does not shut down its jobs
    _be_hard_to_kill_for_memory()
    launch = facts.read(folder, facts.LAUNCH)
    start = facts.read(folder, facts.START)
    if start is not None:
        _adopt(folder, launch, start)
    else:
        _start(folder, launch)
    facts.wake(os.path.dirname(os.path.dirname(folder)))
    _tidy(folder)
    os._exit(0)


def try_isolation(folder, plan):
    """For the engine: exit code 0 where this machine can isolate as ``plan`` (JSON) says, else 1 and why."""
    os.chdir("/")
    os.umask(0o077)
    try:
        isolate.trial(folder, json.loads(plan))
    except OSError as error:
        sys.exit(error.strerror)


def _tidy(folder):
    """Buries who is left and removes what the job put into its /tmp. Nobody waits for this."""
    if not facts.exists(folder, facts.EXIT):
        return
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    import shutil  # large, and needed by nothing before

    shutil.rmtree(os.path.join(folder, facts.TMP), ignore_errors=True)


def _adopt(folder, launch, start):
    first = start.get("first")
    known = [(start["pid"], start["born"]), *([tuple(first)] if first else [])]
    marker = None if first else f"AISC_RUN_FOLDER={folder}".encode()
    tree = Tree(start["pid"], marker=marker, known=known, first=first)
    Watch(folder, launch, start, tree, parent=False).run()


def _start(folder, launch):
    if facts.exists(folder, facts.CANCEL):
        never_started(folder, "cancelled", "cancelled")
        return
    facts.forget(folder, facts.EXEC_ERROR)  # of an attempt that was never committed
    facts.reserve_exit(folder)
    _become_subreaper()
    outer = os.getpid()
    inner = os.fork()
    if inner == 0:
        _keep_inner(folder, launch, outer)
    os.waitpid(inner, 0)
    if not facts.exists(folder, facts.EXIT):
        _watch_child(folder, launch)


def _keep_inner(folder, launch, outer):
    try:
        _become_subreaper()  # not inherited
        inner = os.getpid()
        plan = launch["isolation"]
        first = isolate.found(folder, plan) if plan["level"] == isolate.NAMESPACES else None
        if os.fork() == 0:
            become(folder, launch, (inner, outer), first)
        if first:
            first.let_go()
        _watch_child(folder, launch)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(0)


def _watch_child(folder, launch):
    """Watches the command, which is this process's child, once it has started; or buries it where it gave up."""
    while True:
        start = facts.read(folder, facts.START)
        if start is not None:
            tree = Tree(start["pid"], root=os.getpid(), first=start["first"])
            Watch(folder, launch, start, tree, parent=True).run()
            return
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return  # nobody to wait for and nothing committed: the engine will start the run again
        if ended is not None and not facts.exists(folder, facts.START):
            os.waitpid(ended.si_pid, 0)
            failure = facts.read(folder, facts.EXEC_ERROR)
            if failure is not None:
                never_started(folder, "failed", "command_not_found", failure["exit_code"])
                return
        time.sleep(0.002)


def _become_subreaper():
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


def _be_hard_to_kill_for_memory():
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("-500")
    except OSError:  # only root may
        pass
