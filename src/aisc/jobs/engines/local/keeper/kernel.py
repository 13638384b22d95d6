"""The system calls that Python 3.11 does not have, by number or through the C library. Each raises OSError."""

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

MOUNT_ATTR_RDONLY = 1
MOUNT_ATTR_NOSUID = 2
MOUNT_ATTR_NODEV = 4

PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_SYS_MOUNT_SETATTR = 442  # the same on every architecture, as all calls since Linux 5.0
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
# Where an argument is narrower than a register, what is above it must not be left to chance.
_libc.syscall.restype = ctypes.c_long


def _check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def prctl(what, *arguments):
    padded = [ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:4]]
    return _check(_libc.prctl(what, *padded))


def unshare(flags):
    _check(_libc.unshare(flags))


def enter(handle, flags):
    """Joins those namespaces of the process of a pidfd that ``flags`` name (Linux 5.8)."""
    _check(_libc.setns(handle, flags))


def mount(source, target, kind=None, flags=0, options=None):
    encoded = [None if each is None else os.fsencode(each) for each in (source, target, kind, options)]
    _check(_libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]))


def unmount(target):
    """Lazily: from here on it is gone from sight, and from the disk when nobody uses it any more."""
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH))


def restrict_mounts(target, attributes):
    """Sets ``attributes`` on the mount at ``target`` and on all below it, or on none of them (Linux 5.12)."""
    values = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    number = ctypes.c_long(_SYS_MOUNT_SETATTR)
    path = ctypes.c_char_p(os.fsencode(target))
    _check(
        _libc.syscall(number, ctypes.c_long(_AT_FDCWD), path, ctypes.c_long(_AT_RECURSIVE), values, ctypes.c_long(32))
    )


def pivot_root_here():
    """Makes the current folder, a mount point, the root of this mount namespace, and lets go of the old root."""
    here = ctypes.c_char_p(b".")
    _check(_libc.syscall(ctypes.c_long(_SYS_PIVOT_ROOT[os.uname().machine]), here, here))
    unmount(".")
    os.chdir("/")


def drop_capabilities():
    """Gives up every capability for good: of this process, and of whatever it executes."""
    for number in range(64):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError:  # not one of this kernel's, or not ours to drop
            break
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.syscall(ctypes.c_long(_SYS_CAPSET[os.uname().machine]), header, nothing))
