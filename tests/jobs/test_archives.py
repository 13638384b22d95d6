"""Archives packed by enemies, and honest ones."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile

import pytest

from aisc.core.errors import BadInput, Conflict, NotFound, TooLarge, Unavailable
from aisc.jobs import actions, archives, workspaces


def make_zip(*entries, compress=zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compress) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return data.getvalue()


def make_tar(*entries, mode="w:gz") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, content in entries:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


@pytest.fixture
def unpack(team):
    def run(data: bytes, to: str = "out"):
        (workspaces.root_of(team.project) / "a.zip").write_bytes(data)
        unpacked = archives.unpack(team.project, "a.zip")
        try:
            return actions.unpack_file(team.actor, project=team.project, path="a.zip", to=to, unpacked=unpacked)
        finally:
            unpacked.discard()

    return run


@pytest.fixture
def refused(unpack, team):
    """Refused with this code, and not a file is left anywhere."""

    def check(data: bytes, code: str, kind=BadInput):
        with pytest.raises(kind) as refusal:
            unpack(data)
        assert refusal.value.code == code
        assert os.listdir(workspaces.root_of(team.project)) == ["a.zip"]
        assert list(workspaces.beside(".incoming").iterdir()) == []

    return check


GOOD = (("data/一.csv", b"1,2"), ("data/deep/er/x", b""), ("readme", b"hello"))


@pytest.mark.parametrize(
    "data", [make_zip(*GOOD), *(make_tar(*GOOD, mode=f"w:{each}") for each in ("", "gz", "bz2", "xz"))]
)
def test_an_honest_archive(unpack, team, data):
    item = unpack(data, "new/out")
    assert (item.kind, item.path) == ("folder", "new/out")
    assert [each.path for each in workspaces.walk(team.project, "new/out")] == [
        f"new/out/{name}" for name in ("data/一.csv", "data/deep/er/x", "readme")
    ] or len(list(workspaces.walk(team.project, "new/out"))) == 3
    place = workspaces.root_of(team.project) / "new" / "out" / "readme"
    assert (place.read_text(), stat.S_IMODE(place.stat().st_mode)) == ("hello", 0o600)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up",
        "a/../../up",
        "c:\\x",
        "a\\b",
        "C:x",
        "a/\u202egpj.exe",
        "x\ny",
        "n" * 300,
        " lead",
        "a/" * 40,
    ],
)
def test_names_that_lead_out_or_deceive(refused, name):
    refused(make_zip((name, b"x")), "archive.name")
    if "\0" not in name:
        refused(make_tar((name if not name.endswith("/") else name + "f", b"x")), "archive.name")


@pytest.mark.parametrize(
    "names",
    [("A.txt", "a.TXT"), ("é", "e\u0301"), ("ﬁle", "file"), ("a", "a/b"), ("a/b", "a"), ("x", "x"), ("Dir/a", "dir/b")],
)
def test_names_that_are_one_for_some(refused, names):
    with pytest.warns(UserWarning, match="Duplicate") if names[0] == names[1] else _nothing():
        data = make_zip(*((name, b"x") for name in names))
    refused(data, "archive.collision")
    refused(make_tar(*((name, b"x") for name in names)), "archive.collision")


def _nothing():
    import contextlib

    return contextlib.nullcontext()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices(refused, kind):
    info = tarfile.TarInfo("x")
    info.type, info.linkname = kind, "/etc/passwd"
    refused(make_tar((info, b"")), "archive.special")


def test_a_link_in_a_zip(refused):
    info = zipfile.ZipInfo("x")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    refused(make_zip((info, b"/etc/passwd")), "archive.special")


def test_a_bomb_is_stopped_while_it_goes_off(refused, monkeypatch):
    monkeypatch.setattr(archives, "FREE_BYTES", 1000)
    refused(make_zip(("zeros", b"\0" * 5_000_000)), "archive.bomb", TooLarge)
    refused(make_tar(("zeros", b"\0" * 5_000_000)), "archive.bomb", TooLarge)


def test_a_size_that_is_a_lie(refused):
    data = bytearray(make_zip(("x", b"y" * 1000)))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (5).to_bytes(4, "little")
    refused(bytes(data), "archive.damaged")


def test_too_many_entries(refused, monkeypatch):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
    refused(make_zip(*((str(n), b"") for n in range(4))), "archive.too_many", TooLarge)
    refused(make_tar(*((str(n), b"") for n in range(4))), "archive.too_many", TooLarge)


def test_more_than_the_workspace_may_hold(refused, settings):
    settings.WORKSPACE_QUOTA_BYTES = 20_000
    refused(make_zip(("x", os.urandom(15_000)), ("y", b"z" * 15_000)), "workspace.quota", TooLarge)


def test_what_is_no_archive_or_damaged(refused, team):
    refused(b"just text", "bad_input")
    refused(make_zip(("x", b"y" * 100))[:60], "archive.damaged")
    refused(make_tar(("x", os.urandom(5000)))[:2000], "archive.damaged")
    data = bytearray(make_zip(("x", b"y" * 100)))
    for at in (6, data.rindex(b"PK\x01\x02") + 8):
        data[at] |= 1
    refused(bytes(data), "bad_input")


def test_a_full_disk_leaves_nothing(refused, monkeypatch):
    def full(*_args, **_kw):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives._Writer, "_write", full)
    refused(make_zip(("x", b"y")), "disk.full", Unavailable)


def test_what_is_there_already_stays(unpack, team):
    unpack(make_zip(("x", b"1")))
    with pytest.raises(Conflict):
        unpack(make_zip(("x", b"2")))
    assert (workspaces.root_of(team.project) / "out" / "x").read_bytes() == b"1"
    with pytest.raises(NotFound):
        archives.unpack(team.project, "none.zip")


@pytest.mark.parametrize(("name", "folder"), [("a.zip", "a"), ("d/b.TAR.GZ", "d/b"), ("c", "c"), (".zip", ".zip")])
def test_the_folder_it_goes_to(name, folder):
    assert archives.folder_for(name) == folder
    assert archives.is_archive(name) is (folder != "c" and True)


def test_page_and_api(client, team):
    client.force_login(team.person)
    uid = team.project.uid
    (workspaces.root_of(team.project) / "a.zip").write_bytes(make_zip(*GOOD))
    page = client.get(f"/projects/{uid}/change/a.zip").content.decode()
    assert "Unpack here" in page
    assert "application/zip" in page
    assert client.post(f"/projects/{uid}/unpack/a.zip", {"to": ""}).status_code == 422
    assert client.post(f"/projects/{uid}/unpack/a.zip", {"to": "../x"}).status_code == 422
    assert client.post(f"/projects/{uid}/unpack/a.zip", {"to": "one"}).url.endswith("/files/one/")
    assert client.post(f"/projects/{uid}/unpack/a.zip", {"to": "one"}).status_code == 422
    made = client.post(f"/api/v1/projects/{uid}/unpacks", {"path": "a.zip"}, content_type="application/json")
    assert (made.status_code, made.json()["path"]) == (201, "a")
    assert list(workspaces.beside(".incoming").iterdir()) == []
