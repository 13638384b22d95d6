"""Which isolation this machine allows, found by trying it, and what each run is given of it.

==============  =======================================================================================
level           what a job cannot do
==============  =======================================================================================
``namespaces``  see any file, process, device or network service but what :mod:`.keeper.view` shows it
``users``       read or change files of AISC and of other projects, or signal their processes; it sees
                that they exist, and reaches the network. Needs root, for a user of each project's own
``none``        nothing is kept from it: it runs as the user that runs AISC
==============  =======================================================================================

As root, each project has a user number of its own with either of the first two: what a mistake in one
layer would let through, the other still stops.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from aisc.jobs.engines.base import RunSpec

from .keeper import facts

# Never used by distributions, systemd or container engines (systemd's “Users, Groups, UIDs and GIDs”).
FIRST_UID = 2_000_000_000
UIDS = 100_000
INSIDE_UID = 1000  # of a job in a user namespace, where one number is all there is
WORKSPACE = "/workspace"
RUN_FOLDER = "/run/aisc"
TRIAL_S = 20
_UNDER_USR = ("/usr", "/bin", "/lib", "/lib64", "/sbin")


class Level(StrEnum):
    NAMESPACES = "namespaces"
    USERS = "users"
    NONE = "none"


class Wanted(StrEnum):
    """What the operator asks for. ``require``: rather no job than one that is not isolated."""

    REQUIRE = "require"
    PREFER = "prefer"
    OFF = "off"


@dataclass(frozen=True)
class Found:
    """What this machine allows, and what stood in the way of better."""

    level: Level
    own_users: bool
    why_not: str = ""

    def sentence(self) -> str:
        """For the operator, in plain English."""
        if self.level is Level.NAMESPACES:
            users = ", each project as a user of its own" if self.own_users else ""
            return f"Jobs are isolated in namespaces{users}."
        if self.level is Level.USERS:
            return (
                "Jobs run as a user of each project's own, but share the machine's processes and network: "
                f"{self.why_not}"
            )
        return (
            "Jobs are NOT isolated: they can read the state folder, other projects' files and the portal's secrets. "
            f"Let only people you trust submit jobs, or set AISC_ISOLATION=require. {self.why_not}"
        )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """``shared``: folders of this machine that every job may read, by the path it sees them at. ``hidden``: what
    is never to be seen, even where a shared folder holds it. ``network``: ``none`` or ``host``."""

    wanted: Wanted = Wanted.PREFER
    network: str = "none"
    shared: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()


class Isolation:
    """Plans the isolation of runs. ``root``: the engine's folder; ``keeper``: the keeper program."""

    def __init__(self, root: Path, policy: Policy, keeper: Path) -> None:
        self._root = root
        self.policy = policy
        self._keeper = keeper
        self._found: Found | None = None

    @property
    def found(self) -> Found:
        """Tried once by each process that asks; half a second at most on a healthy machine."""
        if self._found is None:
            self._found = self._try()
        return self._found

    def allows_runs(self) -> bool:
        return self.policy.wanted is not Wanted.REQUIRE or self.found.level is not Level.NONE

    def _try(self) -> Found:
        if self.policy.wanted is Wanted.OFF:
            return Found(Level.NONE, False, "AISC_ISOLATION is off.")
        root = os.geteuid() == 0
        why = []
        for level, uid in (
            *([(Level.NAMESPACES, FIRST_UID)] if root else []),
            (Level.NAMESPACES, None),
            *([(Level.USERS, FIRST_UID)] if root else []),
        ):
            problem = self._trial(level, uid)
            if not problem:
                return Found(level, uid is not None, " ".join(why))
            why.append(f"{level}{'' if uid is None else ' with own users'}: {problem}.")
        if not root:
            why.append("Allow user namespaces to this user (docs/operator/guide.md, “Isolation”), or run AISC as root.")
        return Found(Level.NONE, False, " ".join(why))

    def _trial(self, level: Level, uid: int | None) -> str:
        """Why this machine cannot do it; empty where it can."""
        with tempfile.TemporaryDirectory(dir=self._root, prefix="trial-") as folder:
            workspace = os.path.join(folder, "workspace")
            os.mkdir(workspace, 0o700)
            if uid is not None:
                os.chown(workspace, uid, uid)
            if level is Level.USERS and (problem := make_way(Path(folder), self._root)):
                return problem
            plan = self._plan(level, uid, workspace=workspace, folder=folder, devices=(), shm_mb=1)
            plan["python"] = sys.executable
            plan["probe"] = WORKSPACE if level is Level.NAMESPACES else workspace
            command = [sys.executable, "-I", "-S", str(self._keeper), folder, json.dumps(plan)]
            try:
                tried = subprocess.run(command, capture_output=True, text=True, timeout=TRIAL_S)
            except subprocess.TimeoutExpired:
                return "it took too long"
            return "" if tried.returncode == 0 else " ".join(tried.stderr.split())[-300:] or "not allowed"

    def plan(self, spec: RunSpec, folder: Path, uid: int | None, gpu_ids: tuple[str, ...]) -> dict[str, Any]:
        """How the run is kept apart, for its keeper. ``uid``: the project's own user, where there are such."""
        level = self.found.level
        return self._plan(
            level,
            uid,
            workspace=spec.workspace or spec.workdir,
            folder=str(folder),
            devices=gpu_devices(gpu_ids),
            shm_mb=spec.memory_mb,
        )

    def _plan(
        self, level: Level, uid: int | None, *, workspace: str, folder: str, devices: tuple[str, ...], shm_mb: int
    ) -> dict[str, Any]:
        return {
            "level": level.value,
            "uid": uid,
            "inside_uid": INSIDE_UID if uid is None else uid,
            "network": self.policy.network,
            "read_only": [[host, inside] for inside, host in (self._environment() | self.policy.shared).items()],
            "hidden": list(self.policy.hidden),
            "writable": [
                [workspace, WORKSPACE],
                [os.path.join(folder, facts.TMP), "/tmp"],  # noqa: S108 - the job's own
                [os.path.join(folder, facts.SAID), RUN_FOLDER],
            ],
            "devices": list(devices),
            "shm_mb": shm_mb,
        }

    @staticmethod
    def _environment() -> dict[str, str]:
        """The Python that runs AISC, at the path where it is: an environment knows its own place."""
        found = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, sysconfig.get_path("stdlib")}
        return {each: each for each in sorted(found) if not each.startswith(_UNDER_USR) and each != "/"}

    # What the run sees

    def path_for(self, path: str, spec: RunSpec) -> str:
        """A path of the workspace as the run is told it."""
        if self.found.level is not Level.NAMESPACES:
            return path
        inside = os.path.relpath(path, spec.workspace or spec.workdir)
        return WORKSPACE if inside == "." else f"{WORKSPACE}/{inside}"

    def argv_for(self, spec: RunSpec) -> list[str]:
        """The command; where the shared folders have no place of their own, words that name one name the true one."""
        if self.found.level is Level.NAMESPACES:
            return list(spec.argv)
        words = []
        for word in spec.argv:
            inside = next((each for each in self.policy.shared if word.startswith(f"{each}/")), None)
            words.append(word if inside is None else self.policy.shared[inside] + word[len(inside) :])
        return words

    def hand_over(self, spec: RunSpec, folder: Path, uid: int) -> None:
        """Makes the project's user the owner of its workspace and of what the run may write. Raises OSError."""
        give_to(spec.workspace or spec.workdir, uid)
        for name in (facts.TMP, facts.SAID):
            give_to(os.path.join(folder, name), uid)
        if self.found.level is Level.USERS:
            for path in (folder, Path(spec.workspace or spec.workdir)):
                if problem := make_way(path, self._root):
                    raise OSError(0, problem)


def give_to(path: str, uid: int) -> None:
    """Makes ``uid`` the owner of a folder and of all in it, unless it is already. Links are not followed, and files
    with other names (hard links) are left alone, since one of those may lie elsewhere."""
    if os.lstat(path).st_uid == uid:
        return
    for _below, folders, files, descriptor in os.fwalk(path, follow_symlinks=False):
        for name in (*folders, *files):
            facts_of = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if name in folders or facts_of.st_nlink == 1:
                os.chown(name, uid, uid, dir_fd=descriptor, follow_symlinks=False)
    os.chown(path, uid, uid, follow_symlinks=False)  # last, so that half of it is done again


def make_way(path: Path, root: Path) -> str:
    """Lets another user pass through the folders above ``path`` (not look into them): those of the state folder,
    which holds the engine's ``root``, and whose other files are closed to them. Why it cannot, else nothing."""
    state = root.parent
    for folder in (path, *path.parents):
        facts_of = folder.stat()
        if facts_of.st_mode & 0o001 or facts_of.st_uid != os.geteuid():
            continue
        if not folder.is_relative_to(state):
            return f"other users may not pass through {folder}; choose a state folder such as /srv/aisc"
        for entry in os.scandir(folder):
            if not entry.is_dir(follow_symlinks=False) and not entry.is_symlink():
                os.chmod(entry.path, entry.stat().st_mode & 0o700)
        folder.chmod((facts_of.st_mode & 0o7777) | 0o011)
    return ""


def gpu_devices(gpu_ids: tuple[str, ...], folder: Path = Path("/proc/driver/nvidia/gpus")) -> tuple[str, ...]:
    """The device files of these GPUs and of what they share; all GPUs' where the driver does not tell them apart."""
    if not gpu_ids:
        return ()
    minors: dict[str, str] = {}
    for path in folder.glob("*/information"):
        said = dict(line.partition(":")[::2] for line in path.read_text().splitlines())
        said = {name.strip(): value.strip() for name, value in said.items()}
        if "GPU UUID" in said and "Device Minor" in said:
            minors[said["GPU UUID"]] = said["Device Minor"]
    if all(each in minors for each in gpu_ids):
        own = [f"/dev/nvidia{minors[each]}" for each in gpu_ids]
    else:
        own = sorted(str(path) for path in Path("/dev").glob("nvidia[0-9]*"))
    shared = ["/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"]
    caps = sorted(str(path) for path in Path("/dev/nvidia-caps").glob("*"))
    return (*own, *shared, *caps)
