import os
import shutil
from collections import namedtuple

import pytest

from aisc.core import state
from aisc.core.state import StateError, StateFolder


@pytest.fixture
def folder(tmp_path):
    return StateFolder(tmp_path / "a folder with spaces" / "狀態")


def test_is_made_private_and_again_without_harm(folder):
    folder.prepare()
    secret = folder.secret.read_text()
    assert len(secret) > 40
    assert folder.root.stat().st_mode & 0o777 == 0o700
    assert folder.secret.stat().st_mode & 0o777 == 0o600
    folder.prepare()
    assert folder.secret.read_text() == secret


def test_a_half_written_secret_is_made_again(folder):
    folder.prepare()
    folder.secret.write_text("")
    shutil.rmtree(folder.mail)
    folder.prepare()
    assert len(folder.secret.read_text()) > 40
    assert folder.mail.is_dir()


def test_a_file_in_its_place_is_told(tmp_path):
    (tmp_path / "var").write_text("x")
    with pytest.raises(StateError, match="AISC_STATE=/path"):
        StateFolder(tmp_path / "var").prepare()


def test_a_full_disk_is_told(folder, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(state.shutil, "disk_usage", lambda _path: usage(10, 9, 1_048_576))
    with pytest.raises(StateError, match="Only 1 MB are free"):
        folder.prepare()


def test_waking_the_worker_never_fails(folder):
    folder.wake_worker()
    folder.prepare()
    folder.wake_worker()
    assert (folder.run / "wake").exists()


def test_the_environment_chooses_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("AISC_STATE", str(tmp_path))
    assert state.state_folder().root == tmp_path
    monkeypatch.delenv("AISC_STATE")
    monkeypatch.chdir(tmp_path)
    assert state.state_folder().root == tmp_path / "var"
    assert os.fspath(state.state_folder().database).endswith("var/aisc.sqlite3")
