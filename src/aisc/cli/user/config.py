"""What this machine remembers: which centre, and the token. One small TOML file that only its owner can read.

``~/.config/aisc/config.toml``, or where ``AISC_CONFIG`` says. ``AISC_URL`` and ``AISC_TOKEN`` go before it.
"""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from aisc.cli import tongue
from aisc.cli.output import Exit, fail
from aisc.cli.tongue import gettext as _

DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass
class Config:
    """The file's settings; empty where nothing is set. ``budget`` pays where none is named."""

    url: str = ""
    token: str = field(default="", repr=False)
    token_id: int = 0
    email: str = ""
    budget: str = ""
    language: str = ""


def config_path() -> Path:
    named = os.environ.get("AISC_CONFIG")
    if named:
        return Path(named).expanduser()
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "aisc" / "config.toml"


def load_quietly() -> Config:
    """What the file says; nothing where it cannot be read, which :func:`load` tells."""
    try:
        return _read()
    except (OSError, ValueError):
        return Config()


def load() -> Config:
    """What the file says; nothing when there is none. Ends the command when it cannot be read."""
    try:
        return _read()
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as error:
        path = config_path()
        fail(
            _("{path} cannot be read: {error}. Correct it, or delete it and run “aisc login”.").format(
                path=path, error=error
            ),
            Exit.SET_UP,
        )


def _read() -> Config:
    found = tomllib.loads(config_path().read_text(encoding="utf-8"))
    known = {each.name: type(each.default) for each in fields(Config)}
    return Config(**{name: value for name, value in found.items() if isinstance(value, known.get(name, ()))})


def save(config: Config) -> Path:
    """Write the file whole, readable by its owner alone from the first byte on. Ends the command if it cannot."""
    path = config_path()
    # A JSON string is also a TOML basic string.
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in asdict(config).items() if value]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes it with mode 0600.
        handle, part = tempfile.mkstemp(prefix=".config-", dir=path.parent)
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.writelines(lines)
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise
    except OSError as error:
        fail(
            _("{path} cannot be written: {strerror}. Choose another place with AISC_CONFIG.").format(
                path=path, strerror=error.strerror
            ),
            Exit.SET_UP,
        )
    return path


def url_of(config: Config) -> str:
    return os.environ.get("AISC_URL") or config.url or DEFAULT_URL


def token_of(config: Config) -> str:
    """The token to send: from the environment, or the file's, but only to the centre that gave it."""
    named = os.environ.get("AISC_TOKEN")
    if named is not None:
        return named
    return config.token if url_of(config).rstrip("/") == (config.url or DEFAULT_URL).rstrip("/") else ""


def language_of(config: Config) -> str:
    """In which language to speak, and the centre to answer: ``--lang``, the file, the terminal's locale."""
    return tongue.chosen() or (tongue.language_named(config.language) if config.language else tongue.of_terminal())
