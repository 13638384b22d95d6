"""The job templates that ship with AISC, and how any template is read, checked and made into a command.

A template is a folder ``<code>/`` with ``template.toml`` and a stand-alone program, by default
``main.py``, that is run in a project's workspace. Nothing here needs Django or a database.

    template = load_templates()["digits-classifier"]
    template.build({"epochs": "20"})     # -> ("/…/python", "/…/main.py", "--epochs=20", …)

Values arrive as text, as a form or a command line sends them. Every value becomes exactly one argument of
the form ``--flag=value``, so that no value can pass for another option; no shell is ever involved.
"""

from __future__ import annotations

import glob
import math
import re
import sys
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

__all__ = [
    "Input",
    "Output",
    "Parameter",
    "Resources",
    "Template",
    "TemplateError",
    "load_template",
    "load_templates",
]

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "zh-hant")
TYPES = ("int", "float", "str", "choice", "path", "bool")
MAX_TEXT = 1000  # characters of one ``str`` value unless the template says less

_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FLAG = re.compile(r"--[a-z][a-z0-9]*(-[a-z0-9]+)*")
_INT = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})([eE][+-]?[0-9]{1,3})?")
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_TRUE = frozenset({"true", "on", "yes", "1"})
_FALSE = frozenset({"false", "off", "no", "0"})
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, half characters, line ends

_MESSAGES = {
    "unknown": "This template has no parameter of this name.",
    "required": "A value is needed.",
    "not_a_whole_number": "“{value}” is not a whole number.",
    "not_a_number": "“{value}” is not a number.",
    "too_small": "{value} is too small: the least is {min}.",
    "too_large": "{value} is too large: the most is {max}.",
    "too_short": "This is too short: at least {min} characters.",
    "too_long": "This is too long: at most {max} characters.",
    "not_a_choice": "“{value}” is not one of {choices}.",
    "not_yes_or_no": "“{value}” is neither yes nor no.",
    "wrong_form": "“{value}” does not have the form that is asked for.",
    "unprintable": "There is a character in this that cannot be printed.",
    "absolute_path": "Give a path inside the workspace, without a “/” in front.",
    "outside_workspace": "A path may not lead out of the workspace (“..”).",
    "broken_template": "{file}: {problem}",
    "duplicate_template": "{file}: another template already has the code “{value}”.",
}


class TemplateError(ValueError):
    """A value, or a template, that cannot be used.

    ``field`` is the parameter's name (or the key in ``template.toml``), ``code`` says what is wrong and
    ``params`` with what, so that a portal can say it in the reader's language; ``str()`` is English.
    """

    def __init__(self, field: str, code: str, params: Mapping[str, object] | None = None) -> None:
        self.field = field
        self.code = code
        self.params = dict(params or {})
        super().__init__(field, code, self.params)

    @property
    def message(self) -> str:
        return _MESSAGES[self.code].format_map(self.params)

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def _in(texts: Mapping[str, str], language: str) -> str:
    """The text for a reader of ``language``; any Chinese before English, English when there is no other."""
    wanted = language.strip().lower().replace("_", "-")
    if wanted in texts:
        return texts[wanted]
    return texts["zh-hant"] if wanted.split("-")[0] == "zh" and "zh-hant" in texts else texts["en"]


@dataclass(frozen=True)
class Resources:
    """What a run is given unless its owner asks for something else."""

    accelerator: str
    count: int
    memory_mb: int
    time_limit: str  # as written: "10m"

    @property
    def time_limit_ms(self) -> int:
        number, unit = _DURATION.fullmatch(self.time_limit).groups()
        return int(number) * _UNIT_MS[unit]


@dataclass(frozen=True)
class Parameter:
    """One thing that the person who starts the job may set. ``default`` None means it must be given."""

    name: str
    flag: str
    type: str
    label: Mapping[str, str]
    help: Mapping[str, str]
    default: str | None = None
    min: int | float | None = None  # of a number; of ``str`` the length
    max: int | float | None = None
    choices: Mapping[str, Mapping[str, str]] | None = None  # value -> its name in each language
    pattern: str = ""  # the whole of a ``str`` must match

    def label_in(self, language: str) -> str:
        return _in(self.label, language)

    def help_in(self, language: str) -> str:
        return _in(self.help, language)

    def choices_in(self, language: str) -> list[tuple[str, str]]:
        """``(value, name)`` of each choice, as a form wants them."""
        return [(value, _in(names, language)) for value, names in (self.choices or {}).items()]

    def clean(self, value: str | None) -> str:
        """``value`` in its one canonical spelling. Nothing, or only spaces, means the default."""
        text = (value or "").strip()
        if not text:
            if self.default is None:
                raise TemplateError(self.name, "required")
            return self.default
        if any(unicodedata.category(each) in _UNPRINTABLE for each in text):
            raise TemplateError(self.name, "unprintable")
        return getattr(self, f"_clean_{self.type}")(text)

    def argument(self, value: str) -> tuple[str, ...]:
        """The command-line arguments for a cleaned ``value``: one, or none."""
        if self.type == "bool":
            return (self.flag,) if value == "true" else ()
        return (f"{self.flag}={value}",) if value else ()

    def _fail(self, code: str, value: object, **params: object) -> TemplateError:
        shown = f"{value:.60}…" if isinstance(value, str) and len(value) > 60 else value
        return TemplateError(self.name, code, {"value": shown, **params})

    def _within(self, number: int | float) -> None:
        if self.min is not None and number < self.min:
            raise self._fail("too_small", number, min=self.min)
        if self.max is not None and number > self.max:
            raise self._fail("too_large", number, max=self.max)

    def _clean_int(self, text: str) -> str:
        if not _INT.fullmatch(text):
            raise self._fail("not_a_whole_number", text)
        self._within(int(text))
        return str(int(text))

    def _clean_float(self, text: str) -> str:
        if not _FLOAT.fullmatch(text) or not math.isfinite(float(text)):
            raise self._fail("not_a_number", text)
        self._within(float(text))
        return repr(float(text))

    def _clean_str(self, text: str) -> str:
        most = MAX_TEXT if self.max is None else self.max
        if len(text) > most:
            raise self._fail("too_long", text, max=most)
        if self.min is not None and len(text) < self.min:
            raise self._fail("too_short", text, min=self.min)
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise self._fail("wrong_form", text)
        return text

    def _clean_choice(self, text: str) -> str:
        if text not in self.choices:
            raise self._fail("not_a_choice", text, choices=", ".join(self.choices))
        return text

    def _clean_bool(self, text: str) -> str:
        if text.lower() in _TRUE | _FALSE:
            return "true" if text.lower() in _TRUE else "false"
        raise self._fail("not_yes_or_no", text)

    def _clean_path(self, text: str) -> str:
        if text.startswith("/"):
            raise self._fail("absolute_path", text)
        path = PurePosixPath(text)
        if ".." in path.parts:
            raise self._fail("outside_workspace", text)
        if len(text.encode()) > MAX_TEXT or any(len(part.encode()) > 255 for part in path.parts):
            raise self._fail("too_long", text, max=255 if len(text.encode()) <= MAX_TEXT else MAX_TEXT)
        if str(path) != str(path).strip():
            raise self._fail("wrong_form", text)
        return str(path)


@dataclass(frozen=True)
class Input:
    """What the job reads from the workspace: the files under the path that ``parameter`` names."""

    parameter: str
    glob: str  # below that path; "" when the path is the file itself
    media_type: str
    label: Mapping[str, str]

    def label_in(self, language: str) -> str:
        return _in(self.label, language)


@dataclass(frozen=True)
class Output:
    """Something the job leaves in the workspace. ``glob`` may hold a parameter: ``{output}/report.html``."""

    glob: str
    media_type: str
    label: Mapping[str, str]
    main: bool = False  # the one to show first

    def label_in(self, language: str) -> str:
        return _in(self.label, language)


@dataclass(frozen=True)
class Template:
    """A job that anyone with an award can start by filling in a form."""

    code: str
    version: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    sector: str
    kind: str
    command: tuple[str, ...]
    program: Path
    resources: Resources
    parameters: tuple[Parameter, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]

    def name_in(self, language: str) -> str:
        return _in(self.name, language)

    def description_in(self, language: str) -> str:
        return _in(self.description, language)

    def errors(self, values: Mapping[str, str]) -> list[TemplateError]:
        """Everything that is wrong with ``values``, in the order of the form."""
        return [found for found in self._checked(values) if isinstance(found, TemplateError)]

    def clean(self, values: Mapping[str, str]) -> dict[str, str]:
        """Every parameter with its value, defaults filled in. Raises the first ``TemplateError``."""
        cleaned = {}
        for found in self._checked(values):
            if isinstance(found, TemplateError):
                raise found
            cleaned[found[0]] = found[1]
        return cleaned

    def build(self, parameters: Mapping[str, str], *, python: str = "", program: str = "") -> tuple[str, ...]:
        """The command to run. ``python`` and ``program`` are given where the nodes keep them elsewhere."""
        values = self.clean(parameters)
        arguments = [part for each in self.parameters for part in each.argument(values[each.name])]
        argv: list[str] = []
        for word in self.command:
            if word == "{parameters}":
                argv += arguments
            else:
                argv.append(
                    word.replace("{python}", python or sys.executable).replace(
                        "{program}", program or str(self.program)
                    )
                )
        return tuple(argv)

    def outputs_for(self, parameters: Mapping[str, str]) -> tuple[Output, ...]:
        """The outputs with their globs relative to the workspace, for these parameters."""
        values = {name: glob.escape(value) for name, value in self.clean(parameters).items()}
        return tuple(replace(each, glob=_fill(each.glob, values)) for each in self.outputs)

    def _checked(self, values: Mapping[str, str]) -> Iterator[tuple[str, str] | TemplateError]:
        for parameter in self.parameters:
            try:
                yield parameter.name, parameter.clean(values.get(parameter.name))
            except TemplateError as error:
                yield error
        known = {parameter.name for parameter in self.parameters}
        for name in sorted(set(values) - known):
            yield TemplateError(name, "unknown")


def _fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z][a-z0-9_]*)\}", lambda found: values[found[1]], text)


def load_templates(extra: Path | None = None) -> dict[str, Template]:
    """Every template by its code: those that ship with AISC, then those in the folder ``extra``.

    Read once per folder for the life of the process. A broken template, or one with a code that is taken,
    raises ``TemplateError`` (``broken_template``, ``duplicate_template``).
    """
    found = dict(_load_folder(FOLDER))
    for code, template in _load_folder(Path(extra).resolve()).items() if extra else ():
        if code in found:
            file = str(template.program.parent / "template.toml")
            raise TemplateError("code", "duplicate_template", {"file": file, "value": code})
        found[code] = template
    return found


@cache
def _load_folder(folder: Path) -> dict[str, Template]:
    files = sorted(folder.glob("*/template.toml"))
    return {template.code: template for template in map(load_template, files)}


def load_template(file: Path) -> Template:
    """The template that ``file`` describes, or ``TemplateError`` with the key that is wrong."""
    try:
        table = _Table(file, "", tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _broken(file, "", str(error)) from error
    code = table.text("code", _CODE)
    if code != file.parent.name:
        raise _broken(file, "code", f"the folder is called “{file.parent.name}”, the code is “{code}”")
    program = file.parent / table.text("program", default="main.py")
    if program.parent != file.parent or not program.is_file():
        raise _broken(file, "program", "there is no such file in the template's own folder")
    parameters = tuple(_parameter(each) for each in table.tables("parameters"))
    names = [each.name for each in parameters]
    for key, values in (("name", names), ("flag", [each.flag for each in parameters])):
        if len(set(values)) != len(values):
            raise _broken(file, f"parameters.{key}", "given twice")
    template = Template(
        code=code,
        version=table.text("version"),
        name=table.texts("name"),
        description=table.texts("description"),
        sector=table.text("sector", _CODE),
        kind=table.text("kind", _CODE),
        command=_command(table),
        program=program.resolve(),
        resources=_resources(table.table("resources")),
        parameters=parameters,
        inputs=tuple(_input(each, names) for each in table.tables("inputs")),
        outputs=tuple(_output(each, names) for each in table.tables("outputs")),
    )
    table.finish()
    return template


def _broken(file: Path, key: str, problem: str) -> TemplateError:
    return TemplateError(key, "broken_template", {"file": str(file), "problem": f"{key}: {problem}".lstrip(": ")})


class _Table:
    """A table of the file being read: takes keys one by one, and at the end says which were not expected."""

    def __init__(self, file: Path, path: str, data: Mapping[str, Any]) -> None:
        self.file, self.path, self.data, self.taken = file, path, data, set()

    def fail(self, key: str, problem: str) -> TemplateError:
        return _broken(self.file, f"{self.path}.{key}".strip("."), problem)

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        self.taken.add(key)
        value = self.data.get(key, default)
        if key not in self.data and default is None:
            raise self.fail(key, "missing")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.fail(key, "not of the right type")
        return value

    def text(self, key: str, pattern: re.Pattern[str] | None = None, default: str | None = None) -> str:
        value = self.take(key, str, default)
        if (key in self.data and not value) or (value and pattern and not pattern.fullmatch(value)):
            raise self.fail(key, f"“{value}” does not have the right form")
        return value

    def texts(self, key: str) -> dict[str, str]:
        table = self.table(key)
        found = {language: table.text(language) for language in LANGUAGES}
        found |= {other: table.text(other) for other in sorted(set(table.data) - set(LANGUAGES))}
        return found

    def whole(self, key: str) -> int:
        value = self.take(key, int)
        if value < 1:
            raise self.fail(key, "must be 1 or more")
        return value

    def table(self, key: str) -> _Table:
        return _Table(self.file, f"{self.path}.{key}".strip("."), self.take(key, dict))

    def tables(self, key: str) -> Iterator[_Table]:
        for number, data in enumerate(self.take(key, list, [])):
            if not isinstance(data, dict):
                raise self.fail(key, "must be a list of tables")
            yield _Table(self.file, f"{self.path}.{key}[{number}]".strip("."), data)

    def finish(self) -> None:
        if left := sorted(set(self.data) - self.taken):
            raise self.fail(left[0], "nobody knows this key")


def _command(table: _Table) -> tuple[str, ...]:
    words = table.take("command", list)
    if not words or not all(isinstance(word, str) and word for word in words):
        raise table.fail("command", "must be a list of words")
    if words.count("{parameters}") != 1:
        raise table.fail("command", "{parameters} must stand in it once, as a word of its own")
    for word in words:
        known = word == "{parameters}" or not re.search(r"[{}]", re.sub(r"\{(python|program)\}", "", word))
        if not known:
            raise table.fail("command", f"“{word}” holds a placeholder that nobody knows")
    return tuple(words)


def _resources(table: _Table) -> Resources:
    found = Resources(
        accelerator=table.text("accelerator", _CODE),
        count=table.whole("count"),
        memory_mb=table.whole("memory_mb"),
        time_limit=table.text("time_limit", _DURATION),
    )
    table.finish()
    return found


def _parameter(table: _Table) -> Parameter:
    kind = table.text("type")
    if kind not in TYPES:
        raise table.fail("type", f"“{kind}” is not one of {', '.join(TYPES)}")
    choices = None
    if kind == "choice":
        names = table.table("choices")
        choices = {value: names.texts(value) for value in names.data}
        if not choices:
            raise table.fail("choices", "there are none")
    limits: dict[str, int | float | None] = {"min": None, "max": None}
    for key in limits:
        if key in table.data:
            if kind not in ("int", "float", "str"):
                raise table.fail(key, f"means nothing for type “{kind}”")
            limits[key] = table.take(key, (int, float) if kind == "float" else int)
    pattern = table.text("pattern") if kind == "str" and "pattern" in table.data else ""
    try:
        re.compile(pattern)
    except re.error as error:
        raise table.fail("pattern", str(error)) from error
    parameter = Parameter(
        name=table.text("name", _NAME),
        flag=table.text("flag", _FLAG),
        type=kind,
        label=table.texts("label"),
        help=table.texts("help"),
        choices=choices,
        pattern=pattern,
        **limits,
    )
    if "default" in table.data:
        table.taken.add("default")
        given = table.data["default"]
        text = str(given).lower() if isinstance(given, bool) else str(given)
        try:
            cleaned = parameter.clean(text) if text else ""
        except TemplateError as error:
            raise table.fail("default", error.message) from error
        if not text and kind not in ("str", "path"):
            raise table.fail("default", "must not be empty")
        parameter = replace(parameter, default=cleaned)
    table.finish()
    return parameter


def _input(table: _Table, names: list[str]) -> Input:
    found = Input(
        parameter=table.text("parameter"),
        glob=table.text("glob", default=""),
        media_type=table.text("media_type"),
        label=table.texts("label"),
    )
    if found.parameter not in names:
        raise table.fail("parameter", f"there is no parameter “{found.parameter}”")
    table.finish()
    return found


def _output(table: _Table, names: list[str]) -> Output:
    found = Output(
        glob=table.text("glob"),
        media_type=table.text("media_type"),
        label=table.texts("label"),
        main=table.take("main", bool, False),
    )
    for name in re.findall(r"\{(.*?)\}", found.glob):
        if name not in names:
            raise table.fail("glob", f"there is no parameter “{name}”")
    table.finish()
    return found
