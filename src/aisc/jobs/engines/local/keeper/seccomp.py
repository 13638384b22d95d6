"""A filter of system calls: what no job needs and what kernels were broken through.

A list of what is refused, not of what is allowed: jobs are any program at all. Refused are other namespaces (a user
namespace of its own would give a job the whole of the kernel's mount and network code to try), mounting, keys,
modules, tracing the kernel, and io_uring, whose requests no other filter sees. ``clone3`` "does not exist", so that
the C library falls back to ``clone``, whose flags can be looked at.
"""

import ctypes
import errno
import os
import struct

from . import kernel

_SECCOMP_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in what the filter is shown
_X32 = 0x40000000  # another numbering of the same calls

_NEW = (425, 426, 427, 428, 429, 430, 431, 432, 433, 442)  # io_uring, the newer mount calls
_CLONE3 = 435
# (audit architecture, clone, unshare, the other refused ones)
_CALLS = {
    "x86_64": (
        0xC000003E,
        56,
        272,
        # pivot_root chroot acct settimeofday mount umount2 swapon swapoff reboot iopl ioperm init_module
        # delete_module quotactl lookup_dcookie kexec_load add_key request_key keyctl perf_event_open fanotify_init
        # open_by_handle_at setns kcmp finit_module kexec_file_load bpf userfaultfd syslog
        (
            155,
            161,
            163,
            164,
            165,
            166,
            167,
            168,
            169,
            172,
            173,
            175,
            176,
            179,
            212,
            246,
            248,
            249,
            250,
            298,
            300,
            304,
            308,
            312,
            313,
            320,
            321,
            323,
            103,
        ),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        97,
        # lookup_dcookie umount2 mount pivot_root chroot quotactl acct kexec_load init_module delete_module syslog
        # reboot settimeofday add_key request_key keyctl swapon swapoff perf_event_open fanotify_init
        # open_by_handle_at setns kcmp finit_module bpf userfaultfd kexec_file_load
        (
            18,
            39,
            40,
            41,
            51,
            60,
            89,
            104,
            105,
            106,
            116,
            142,
            170,
            217,
            218,
            219,
            224,
            225,
            241,
            262,
            265,
            268,
            272,
            273,
            280,
            282,
            294,
        ),
    ),
}


def program(machine):
    """The filter for ``machine`` as the kernel reads it: 8 bytes an instruction. KeyError for one not known here."""
    architecture, clone, unshare, others = _CALLS[machine]
    refused = [*others, *_NEW]
    code = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    code += [(_LOAD, 0, 0, _NUMBER)]
    code += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    code += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for number in refused:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code += [(_EQUAL, 2, 0, clone), (_EQUAL, 1, 0, unshare), (_RETURN, 0, 0, _ALLOW)]
    code += [(_LOAD, 0, 0, _FIRST_ARGUMENT), (_ANY_BIT, 0, 1, kernel.CLONE_NEWUSER)]
    code += [(_RETURN, 0, 0, _ERRNO | errno.EPERM), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *each) for each in code)


def install():
    """Filters this process from now on and for good; on a machine without a list here, and where the kernel has no
    filters, nothing happens."""
    try:
        code = program(os.uname().machine)
    except KeyError:
        return
    held = ctypes.create_string_buffer(code, len(code))
    description = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(held))
    given = ctypes.create_string_buffer(description, len(description))
    try:
        kernel.prctl(kernel.PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(given))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
