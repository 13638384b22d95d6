"""Templates, jobs, runs, logs, and files of a project's workspace."""

from __future__ import annotations

from datetime import datetime

from aisc.client.models.base import Cents, Model

ACTIVE = frozenset({"held", "queued", "running"})


class Parameter(Model):
    """One thing that may be set; every value travels as text. ``default`` None: it must be given."""

    name: str
    type: str
    label: str
    help: str = ""
    default: str | None = None
    min: float | None = None
    max: float | None = None
    choices: list[str] = []


class Template(Model):
    """A job that needs no program of one's own; with the resources it asks for unless the job says otherwise."""

    code: str
    version: str
    name: str
    description: str
    sector: str = ""
    kind: str = ""
    accelerator: str
    accelerator_count: int
    memory_mb: int
    time_limit_ms: int
    parameters: list[Parameter]


class Cost(Model):
    """Cents at list price, net of what was credited back; ``held_cents`` is still set aside."""

    currency: str
    list_cents: Cents
    scheme_cents: Cents
    applicant_cents: Cents
    held_cents: Cents


class Progress(Model):
    """How far a running job says it is: ``done`` of ``total`` (None: it does not know), and its own words."""

    done: int
    total: int | None = None
    message: str = ""


class Job(Model):
    """A job as a list shows it."""

    uid: str
    name: str
    project: str
    budget: str
    submitted_by: str
    state: str
    template: str = ""
    accelerator: str
    accelerator_count: int
    cpus: int
    memory_mb: int
    time_limit_ms: int
    array_size: int = 1
    created_at: datetime
    ended_at: datetime | None = None
    cancel_asked: bool = False
    cost: Cost

    @property
    def ended(self) -> bool:
        """Whether it is over, whatever came of it."""
        return self.state not in ACTIVE


class JobDetail(Job):
    """Everything about a job. Values of ``environment`` are None for those who are not in the project."""

    command: list[str]
    parameters: dict[str, str] = {}
    environment: dict[str, str | None] = {}
    inputs: list[str] = []
    outputs: list[str] = []
    workdir: str = ""
    after: list[str] = []
    retry_of: str | None = None
    note: str = ""
    run_states: dict[str, int] = {}
    reason: str = ""
    progress: Progress | None = None
    url: str = ""


class Run(Model):
    """One execution of a job; ``elapsed_ms`` × accelerators is what is charged."""

    index: int
    ref: str
    state: str
    reason: str = ""
    reason_text: str = ""
    position: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    elapsed_ms: int
    exit_code: int | None = None
    signal: int | None = None
    node: str = ""
    cpu_ms: int = 0
    max_rss_mb: int = 0
    charged_cents: Cents


class LogPiece(Model):
    """Text of a run's log, and the byte offset where the next piece begins. ``ended``: nothing more will come."""

    text: str
    next_offset: int
    ended: bool


class File(Model):
    """A name in a workspace. ``kind``: file, folder, or what is shown but not opened: link, other."""

    path: str
    name: str
    kind: str
    bytes: int
    changed_at: datetime


class Folder(Model):
    """A folder's items, folders first. ``more``: it has others that are not listed."""

    path: str
    items: list[File]
    more: bool = False
    used_bytes: int
    quota_bytes: int


class FileLink(Model):
    """A link to one version of one file. ``url`` is what to send; empty once it no longer works. ``only_for``: the
    e-mail address of the one person who may use it, or empty."""

    uid: str
    path: str
    url: str
    bytes: int
    made_by: str
    only_for: str = ""
    expires_at: datetime
    revoked_at: datetime | None = None
    uses: int = 0


class Result(Model):
    """A file that a job left behind; ``label`` is what its template calls it, ``main`` the one to open first."""

    file: File
    label: str = ""
    main: bool = False
    media_type: str = ""
    url: str
