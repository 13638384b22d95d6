"""What the API of this room takes and gives."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from ninja import Field, Schema

from aisc.core import clock
from aisc.jobs import results as left_behind
from aisc.jobs.library import Parameter, Template
from aisc.jobs.models import FileLink, Job, Run
from aisc.jobs.queries import Cost
from aisc.jobs.registry import progress_of
from aisc.jobs.templates import language
from aisc.jobs.words import command_as_written, reason_in_words
from aisc.jobs.workspaces import Item


class ParameterOut(Schema):
    """One thing that may be set; every value travels as text."""

    name: str = Field(examples=["epochs"])
    type: str = Field(description="`int`, `float`, `str`, `choice`, `path` or `bool`", examples=["int"])
    label: str = Field(examples=["Epochs"])
    help: str
    default: str | None = Field(description="null: it must be given", examples=["30"])
    min: float | None = None
    max: float | None = None
    choices: list[str] = []

    @classmethod
    def of(cls, parameter: Parameter) -> ParameterOut:
        return cls(
            name=parameter.name,
            type=parameter.type,
            label=parameter.label_in(language()),
            help=parameter.help_in(language()),
            default=parameter.default,
            min=parameter.min,
            max=parameter.max,
            choices=list(parameter.choices or {}),
        )


class TemplateOut(Schema):
    """A job that needs no program of one's own. Texts are in the caller's language."""

    code: str = Field(examples=["digits-classifier"])
    version: str = Field(examples=["1.0.0"])
    name: str
    description: str
    sector: str = Field(examples=["education"])
    kind: str = Field(examples=["training"])
    accelerator: str = Field(description="what it asks for unless the job says otherwise", examples=["cpu"])
    accelerator_count: int = Field(examples=[2])
    memory_mb: int = Field(examples=[2048])
    time_limit_ms: int = Field(examples=[600_000])
    parameters: list[ParameterOut]

    @classmethod
    def of(cls, template: Template) -> TemplateOut:
        return cls(
            code=template.code,
            version=template.version,
            name=template.name_in(language()),
            description=template.description_in(language()),
            sector=template.sector,
            kind=template.kind,
            accelerator=template.resources.accelerator,
            accelerator_count=template.resources.count,
            memory_mb=template.resources.memory_mb,
            time_limit_ms=template.resources.time_limit_ms,
            parameters=[ParameterOut.of(each) for each in template.parameters],
        )


class JobIn(Schema):
    """A command, or a template with parameters. What is left out comes from the template, or is the part of a
    machine that goes with the accelerators."""

    project: str = Field(description="uid", examples=["prj-9x7t1zq84k2m"])
    budget: str = Field(description="uid of the budget that pays", examples=["bud-4k2m9x7t1zq8"])
    name: str = Field(description="1 to 100 characters of any script", examples=["訓練 baseline"])
    command: list[str] | None = Field(
        None, description="the arguments, no shell reads them", examples=[["python", "train.py", "--epochs=3"]]
    )
    template: str = Field("", examples=[""])
    parameters: dict[str, str] = Field({}, description="of the template, each as text", examples=[{}])
    accelerator: str = Field("", description="code; `cpu` counts CPU cores", examples=["h800"])
    accelerator_count: int | None = Field(None, examples=[1])
    cpus: int | None = None
    memory_mb: int | str | None = Field(None, description="MiB, or text such as `4 GB`", examples=["16 GB"])
    time_limit_ms: int | None = Field(None, examples=[7_200_000])
    time_limit: str | None = Field(None, description="instead of `time_limit_ms`: `10m`, `2h30m`, `PT2H30M`")
    array_size: int = Field(1, description="1 to 10,000 runs, each with its `AISC_ARRAY_INDEX` from 0", examples=[1])
    environment: dict[str, str] = Field({}, examples=[{"WANDB_MODE": "offline"}])
    inputs: list[str] = Field([], description="workspace paths that must exist", examples=[["data/train.csv"]])
    outputs: list[str] = Field([], description="patterns of results beside `results/<job>`", examples=[["out/**"]])
    workdir: str = Field("", description="folder in the workspace to start in")
    after: list[str] = Field([], description="uids of jobs that must complete first", examples=[[]])
    note: str = ""


class JobPatch(Schema):
    note: str = Field(description="what came of it, what to try next; replaces the note", examples=["val_loss 0.31"])


class CostOut(Schema):
    """Integer cents at list price, net of what was credited back; `held_cents` is still set aside."""

    currency: str = Field(examples=["HKD"])
    list_cents: int = Field(examples=[2500])
    scheme_cents: int = Field(examples=[1750])
    applicant_cents: int = Field(examples=[750])
    held_cents: int = Field(examples=[0])

    @classmethod
    def of(cls, cost: Cost, currency: str) -> CostOut:
        return cls(
            currency=currency,
            list_cents=cost.amount,
            scheme_cents=cost.scheme,
            applicant_cents=cost.applicant,
            held_cents=cost.held,
        )


class JobOut(Schema):
    """A job as a list shows it."""

    uid: str = Field(examples=["job-4k2m9x7t1zq8"])
    name: str = Field(examples=["訓練 baseline"])
    project: str = Field(description="uid", examples=["prj-9x7t1zq84k2m"])
    budget: str = Field(description="uid", examples=["bud-4k2m9x7t1zq8"])
    submitted_by: str = Field(description="name", examples=["陳大文"])
    state: str = Field(
        description="`held`, `queued`, `running`, then how it ended: `completed`, `failed`, `cancelled`, `timeout`, "
        "`out_of_memory`, `over_limit`, `node_failed` or `rejected`",
        examples=["running"],
    )
    template: str = Field(examples=[""])
    accelerator: str = Field(examples=["h800"])
    accelerator_count: int = Field(examples=[1])
    cpus: int = Field(examples=[16])
    memory_mb: int = Field(examples=[16_384])
    time_limit_ms: int = Field(examples=[7_200_000])
    array_size: int = Field(examples=[1])
    created_at: datetime
    ended_at: datetime | None
    cancel_asked: bool = Field(examples=[False])
    cost: CostOut

    @classmethod
    def facts(cls, job: Job, cost: Cost) -> dict:
        return {
            "uid": job.uid,
            "name": job.name,
            "project": job.project.uid,
            "budget": job.budget.uid,
            "submitted_by": str(job.submitted_by),
            "state": job.state,
            "template": job.template,
            "accelerator": job.accelerator.code,
            "accelerator_count": job.accelerator_count,
            "cpus": job.cpus,
            "memory_mb": job.memory_mb,
            "time_limit_ms": job.time_limit_ms,
            "array_size": job.array_size,
            "created_at": job.created_at,
            "ended_at": job.ended_at,
            "cancel_asked": job.cancel_asked_at is not None,
            "cost": CostOut.of(cost, job.budget.currency),
        }

    @classmethod
    def of(cls, job: Job, cost: Cost) -> JobOut:
        return cls(**cls.facts(job, cost))


class ProgressOut(Schema):
    """How far a running job says it is, by the file that `AISC_PROGRESS` names."""

    done: int = Field(examples=[3])
    total: int | None = Field(description="null: it does not know", examples=[10])
    message: str = Field(examples=["epoch 3"])


class JobDetailOut(JobOut):
    """Everything about a job. The values of `environment` are null for those who are not in the project."""

    command: list[str]
    parameters: dict[str, str]
    environment: dict[str, str | None]
    inputs: list[str]
    outputs: list[str]
    workdir: str
    after: list[str]
    retry_of: str | None
    note: str
    run_states: dict[str, int] = Field(description="how many runs are in each state", examples=[{"running": 1}])
    reason: str = Field(description="of the first run, in words, in the caller's language")
    progress: ProgressOut | None = Field(description="of the first run; for those in the project")
    url: str = Field(description="the page of the job")

    @classmethod
    def whole(
        cls, job: Job, *, cost: Cost, counts: dict[str, int], first: Run, inside: bool, after: list[str]
    ) -> JobDetailOut:
        progress = progress_of(first) if inside else None
        return cls(
            **cls.facts(job, cost),
            command=command_as_written(job),
            parameters=job.parameters,
            environment={name: value if inside else None for name, value in job.environment.items()},
            inputs=job.inputs,
            outputs=job.outputs,
            workdir=job.workdir,
            after=after,
            retry_of=job.retry_of.uid if job.retry_of else None,
            note=job.note,
            run_states=counts,
            reason=reason_in_words(first, job),
            progress=ProgressOut(**vars(progress)) if progress else None,
            url=reverse("jobs:job", args=[job.uid]),
        )


class RunOut(Schema):
    """One execution of a job."""

    index: int = Field(examples=[0])
    ref: str = Field(examples=["job-4k2m9x7t1zq8-0"])
    state: str = Field(examples=["completed"])
    reason: str = Field(description="a code, such as `time_limit`", examples=[""])
    reason_text: str = Field(description="in words, in the caller's language")
    position: int | None = Field(description="place in the queue, from 1", examples=[None])
    started_at: datetime | None
    ended_at: datetime | None
    elapsed_ms: int = Field(description="what is charged, times the accelerators", examples=[812_345])
    exit_code: int | None = Field(examples=[0])
    signal: int | None = Field(examples=[None])
    node: str = Field(examples=["node1"])
    cpu_ms: int = Field(examples=[790_120])
    max_rss_mb: int = Field(examples=[2310])
    charged_cents: int = Field(description="at list price, net", examples=[451])

    @classmethod
    def of(cls, run: Run, job: Job, charged: int) -> RunOut:
        return cls(
            index=run.index,
            ref=run.ref,
            state=run.state,
            reason=run.reason,
            reason_text=reason_in_words(run, job),
            position=run.position,
            started_at=None if run.started_ms is None else clock.from_ms(run.started_ms),
            ended_at=None if run.ended_ms is None else clock.from_ms(run.ended_ms),
            elapsed_ms=run.elapsed_ms,
            exit_code=run.exit_code,
            signal=run.signal,
            node=run.node,
            cpu_ms=run.cpu_ms,
            max_rss_mb=run.max_rss_mb,
            charged_cents=charged,
        )


class LogOut(Schema):
    """A piece of a run's log. Ask again with `offset=next_offset` until `ended`. What is no UTF-8 is replaced."""

    text: str
    next_offset: int = Field(examples=[65_536])
    ended: bool = Field(examples=[False])


class FileOut(Schema):
    """A name in a workspace."""

    path: str = Field(examples=["data/train.csv"])
    name: str = Field(examples=["train.csv"])
    kind: str = Field(description="`file`, `folder`, or what is shown but not opened: `link`, `other`")
    bytes: int = Field(examples=[48_213])
    changed_at: datetime

    @classmethod
    def of(cls, item: Item) -> FileOut:
        return cls(path=item.path, name=item.name, kind=item.kind, bytes=item.size, changed_at=item.changed)


class FolderOut(Schema):
    """A folder's items, folders first. `more`: it has others that are not listed."""

    path: str = Field(examples=["data"])
    items: list[FileOut]
    more: bool = Field(examples=[False])
    used_bytes: int = Field(description="of the whole workspace")
    quota_bytes: int


class ResultOut(Schema):
    """A file that a job left behind; `url` downloads it."""

    file: FileOut
    label: str = Field(description="what the template calls it", examples=["Report"])
    main: bool = Field(description="the one to open first", examples=[True])
    media_type: str = Field(examples=["text/html; charset=utf-8"])
    url: str

    @classmethod
    def of(cls, result: left_behind.Result, url: str) -> ResultOut:
        return cls(
            file=FileOut.of(result.item),
            label=result.label,
            main=result.main,
            media_type=result.media_type,
            url=url,
        )


class UnpackIn(Schema):
    """`to` is a new folder; left out, the archive's name without its suffix."""

    path: str = Field(examples=["data/photos.zip"])
    to: str = Field("", examples=["data/photos"])


class LinkIn(Schema):
    """`email` makes it a link only for who signs in to an account with that address."""

    path: str = Field(examples=["results/job-4k2m9x7t1zq8/report.html"])
    days: int = Field(7, examples=[7], description="1 to 90")
    email: str = Field(
        "", examples=["partner@example.org"], description="confirmed in the account that uses it; or empty"
    )


class LinkOut(Schema):
    """A link to one version of one file, and how often it was used."""

    uid: str = Field(examples=["lnk-4k2m9x7t1zq8"])
    path: str = Field(examples=["results/job-4k2m9x7t1zq8/report.html"])
    url: str = Field(description="what to send; empty once it no longer works")
    bytes: int = Field(examples=[48_213])
    made_by: str = Field(examples=["Chan Ka-yan"])
    only_for: str = Field(description="an e-mail address, or empty for anybody who has the link")
    expires_at: datetime
    revoked_at: datetime | None
    uses: int = Field(examples=[3])

    @classmethod
    def of(cls, link: FileLink, url: str) -> LinkOut:
        return cls(
            uid=link.uid,
            path=link.path,
            url=url,
            bytes=link.size,
            made_by=str(link.made_by),
            only_for=link.email,
            expires_at=link.expires_at,
            revoked_at=link.revoked_at,
            uses=link.uses,
        )


class NewFolderIn(Schema):
    path: str = Field(examples=["data/raw"])


class RenameIn(Schema):
    path: str = Field(examples=["data/raw/a.csv"])
    to: str = Field(examples=["data/train.csv"])
