"""The file system that an isolated job sees: built from nothing, in a mount namespace of its own.

===============  ======================================================================================
``/workspace``   the project's files, and with ``/tmp`` all that can be written
``/tmp``         private, on disk, gone when the run has ended
``/usr`` …       the machine's programs and libraries, the Python environment, the templates: read only
``/etc``         what programs look for: certificates, name resolution, time zone; made-up users
``/proc``        of the job's own processes
``/dev``         null, zero, random, terminals, shared memory, and the GPUs that were assigned
===============  ======================================================================================
"""

import os
import stat

from . import kernel

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
ETC = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "fonts", "gai.conf", "host.conf",
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf", "localtime", "mime.types",
    "nsswitch.conf", "nvidia", "OpenCL", "pki", "protocols", "resolv.conf", "services", "ssl", "timezone", "vulkan",
)  # fmt: skip
TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
HOST_NAME = "job"
READ_ONLY = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
WRITABLE = kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV


def build(root, plan):
    """Makes the view below ``root``, an empty folder, and moves into it. Raises OSError."""
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755,size=4m")
    os.umask(0o022)
    _system(root)
    _etc(root, plan)
    _dev(root, plan)
    os.mkdir(f"{root}/proc")
    kernel.mount("proc", f"{root}/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    # A Python environment may itself lie below /tmp: it is shown in the job's own /tmp, so that goes first.
    for source, inside in plan["writable"]:
        bind(source, root + inside, WRITABLE)
    for source, inside in plan["read_only"]:
        bind(source, root + inside, READ_ONLY)
    for path in plan["hidden"]:
        if os.path.isdir(root + path):
            kernel.mount("tmpfs", root + path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755,size=4k")
    os.makedirs(f"{root}/var", exist_ok=True)
    os.symlink("/tmp", f"{root}/var/tmp")  # noqa: S108 - the job's own
    os.chdir(root)
    kernel.pivot_root_here()
    kernel.mount(
        None, "/", None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV
    )
    os.umask(0o077)


def bind(source, target, attributes):
    """Shows ``source`` at ``target`` with all that is mounted below it. What is not on this machine is left out."""
    try:
        is_folder = stat.S_ISDIR(os.stat(source).st_mode)
    except OSError:
        return
    if is_folder:
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o644))
    kernel.mount(source, target, None, kernel.MS_BIND | kernel.MS_REC)
    kernel.restrict_mounts(target, attributes)


def _system(root):
    bind("/usr", f"{root}/usr", READ_ONLY)
    for name in TOP:
        path = f"/{name}"
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        else:
            bind(path, root + path, READ_ONLY)


def _etc(root, plan):
    os.mkdir(f"{root}/etc")
    for name in ETC:
        # A link is taken for what it leads to: resolv.conf leads into /run, which is not shown.
        bind(os.path.realpath(f"/etc/{name}"), f"{root}/etc/{name}", READ_ONLY)
    user = f"{plan['inside_uid']}:{plan['inside_uid']}"
    texts = {
        "passwd": f"root:x:0:0::/:/bin/sh\njob:x:{user}::/workspace:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
        "group": f"root:x:0:\njob:x:{plan['inside_uid']}:\nnogroup:x:65534:\n",
        "hosts": f"127.0.0.1 localhost {HOST_NAME}\n::1 localhost ip6-localhost\n",
        "hostname": f"{HOST_NAME}\n",
    }
    for name, text in texts.items():
        with open(f"{root}/etc/{name}", "w") as file:
            file.write(text)


def _dev(root, plan):
    os.mkdir(f"{root}/dev")
    for name in DEVICES:
        _device(root, f"/dev/{name}")
    for path in plan["devices"]:
        _device(root, path)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    os.symlink("pts/ptmx", f"{root}/dev/ptmx")
    shared_memory = f"{root}/dev/shm"  # noqa: S108 - the job's own
    os.mkdir(shared_memory)
    options = f"mode=1777,size={plan['shm_mb']}m"
    kernel.mount("tmpfs", shared_memory, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    os.mkdir(f"{root}/dev/pts")
    flags = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount("devpts", f"{root}/dev/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=620")
    # How many processors and memory nodes there are, for those who compute; all of it for those with a GPU.
    os.mkdir(f"{root}/sys")
    if plan["devices"]:
        bind("/sys", f"{root}/sys", READ_ONLY)
    else:
        bind("/sys/devices/system", f"{root}/sys/devices/system", READ_ONLY)


def _device(root, path):
    """Binds one device. Not with ``nodev``, as every other mount here."""
    if not os.path.exists(path):
        return
    os.makedirs(os.path.dirname(root + path), exist_ok=True)
    os.close(os.open(root + path, os.O_WRONLY | os.O_CREAT, 0o644))
    kernel.mount(path, root + path, None, kernel.MS_BIND)
    kernel.restrict_mounts(root + path, kernel.MOUNT_ATTR_NOSUID)
