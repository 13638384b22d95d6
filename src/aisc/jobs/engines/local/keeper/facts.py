"""The files by which keepers and the engine tell each other what happened to a run.

Everything lies in the run's folder. A file is either absent or whole, because it is written aside and renamed.

=================  ==================  ==========================================================================
file               written by          says
=================  ==================  ==========================================================================
``launch.json``    engine              what to run and under which limits
``keeper.lock``    keepers             locked for as long as any keeper (or the command before ``exec``) lives
``start.json``     the command itself  *the commit*: written last before ``exec``; absent = never ran, run it
``exec_error.json``the command itself  it could not be executed, and why; empty where it could
``heartbeat.json`` keeper              usage up to now, at least once a second
``cancel``         engine              please end
``stop.json``      keeper              why the keeper is ending the command; written before the first signal
``exit.json``      keeper              the end; nothing changes after it
``output.log``     the job             its standard output and error, appended by the job with no pipe between
``said/``          the job             ``progress.json``: how far it says it is
``tmp/``           the job             its /tmp; removed when it has ended
``view/``          keeper              an empty folder on which the job's file system is built
=================  ==================  ==========================================================================
"""

import contextlib
import fcntl
import json
import os
import time

LAUNCH = "launch.json"
LOCK = "keeper.lock"
START = "start.json"
EXEC_ERROR = "exec_error.json"
HEARTBEAT = "heartbeat.json"
CANCEL = "cancel"
STOP = "stop.json"
EXIT = "exit.json"
EXIT_RESERVE = "exit.reserve"
LOG = "output.log"
SAID = "said"
PROGRESS = "progress.json"
TMP = "tmp"

RESERVE_BYTES = 4096


def now_ms() -> int:
    """Milliseconds since the machine started, asleep or not: the clock of everything that is charged."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def boot_id() -> str:
    """Names this life of the machine. A restarted container has a new process 1, so it counts as well."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            kernel = file.read().strip()
        with open("/proc/1/stat", "rb") as file:
            first_process = file.read().rpartition(b") ")[2].split()[19].decode()
    except OSError as error:  # a sandbox that hides them
        return f"unknown-{error.errno}"
    return f"{kernel}.{first_process}"


def read(folder, name):
    """The fact, or ``None`` where it is absent (or, by someone else's hand, not JSON)."""
    try:
        with open(os.path.join(folder, name), "rb") as file:
            fact = json.load(file)
    except (OSError, ValueError):
        return None
    return fact if isinstance(fact, dict) else None


def exists(folder, name):
    return os.path.exists(os.path.join(folder, name))


def write(folder, name, fact, durable=True):
    """Writes a fact whole or not at all. Raises OSError (disk full). ``durable``: survives a power cut."""
    path = os.path.join(folder, name)
    aside = f"{path}.{os.getpid()}"
    try:
        with open(aside, "wb") as file:
            file.write(json.dumps(fact).encode())
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.rename(aside, path)
    except OSError:
        forget(*os.path.split(aside))
        raise
    if durable:
        _sync_folder(folder)


def forget(folder, name):
    """Removes a fact, or anything else in the folder; none is fine."""
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(folder, name))


def reserve_exit(folder):
    """Takes the disk space of ``exit.json`` before the run starts, so that a full disk cannot hide its end."""
    with open(os.path.join(folder, EXIT_RESERVE), "wb") as file:
        file.write(b" " * RESERVE_BYTES)
        file.flush()
        os.fsync(file.fileno())


def write_exit(folder, fact):
    """Writes ``exit.json`` over the space reserved for it. Raises OSError; safe to try again."""
    reserve = os.path.join(folder, EXIT_RESERVE)
    text = json.dumps(fact).encode().ljust(RESERVE_BYTES - 1) + b"\n"
    descriptor = os.open(reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, text, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(reserve, os.path.join(folder, EXIT))
    _sync_folder(folder)


def claim(folder, patience_s=0.0):
    """Takes the run for this process and its forks; the descriptor, or ``None`` where a keeper has it.

    ``patience_s`` outlasts :func:`is_kept`, which holds the lock for an instant to look.
    """
    descriptor = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                os.close(descriptor)
                return None
            time.sleep(0.02)
        else:
            return descriptor


def is_kept(folder):
    """Whether some keeper of the run is alive."""
    descriptor = claim(folder)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def wake(root):
    """Tells a waiting worker to look now rather than at its next turn. Never fails, never blocks."""
    try:
        descriptor = os.open(os.path.join(root, "wake"), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # nobody waits
        return
    try:
        os.write(descriptor, b"!")
    except OSError:  # full: they have been told often enough
        pass
    finally:
        os.close(descriptor)


def _sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
