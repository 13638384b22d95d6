"""Nothing leads out of a workspace, and no file in it is ever half there."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisc.core.errors import AiscError, BadInput, Conflict, NotFound, TooLarge, Unavailable
from aisc.jobs import workspaces
from aisc.jobs.workspaces import root_of


@pytest.fixture
def project(make_organisation, make_project):
    for left in left_beside():  # deletions of other tests, whose transaction never came to its end
        workspaces.destroy(left)
    return make_project(make_organisation())


def put(project, path, data=b"data"):
    return workspaces.place(project, path, workspaces.receive(project, [data]))


def content(project, path):
    descriptor, _facts = workspaces.open_file(project, path)
    with open(descriptor, "rb") as file:
        return file.read()


def names(project, path=""):
    return [item.name for item in workspaces.list_folder(project, path).items]


def left_beside():
    from django.conf import settings

    return [each for name in (".incoming", ".trash") for each in (settings.STATE.workspaces / name).glob("*")]


def test_files_and_folders(project):
    put(project, "data/訓練/a.csv", b"1,2")
    put(project, "data/b.csv")
    put(project, "data/b.csv", b"newer")
    workspaces.make_folder(project, "data/empty")
    assert names(project) == ["data"]
    assert names(project, "data") == ["empty", "訓練", "b.csv"]
    assert content(project, "data/b.csv") == b"newer"
    item = workspaces.look(project, "data/訓練/a.csv")
    assert (item.name, item.kind, item.size, item.opens) == ("a.csv", "file", 3, True)
    assert workspaces.look(project, "").kind == "folder"
    assert workspaces.exists(project, "data")
    assert workspaces.is_folder(project, "data")
    assert not workspaces.is_folder(project, "nothing")
    assert not workspaces.exists(project, "data/none")
    assert [each.path for each in workspaces.walk(project)] == ["data/b.csv", "data/訓練/a.csv"]
    assert workspaces.used_bytes(project) == 8


def test_rename_and_delete(project):
    put(project, "a/b.txt", b"b")
    moved = workspaces.rename(project, "a/b.txt", "c/d.txt")
    assert moved.path == "c/d.txt"
    assert content(project, "c/d.txt") == b"b"
    put(project, "taken")
    with pytest.raises(Conflict, match="there already"):
        workspaces.rename(project, "c/d.txt", "taken")
    with pytest.raises(BadInput, match="into itself"):
        workspaces.rename(project, "c", "c/e")
    with pytest.raises(NotFound):
        workspaces.rename(project, "none", "x")
    gone = workspaces.take_away(project, "c")
    assert names(project) == ["a", "taken"]
    workspaces.destroy(gone)
    workspaces.destroy(workspaces.take_away(project, "taken"))
    assert left_beside() == []
    with pytest.raises(NotFound):
        workspaces.take_away(project, "c")
    with pytest.raises(BadInput):
        workspaces.take_away(project, "")


def test_what_is_in_the_way(project):
    put(project, "file")
    workspaces.make_folder(project, "folder/inner")
    with pytest.raises(Conflict, match="is a file"):
        put(project, "file/below")
    with pytest.raises(Conflict, match="is a folder"):
        put(project, "folder")
    with pytest.raises(Conflict, match="there already"):
        workspaces.make_folder(project, "folder")
    with pytest.raises(Conflict, match="is a file"):
        workspaces.make_folder(project, "file/x")
    assert left_beside() == []


def test_links_are_shown_and_never_followed(project, tmp_path):
    """Whatever a job plants: a link to a file, to a folder, to another project, in the middle of a path."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret")
    root = root_of(project)
    (root / "file").symlink_to(secret / "key")
    (root / "folder").symlink_to(secret)
    (root / "up").symlink_to("..")
    (root / "self").symlink_to(".")
    assert {item.name: item.kind for item in workspaces.list_folder(project).items} == dict.fromkeys(
        ("file", "folder", "up", "self"), "link"
    )
    for path in ("file", "folder/key", "up/x", "self/file", "folder"):
        with pytest.raises(NotFound):
            workspaces.open_file(project, path)
    for path in ("folder", "up"):
        with pytest.raises(NotFound):
            workspaces.list_folder(project, path)
        assert not workspaces.exists(project, path)
    with pytest.raises(Conflict):
        put(project, "folder/planted")
    with pytest.raises(Conflict):
        workspaces.rename(project, "file", "folder/x")
    assert list(workspaces.walk(project)) == []
    assert workspaces.matching(project, ["**", "folder/*", "up/**"], 10) == []
    put(project, "file", b"over the link")
    assert (secret / "key").read_text() == "secret"
    assert content(project, "file") == b"over the link"
    workspaces.destroy(workspaces.take_away(project, "folder"))
    assert sorted(each.name for each in secret.iterdir()) == ["key"]


def test_what_is_no_ordinary_file(project):
    root = root_of(project)
    os.mkfifo(root / "pipe")
    (root / "gone\udcff").write_text("bytes that are no text")
    (root / "two\nlines").write_text("x")
    kinds = {item.name: (item.kind, item.opens) for item in workspaces.list_folder(project).items}
    assert kinds == {"pipe": ("other", False), "gone\ufffd": ("other", False), "two\ufffdlines": ("other", False)}
    with pytest.raises(NotFound):
        workspaces.open_file(project, "pipe")  # opening it to read would wait for a writer for ever
    assert list(workspaces.walk(project)) == []


def test_a_locked_folder_is_said_so(project, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    put(project, "a")
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(Conflict, match="permissions"):
        workspaces.take_away(project, "a")
    with pytest.raises(Conflict, match="permissions"):
        workspaces.rename(project, "a", "b")


@given(path=st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_path_leads_out(tmp_path_factory, path):
    """Any text as a path either is refused or stays inside."""

    class Project:
        uid = "prj-any"

    try:
        item = put(Project, path, b"x")
    except AiscError:
        return
    root = root_of(Project).resolve()
    assert (root / item.path).resolve().is_relative_to(root)
    assert (root / item.path).read_bytes() == b"x"
    workspaces.destroy(workspaces.take_away(Project, item.path))


# Space


def test_limits_are_said_before_and_while_bytes_come(project, settings):
    settings.MAX_UPLOAD_BYTES = 1_048_576
    settings.WORKSPACE_QUOTA_BYTES = 2 * 1_048_576
    sent = []

    def chunks(count):
        for _ in range(count):
            sent.append(1)
            yield b"x" * 262_144

    with pytest.raises(TooLarge, match="at most 1 MB"):
        workspaces.receive(project, chunks(1), expected=1_048_577)
    assert sent == []  # refused before a byte was read
    with pytest.raises(TooLarge, match="at most 1 MB"):
        workspaces.receive(project, chunks(100))
    assert len(sent) == 5
    put(project, "a", b"x" * 1_048_576)
    put(project, "b", b"x" * 900_000)
    with pytest.raises(TooLarge, match="workspace may hold 2 MB"):
        workspaces.receive(project, chunks(1), expected=262_144)
    with pytest.raises(TooLarge, match="workspace may hold 2 MB"):
        workspaces.receive(project, chunks(4))
    assert left_beside() == []


def test_a_full_disk_is_said_and_leaves_nothing(project, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match="disk is full"):
            workspaces.receive(project, [b"x"])
    assert left_beside() == []
    usage = workspaces.shutil.disk_usage("/")
    with monkeypatch.context() as patch:
        patch.setattr(workspaces.shutil, "disk_usage", lambda _path: usage._replace(free=1000))
        with pytest.raises(Unavailable, match="disk is full"):
            workspaces.receive(project, [b"x"])


def test_an_upload_that_breaks_off_leaves_nothing(project):
    def broken():
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        workspaces.receive(project, broken())
    with pytest.raises(BadInput, match="Only 4 of 10 bytes"):
        workspaces.receive(project, [b"half"], expected=10)
    assert left_beside() == []
    assert names(project) == []


def test_leftovers_are_swept_after_a_day(project):
    fresh = workspaces.receive(project, [b"x"])
    old = workspaces.receive(project, [b"x"])
    put(project, "d/x")
    trash = workspaces.take_away(project, "d")
    for each in (old.path, trash):
        os.utime(each, (1, 1))
    assert workspaces.sweep() == 2
    assert left_beside() == [fresh.path]
    fresh.discard()


def test_a_folder_with_very_many_files(project, monkeypatch):
    monkeypatch.setattr(workspaces, "MAX_LISTED", 3)
    for number in range(6):
        put(project, f"{number}")
    listing = workspaces.list_folder(project)
    assert (len(listing.items), listing.more) == (3, True)


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["*.txt"], ["a.txt"]),
        (["**"], ["a.txt", "out/b.png", "out/deep/c.png"]),
        (["out/**"], ["out/b.png", "out/deep/c.png"]),
        (["out/*.png"], ["out/b.png"]),
        (["**/*.png"], ["out/b.png", "out/deep/c.png"]),
        (["out/**/c.*", "a.txt"], ["out/deep/c.png", "a.txt"]),
        (["out/deep/c.png"], ["out/deep/c.png"]),
        (["none/*", "[", "out"], []),
    ],
)
def test_patterns(project, patterns, found):
    for path in ("a.txt", "out/b.png", "out/deep/c.png"):
        put(project, path)
    assert [item.path for item in workspaces.matching(project, patterns, 100)] == found
    assert len(workspaces.matching(project, patterns, 1)) == min(1, len(found))
