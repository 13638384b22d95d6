"""Keeping a job apart: its own namespaces with a first process in them, and privileges given up for good.

The inner keeper unshares the process namespace, so that its next child, the *first process*, is number 1 in there.
That one builds the rest (mounts, network, host name, shared memory), then does nothing but bury orphans. The
command is the keeper's second child: it joins what the first has built. So the command stays a child of the keeper,
which sees its true exit status, and whoever ends the first process ends, by the kernel's hand, everything that the
job ever started.

The plan (of ``launch.json``) says how. ``level``: ``namespaces``, ``users`` (another user, nothing more) or ``none``.
``uid``: whom the job becomes; ``None`` for the user that runs AISC, who then gets a user namespace.
"""

import contextlib
import fcntl
import os
import signal
import socket
import struct
import sys

from . import kernel, seccomp, view
from .procs import look

NAMESPACES = "namespaces"
USERS = "users"
_WITH_THE_FIRST = kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
_READY, _ENTERED, _SEALED, _COMMITTED = b"r", b"e", b"s", b"c"


class First:
    """The first process of a job's namespaces, as the keeper and the command know it."""

    def __init__(self, pid, hear, tell):
        self.pid = pid
        self._hear, self._tell = hear, tell
        self._handle = os.pidfd_open(pid)
        self.key = look(pid).key

    def join(self, plan):
        """Called by the command: moves into what the first process has built. Raises OSError where it could not."""
        if os.read(self._hear, 1) != _READY:
            raise OSError(0, "the first process could not build the namespaces")
        kernel.enter(self._handle, _flags(plan))
        os.write(self._tell, _ENTERED)
        if os.read(self._hear, 1) != _SEALED:
            raise OSError(0, "the first process is gone")

    def committed(self):
        """Called by the command: from now on the first process stays without anybody who wants it."""
        os.write(self._tell, _COMMITTED)

    def let_go(self):
        """Called by the keeper: the ends of the pipes are the command's alone."""
        for descriptor in (self._hear, self._tell, self._handle):
            os.close(descriptor)


def found(folder, plan):
    """Called by the keeper: makes the namespaces and their first process. Raises OSError."""
    if plan["uid"] is None:
        _become_user(plan["inside_uid"])
    kernel.unshare(kernel.CLONE_NEWPID)
    told, tell = os.pipe()
    hear, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _be_first(folder, plan, told, say)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
        finally:
            os._exit(1)
    os.close(told)
    os.close(say)
    return First(pid, hear, tell)


def _flags(plan):
    return _WITH_THE_FIRST | (kernel.CLONE_NEWNET if plan["network"] == "none" else 0)


def _become_user(inside):
    """A user namespace in which this process may do what root may, to nothing but what is in it."""
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    # Without this, who may be kept out of a file by a group could leave the group.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{inside} {uid} 1"), ("gid_map", f"{inside} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _be_first(folder, plan, told, say):
    """Never returns. Whatever this process has in its hands, the job could reach for: so it lets go of everything."""
    os.setsid()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    kernel.unshare(_flags(plan))
    socket.sethostname(view.HOST_NAME)
    if plan["network"] == "none":
        _loopback_up()
    root = os.path.join(folder, "view")
    with contextlib.suppress(FileExistsError):
        os.mkdir(root, 0o700)
    view.build(root, plan)
    os.write(say, _READY)
    if os.read(told, 1) != _ENTERED:
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    keep = sorted({told, say})
    start = 3
    for descriptor in (*keep, os.sysconf("SC_OPEN_MAX")):
        os.closerange(start, min(descriptor, 65_536))
        start = descriptor + 1
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # its memory and its descriptors are nobody's business
    os.write(say, _SEALED)
    if os.read(told, 1) != _COMMITTED:
        os._exit(1)
    os.close(told)
    os.close(say)
    while True:
        signal.sigtimedwait([signal.SIGCHLD], 60)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _loopback_up():
    """A job's own 127.0.0.1, for programs that talk to themselves."""
    siocgifflags, siocsifflags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH22x", b"lo", 0)
        flags = struct.unpack_from("H", fcntl.ioctl(any_socket, siocgifflags, request), 16)[0]
        fcntl.ioctl(any_socket, siocsifflags, struct.pack("16sH22x", b"lo", flags | up))


def give_up_privileges(plan):
    """Called by the command, last before it is executed: nothing that it or its children do gives them back."""
    if plan["level"] == "none":
        return
    if plan["uid"] is not None:
        with contextlib.suppress(OSError):  # this and the next need what the next takes away
            for number in range(64):
                kernel.prctl(kernel.PR_CAPBSET_DROP, number)
        os.setgroups([])
        os.setresgid(plan["uid"], plan["uid"], plan["uid"])
        os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.install()


def trial(folder, plan):
    """Makes everything as for a job, and runs nothing in it. Raises OSError where this machine does not let it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _try(folder, plan)
            code = 0
        except OSError as error:
            sys.stderr.write(f"{error.strerror or error}\n")
            sys.stderr.flush()
        finally:
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise OSError(0, f"this machine does not allow it ({plan['level']})")


def _try(folder, plan):
    first = found(folder, plan) if plan["level"] == NAMESPACES else None
    child = os.fork()
    if child == 0:
        try:
            if first:
                first.join(plan)
            give_up_privileges(plan)
            os.stat(plan["python"])
            os.chdir(plan["probe"])
            os.close(os.open(os.path.join(plan["probe"], "written"), os.O_WRONLY | os.O_CREAT, 0o600))
            os._exit(0)
        except OSError as error:
            sys.stderr.write(f"{error.filename or ''} {error.strerror or error}\n")
            sys.stderr.flush()
        finally:
            os._exit(1)
    if first:
        first.let_go()
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise OSError(0, "a trial run failed")
