"""What this machine remembers, and who can read it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import typer

from aisc.cli import tongue
from aisc.cli.user import config
from aisc.cli.user.config import Config


@pytest.fixture
def path(home):
    return config.config_path()


def test_nothing_is_remembered_at_first(path):
    assert config.load() == Config()
    assert config.url_of(Config()) == "http://127.0.0.1:8000"


def test_what_is_saved_is_loaded_and_nobody_else_can_read_it(path):
    settings = Config(
        url="https://c", token='aisc_"\\x', token_id=3, email="陳@example.org", budget="bud-1", language="zh"
    )
    assert config.save(settings) == path
    assert config.load() == settings
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_token_is_not_shown_by_accident():
    assert "secret" not in repr(Config(token="secret"))


def test_what_is_not_known_is_left_alone(path):
    path.parent.mkdir()
    path.write_text('url = "http://c"\ntoken = 5\ntoken_id = "x"\nnew = true\n')
    assert config.load() == Config(url="http://c")


def test_a_file_that_cannot_be_read_is_told(path, capsys):
    path.parent.mkdir()
    path.write_text("url = ")
    with pytest.raises(typer.Exit) as caught:
        config.load()
    assert caught.value.exit_code == 6
    assert "cannot be read" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told(monkeypatch, capsys, home):
    monkeypatch.setenv("AISC_CONFIG", "/proc/nowhere/aisc.toml")
    with pytest.raises(typer.Exit) as caught:
        config.save(Config(url="x"))
    assert caught.value.exit_code == 6
    assert "AISC_CONFIG" in capsys.readouterr().err


def test_half_a_file_is_never_left(monkeypatch, path):
    config.save(Config(url="http://before"))

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(config.os, "replace", full)
    with pytest.raises(typer.Exit):
        config.save(Config(url="http://after"))
    assert config.load().url == "http://before"
    assert len(list(path.parent.iterdir())) == 1


def test_where_it_lies(monkeypatch):
    monkeypatch.delenv("AISC_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/xdg")
    assert config.config_path() == Path("/xdg/aisc/config.toml")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert config.config_path() == Path("/home/me/.config/aisc/config.toml")
    monkeypatch.setenv("AISC_CONFIG", "~/other.toml")
    assert config.config_path() == Path("/home/me/other.toml")


def test_the_environment_goes_first(monkeypatch, home):
    settings = Config(url="http://a", token="of-a")
    assert (config.url_of(settings), config.token_of(settings)) == ("http://a", "of-a")
    monkeypatch.setenv("AISC_TOKEN", "mine")
    assert config.token_of(settings) == "mine"


def test_a_token_goes_only_to_the_centre_that_gave_it(monkeypatch, home):
    monkeypatch.setenv("AISC_URL", "http://b")
    assert config.token_of(Config(url="http://a", token="of-a")) == ""
    monkeypatch.setenv("AISC_URL", "http://a/")
    assert config.token_of(Config(url="http://a", token="of-a")) == "of-a"


@pytest.mark.parametrize(
    ("language", "lang", "sent"),
    [("", "zh_HK.UTF-8", "zh-Hant"), ("", "C.UTF-8", "en"), ("zh-hant", "en_GB", "zh-Hant")],
)
def test_the_language_that_the_centre_answers_in(monkeypatch, home, language, lang, sent):
    monkeypatch.setenv("LANG", lang)
    assert config.language_of(Config(language=language)) == sent


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("zh_HK.UTF-8", "zh-Hant"),
        ("zh_TW", "zh-Hant"),
        ("zh", "zh-Hant"),
        ("zh_CN.UTF-8", "zh-Hans"),
        ("zh_SG", "zh-Hans"),
        ("zh_Hans_HK", "zh-Hans"),
        ("C.UTF-8", "en"),
        ("fr_FR", "en"),
    ],
)
def test_the_language_of_a_locale(locale, language):
    assert tongue.language_named(locale) == language


def test_the_command_line_speaks_the_readers_language(aisc, monkeypatch):
    for named in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(named, raising=False)
    assert "You are not signed in" in aisc("whoami", who="", code=4).err
    monkeypatch.setenv("LANG", "zh_HK.UTF-8")
    assert "你尚未登入" in aisc("whoami", who="", code=4).err
    assert "您尚未登录" in aisc("--lang", "zh-hans", "whoami", who="", code=4).err
    assert "You are not signed in" in aisc("--lang", "en", "whoami", who="", code=4).err
    tongue.speak("")
