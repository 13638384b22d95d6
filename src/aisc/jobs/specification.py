"""What may be asked of a job: every value is read, checked and put into one form before anything is written.

Pure: no database, no disk. Each refusal is a :class:`BadInput` that names its field and says what would do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from aisc.core.errors import BadInput

MAX_NAME = 100  # characters
MAX_NOTE = 10_000  # characters
MAX_ARRAY = 10_000
MAX_COUNT = 10_000  # accelerators, CPUs
MAX_MEMORY_MB = 4 * 1024 * 1024
MIN_MEMORY_MB = 16
MIN_TIME_MS = 1_000
MAX_TIME_MS = 30 * 24 * 3_600_000
MAX_ARGUMENTS = 1_000
MAX_ARGUMENT_BYTES = 32_768
MAX_COMMAND_BYTES = 131_072
MAX_VARIABLES = 100
MAX_VARIABLE_BYTES = 32_768
MAX_PATHS = 100
MAX_PATH_BYTES = 1_000
MAX_NAME_BYTES = 255
MAX_DEPTH = 32

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_RESERVED = "AISC_"
# Characters that cannot be seen or that turn the text around them: nobody could check what they read.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_ISO_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?", re.IGNORECASE)
_DURATION_PART = re.compile(r"(\d{1,9})\s*(ms|[smhd])", re.IGNORECASE)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_MEMORY = re.compile(r"(\d{1,9})(?:\.(\d{1,3}))?\s*(m|mb|mib|g|gb|gib|t|tb|tib)", re.IGNORECASE)
_UNIT_MB = {"m": 1, "g": 1024, "t": 1024 * 1024}


@dataclass(frozen=True)
class Specification:
    """A checked request. ``cpus`` and ``memory_mb`` are None where the centre is to choose."""

    name: str
    command: tuple[str, ...]
    workdir: str
    environment: dict[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    accelerator: str
    accelerator_count: int
    cpus: int | None
    memory_mb: int | None
    time_limit_ms: int
    array_size: int
    note: str


def read(
    *,
    name: str,
    command: Sequence[str],
    accelerator: str,
    accelerator_count: int,
    time_limit_ms: int | str,
    cpus: int | None = None,
    memory_mb: int | str | None = None,
    array_size: int = 1,
    environment: Mapping[str, str] | None = None,
    inputs: Iterable[str] = (),
    outputs: Iterable[str] = (),
    workdir: str = "",
    note: str = "",
) -> Specification:
    """The request in its one form. Raises BadInput for the first thing that cannot be used."""
    count = whole(accelerator_count, "accelerator_count", 1, MAX_COUNT)
    if accelerator == "cpu":
        if cpus not in (None, count):
            raise BadInput(
                _("For CPU cores, “cpus” is the number of cores asked for. Leave it out, or write %(count)d.")
                % {"count": count},
                field="cpus",
            )
        cpus = count
    return Specification(
        name=read_name(name),
        command=read_command(command),
        workdir=read_path(workdir, "workdir") if workdir.strip("/ ") else "",
        environment=read_environment(environment or {}),
        inputs=_paths(inputs, "inputs"),
        outputs=_patterns(outputs),
        accelerator=accelerator,
        accelerator_count=count,
        cpus=None if cpus is None else whole(cpus, "cpus", 1, MAX_COUNT),
        memory_mb=None if memory_mb in (None, "") else read_memory(memory_mb),
        time_limit_ms=read_time(time_limit_ms),
        array_size=whole(array_size, "array_size", 1, MAX_ARRAY),
        note=read_note(note),
    )


def whole(value: object, field: str, least: int, most: int) -> int:
    """``value`` if it is an integer from ``least`` to ``most``."""
    if type(value) is not int or not least <= value <= most:
        raise BadInput(
            _("Write a whole number from %(least)s to %(most)s.") % {"least": f"{least:,}", "most": f"{most:,}"},
            field=field,
        )
    return value


def is_printable(text: str) -> bool:
    """Whether every character of ``text`` can be shown as it is. Joiners, which many scripts need, can."""
    return not any(unicodedata.category(each) in _UNPRINTABLE or each in _TURNING for each in text)


def read_name(value: str) -> str:
    """A name in any script: composed (NFC), without spaces around it, without invisible characters."""
    name = unicodedata.normalize("NFC", value).strip()
    if not name:
        raise BadInput(_("Give the job a name, so that people can find it."), field="name")
    if len(name) > MAX_NAME:
        raise BadInput(_("A name has at most %(most)d characters.") % {"most": MAX_NAME}, field="name")
    if not is_printable(name):
        raise BadInput(_("The name has a character that cannot be shown. Type it again."), field="name")
    return name


def read_note(value: str) -> str:
    """A note of several lines."""
    note = unicodedata.normalize("NFC", value).replace("\r\n", "\n").strip()
    if len(note) > MAX_NOTE:
        raise BadInput(_("A note has at most %(most)s characters.") % {"most": f"{MAX_NOTE:,}"}, field="note")
    if "\0" in note or not _encodes(note):
        raise BadInput(_("The note has a character that cannot be kept. Type it again."), field="note")
    return note


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_command(value: Sequence[str]) -> tuple[str, ...]:
    """A command as a list of arguments. No shell reads it; ask for one with ``sh -c`` where it is wanted."""
    if isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise BadInput(_("A command is a list of words, such as [“python”, “train.py”]."), field="command")
    command = tuple(value)
    if not command or not command[0].strip():
        raise BadInput(_("Write the command to run."), field="command")
    if len(command) > MAX_ARGUMENTS:
        raise BadInput(
            _("A command has at most %(most)s arguments. Put them into a file and give its name.")
            % {"most": f"{MAX_ARGUMENTS:,}"},
            field="command",
        )
    if any("\0" in each or not _encodes(each) for each in command):
        raise BadInput(_("The command has a character that no program can be given (NUL)."), field="command")
    sizes = [len(each.encode()) + 1 for each in command]
    if max(sizes) > MAX_ARGUMENT_BYTES or sum(sizes) > MAX_COMMAND_BYTES:
        raise BadInput(
            _("The command is too long. Put the script into the workspace and run it from there."), field="command"
        )
    return command


def read_environment(value: Mapping[str, str]) -> dict[str, str]:
    """Environment variables. Names beginning with ``AISC_`` are the centre's own."""
    if len(value) > MAX_VARIABLES:
        raise BadInput(
            _("A job has at most %(most)d environment variables.") % {"most": MAX_VARIABLES}, field="environment"
        )
    for name, text in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise BadInput(
                _(
                    "“%(name).60s” cannot be the name of an environment variable: use letters, digits and “_”, "
                    "and begin with a letter."
                )
                % {"name": name},
                field="environment",
            )
        if name.startswith(_RESERVED):
            raise BadInput(
                _("Names that begin with AISC_ are set by the centre. Choose another than “%(name)s”.")
                % {"name": name},
                field="environment",
            )
        if not isinstance(text, str) or "\0" in text or not _encodes(text):
            raise BadInput(
                _("The value of %(name)s has a character that no program can be given (NUL).") % {"name": name},
                field="environment",
            )
        if len(text.encode()) > MAX_VARIABLE_BYTES:
            raise BadInput(
                _("The value of %(name)s is too long. Put it into a file in the workspace.") % {"name": name},
                field="environment",
            )
    return dict(value)


def read_time(value: int | str, field: str = "time_limit") -> int:
    """A duration in milliseconds from an integer (milliseconds), ``10m``, ``2h30m``, ``1d`` or ``PT2H30M``."""
    ms = value if type(value) is int else _parse_time(str(value).strip(), field)
    if not MIN_TIME_MS <= ms <= MAX_TIME_MS:
        raise BadInput(_("A time limit goes from 1 second to 30 days."), field=field)
    return ms


def _parse_time(text: str, field: str) -> int:
    refusal = BadInput(_("Write a time such as 10m, 2h30m or 1d."), field=field)
    if not text.isascii():
        raise refusal
    iso = _ISO_DURATION.fullmatch(text)
    if iso and any(iso.groups()):
        days, hours, minutes, seconds = (int(each or 0) for each in iso.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000
    total, position, smallest = 0, 0, None
    for part in _DURATION_PART.finditer(text):
        unit = _UNIT_MS[part[2].lower()]
        # From large to small, each once: “30m2h” or “1h1h” is more likely a slip than a wish.
        if text[position : part.start()].strip() or (smallest is not None and unit >= smallest):
            raise refusal
        total, position, smallest = total + int(part[1]) * unit, part.end(), unit
    if smallest is None or text[position:].strip():
        raise refusal
    return total


def show_time(ms: int) -> str:
    """The shortest text that :func:`read_time` reads back as ``ms``: ``2h30m``."""
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        number, ms = divmod(ms, _UNIT_MS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def read_memory(value: int | str, field: str = "memory") -> int:
    """Memory in MiB from an integer (MiB) or a text such as ``512 MB``, ``4GB``, ``1.5 GiB``."""
    if type(value) is int:
        mb = value
    else:
        found = _MEMORY.fullmatch(str(value).strip())
        if not found or not found[0].isascii():
            raise BadInput(_("Write an amount of memory such as 512 MB or 4 GB."), field=field)
        unit = _UNIT_MB[found[3][0].lower()]
        fraction = found[2] or ""
        thousandths = int(found[1]) * 1000 + int(fraction.ljust(3, "0"))
        mb = -(-thousandths * unit // 1000)
    if not MIN_MEMORY_MB <= mb <= MAX_MEMORY_MB:
        raise BadInput(_("Memory goes from 16 MB to 4 TB."), field=field)
    return mb


def show_memory(mb: int) -> str:
    """``4 GB`` for whole gibibytes, else ``1536 MB``; :func:`read_memory` reads it back."""
    return f"{mb // 1024} GB" if mb % 1024 == 0 else f"{mb} MB"


def read_path(value: str, field: str = "path", *, new: bool = False) -> str:
    """A path inside the workspace, such as ``data/train.csv``; the empty path is the workspace itself.

    An existing path is taken as it is, since a job may have made any name. A ``new`` name is composed (NFC)
    and must be one that people can see and type.
    """
    text = unicodedata.normalize("NFC", value) if new else value
    if "\0" in text or not _encodes(text):
        raise BadInput(_("This path has a character that no file name can have."), field=field)
    if text.startswith("/"):
        raise BadInput(_("Give a path inside the workspace, without “/” in front."), field=field)
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadInput(_("A path may not lead out of the workspace (“..”)."), field=field)
    if len(parts) > MAX_DEPTH or len(text.encode()) > MAX_PATH_BYTES:
        raise BadInput(
            _("A path has at most %(depth)d folders and %(bytes)s bytes.")
            % {"depth": MAX_DEPTH, "bytes": f"{MAX_PATH_BYTES:,}"},
            field=field,
        )
    for part in parts:
        if len(part.encode()) > MAX_NAME_BYTES:
            raise BadInput(
                _("A name has at most 255 bytes, about 85 Chinese characters. Make “%(name).20s…” shorter.")
                % {"name": part},
                field=field,
            )
        if new and (not is_printable(part) or part != part.strip()):
            raise BadInput(
                _("A file name may not have invisible characters, or spaces at either end. Rename it first."),
                field=field,
            )
    return "/".join(parts)


def _paths(values: Iterable[str], field: str) -> tuple[str, ...]:
    paths = tuple(dict.fromkeys(read_path(value.strip(), field) for value in values if value.strip()))
    if len(paths) > MAX_PATHS:
        raise BadInput(_("Name at most %(most)d; a folder counts as one.") % {"most": MAX_PATHS}, field=field)
    return paths


def _patterns(values: Iterable[str]) -> tuple[str, ...]:
    """Glob patterns relative to the workspace, such as ``figures/*.png`` or ``out/**``."""
    patterns = _paths(values, "outputs")
    for pattern in patterns:
        if any("**" in part and part != "**" for part in pattern.split("/")):
            raise BadInput(
                _("In “%(pattern).60s”, “**” must stand alone between slashes, as in out/**.") % {"pattern": pattern},
                field="outputs",
            )
        if pattern.split("/").count("**") > 2:
            raise BadInput(_("A pattern has “**” at most twice."), field="outputs")
    return patterns
