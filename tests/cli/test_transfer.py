"""Which files of this machine a command names, and where files of a workspace may be written."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
import typer
from rich.console import Console

from aisc.cli.user import transfer
from aisc.cli.user.transfer import collect, named_in


@pytest.fixture
def here(tmp_path):
    here = tmp_path / "here"
    (here / "data" / ".git").mkdir(parents=True)
    (here / "data" / "sub").mkdir()
    for path in ("train.py", "conf.yaml", "data/a.csv", "data/sub/b.csv", "data/.git/HEAD", "-dash", "a=b"):
        (here / path).write_text(path)
    (tmp_path / "outside.txt").write_text("outside")
    os.mkfifo(here / "data" / "pipe")
    (here / "link.csv").symlink_to(here / "data" / "a.csv")
    return here


@pytest.mark.parametrize(
    ("command", "files", "folders"),
    [
        (["python", "train.py", "--epochs", "3"], ["train.py"], []),
        (["python", "./train.py", "train.py"], ["train.py"], []),
        (["python", "data/../train.py"], ["train.py"], []),
        (["python", "train.py", "--config=conf.yaml", "--data=data/"], ["train.py", "conf.yaml"], ["data"]),
        (["cat", "a=b", "link.csv"], ["a=b", "link.csv"], []),
        (["ls", ".", "", "..", "../outside.txt", "/etc/passwd", "-dash", "~", "nul\0", "x" * 5000], [], []),
        (["cat", "data/pipe"], [], []),
        (["echo", "no such file"], [], []),
    ],
)
def test_files_that_a_command_names(here, command, files, folders):
    assert named_in(command, here) == ([Path(each) for each in files], folders)


def test_files_keep_their_place_below_this_folder(here):
    found = collect([Path("train.py"), Path("data"), here / "conf.yaml", Path("train.py")], here, "")
    assert {each.path: each.source.read_text() for each in found} == {
        "train.py": "train.py",
        "data/a.csv": "data/a.csv",
        "data/sub/b.csv": "data/sub/b.csv",
        "conf.yaml": "conf.yaml",
    }
    assert all(each.size == each.source.stat().st_size for each in found)


def test_what_lies_elsewhere_goes_by_its_own_name(here):
    found = collect([Path("../outside.txt"), Path("../here/data")], here, "run/1")
    assert [each.path for each in found] == ["run/1/outside.txt", "run/1/data/a.csv", "run/1/data/sub/b.csv"]


def test_what_is_not_there_is_told(here, capsys):
    with pytest.raises(typer.Exit) as caught:
        collect([Path("nothing")], here, "")
    assert (caught.value.exit_code, capsys.readouterr().err) == (2, "aisc: There is no nothing here.\n")


@pytest.mark.parametrize("place", ["../up", "a/../../b", "", "/", "."])
def test_a_job_cannot_make_us_write_elsewhere(tmp_path, place, capsys):
    with pytest.raises(typer.Exit):
        transfer._target(tmp_path / "into", place)
    assert "is not written here" in capsys.readouterr().err


def test_nor_by_a_link_that_lies_here(tmp_path, capsys):
    into = tmp_path / "into"
    into.mkdir()
    (into / "results").symlink_to(tmp_path)
    with pytest.raises(typer.Exit):
        transfer._target(into, "results/a")
    assert "a link is in the way" in capsys.readouterr().err
    assert transfer._target(into, "/new//a") == into / "new" / "a"


def test_progress_is_shown_for_what_takes_a_while(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(transfer, "err", Console(file=written, force_terminal=True, width=100))
    with transfer.told(5_000_000, "Sending") as step:
        step("[a].bin", 2_500_000)
    assert "Sending [a].bin" in written.getvalue()
    assert "2.5/5.0 MB" in written.getvalue()


def test_and_not_for_what_does_not(capsys):
    with transfer.told(10, "Sending") as step:
        step("a", 5)
    assert capsys.readouterr().err == ""
