"""``aisc files``: to the workspace and back."""

from __future__ import annotations

import urllib.request
import uuid
import zipfile

import pytest


@pytest.fixture
def folder():
    return f"t-{uuid.uuid4().hex[:8]}"


def test_there_and_back(aisc, home, folder):
    (home / "tree" / "sub").mkdir(parents=True)
    (home / "tree" / "sub" / "文.txt").write_text("text")
    (home / "one.bin").write_bytes(b"x" * 2_000_000)
    sent = aisc("files", "put", "tree", "one.bin", "--to", folder, "--json").json["sent"]
    assert sent == [f"{folder}/tree/sub/文.txt", f"{folder}/one.bin"]
    listed = aisc("files", "ls", folder)
    assert [line.split()[0] for line in listed.out.splitlines()] == ["name", "tree/", "one.bin"]
    assert " used" in listed.err

    got = aisc("files", "get", f"{folder}/tree", f"/{folder}/one.bin", "--to", "back", "--json").json["fetched"]
    assert got == ["back/tree/sub/文.txt", "back/one.bin"]
    assert (home / "back" / "one.bin").stat().st_size == 2_000_000
    assert "文.txt" in aisc("files", "get", folder, "--to", "all").out
    assert (home / "all" / folder / "tree" / "sub" / "文.txt").read_text() == "text"

    assert aisc("files", "mkdir", f"{folder}/new").out == f"Made {folder}/new\n"
    assert aisc("files", "mv", f"{folder}/one.bin", f"{folder}/new/two.bin").out == f"Now {folder}/new/two.bin\n"
    assert "not empty" in aisc("files", "rm", folder, code=3).err
    assert aisc("files", "rm", "-r", folder).out == f"Deleted: {folder}\n"
    aisc("files", "ls", folder, code=3)


def test_everything_of_a_workspace(aisc, home, folder):
    aisc("files", "mkdir", folder)
    assert folder + "/" in aisc("files", "ls").out
    assert aisc("files", "ls", folder).out == "Empty.\n"
    (home / "x").write_text("x")
    aisc("files", "put", home / "x", "--to", folder)
    assert f"{folder}/x" in "\n".join(aisc("files", "get", "/", "--to", "w", "--json").json["fetched"])
    aisc("files", "rm", "-r", folder)


def test_the_default_budgets_project(aisc, award, folder):
    aisc("budgets", "use", award)
    aisc("files", "mkdir", folder)
    project = next(each for each in aisc("budgets", "--json").json if each["uid"] == award)["project"]
    assert folder in aisc("files", "ls", "-p", project).out
    aisc("files", "rm", folder)


def test_links_and_archives(aisc, home, folder):
    with zipfile.ZipFile(home / "a.zip", "w") as archive:
        archive.writestr("x.txt", "text")
    aisc("files", "put", "a.zip", "--to", folder)
    assert aisc("files", "unpack", f"{folder}/a.zip").out == f"Unpacked into {folder}/a/\n"
    assert "there already" in aisc("files", "unpack", f"{folder}/a.zip", code=3).err
    made = aisc("files", "link", f"{folder}/a/x.txt", "--days", "2", "--json").json
    with urllib.request.urlopen(f"{made['url']}/x.txt") as answer:  # noqa: S310 - the centre under test
        assert answer.read() == b"text"
    assert made["uid"] in aisc("files", "link", f"{folder}/a/x.txt").err or aisc("files", "links").out
    listed = next(each for each in aisc("files", "links", "--json").json if each["uid"] == made["uid"])
    assert (listed["uses"], listed["only_for"]) == (1, "")
    assert "no longer works" in aisc("files", "unlink", made["uid"]).out
    assert "ended" in aisc("files", "links").out
    aisc("files", "rm", "-r", folder)


def test_slips(aisc, home):
    assert "There is no nothing here" in aisc("files", "put", "nothing", code=2).err.replace(str(home) + "/", "")
    assert "is a file, not a folder" in _file_as_folder(aisc, home)
    aisc("files", "get", "nothing at all", code=3)
    assert "There is no project" in aisc("files", "ls", "-p", "nothing", code=2).err


def _file_as_folder(aisc, home) -> str:
    (home / "plain.txt").write_text("x")
    aisc("files", "put", "plain.txt")
    return aisc("files", "ls", "plain.txt", code=3).err


def test_a_file_that_cannot_be_read(aisc, home, monkeypatch):
    from aisc.client.resources.files import Files

    def unreadable(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    (home / "secret").write_text("x")
    monkeypatch.setattr(Files, "upload", unreadable)
    assert "cannot be read: Permission denied" in aisc("files", "put", "secret", code=6).err
