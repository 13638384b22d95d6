"""The photographs program, run for real on ordinary, damaged and hostile files."""

import csv
import io
import os
import struct
import subprocess
import sys
import zlib

import imagehash
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from aisc.jobs.library import load_templates

PROGRAM = load_templates()["photographs"].program
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SECRET = "22.2619"


def picture(seed=1, size=(400, 300)):
    """Soft random shapes: alike to itself at any size, unlike every other seed."""
    values = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(values).resize(size, Image.Resampling.BICUBIC)


def exif(orientation=1, gps=True):
    found = Image.Exif()
    found[ExifTags.Base.Make] = "Camera"
    found[ExifTags.Base.Orientation] = orientation
    if gps:
        found.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N",
                ExifTags.GPS.GPSLatitude: (22.0, 15.0, 43.0),
                ExifTags.GPS.GPSLongitudeRef: "E",
                ExifTags.GPS.GPSLongitude: (114.0, 7.0, 48.0),
            }
        )
    return found


XMP = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>{SECRET}</exif:GPSLatitude></x:xmpmeta>'  # as phones do
).encode()


@pytest.fixture
def photos(workspace):
    folder = workspace.path / "photos"
    folder.mkdir()
    return folder


def rows_of(folder):
    with (folder / "photographs.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def written(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))


def assert_holds_no_metadata(path):
    content = path.read_bytes()
    for trace in (
        b"Exif",
        b"http://ns",
        b"xmp",
        b"Photoshop",
        b"GPS",
        SECRET.encode(),
        b"Camera",
        b"tEXt",
        b"iTXt",
        b"eXIf",
    ):
        assert trace not in content, f"{trace} in {path.name}"
    with Image.open(path) as image:
        image.load()
        assert dict(image.getexif()) == {}
        assert dict(image.getexif().get_ifd(ExifTags.IFD.GPSInfo)) == {}
        known = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression", "icc_profile"}
        assert set(image.info) <= known


# The sample


@pytest.fixture(scope="module")
def sample(shared_workspace):
    return shared_workspace.run("photographs")


@pytest.fixture
def sampled(sample, shared_workspace):
    return shared_workspace.path / "photographs-ready"


def test_with_nothing_given_a_sample_is_made(sample, sampled, shared_workspace):
    assert (sample.code, sample.errors) == (0, "")
    assert sample.progress == {
        "done": 7,
        "total": 7,
        "message": "Done: 5 ready, 0 not used, 2 groups of duplicates. See photographs-ready/report.html",
    }
    assert sorted(each.name for each in (shared_workspace.path / "sample-photographs").iterdir()) == [
        "sample-china-copy.jpg",
        "sample-china-small.jpg",
        "sample-china.jpg",
        "sample-flower-with-location.jpg",
        "sample-flower.jpg",
    ]
    assert [str(each.relative_to(sampled)) for each in written(sampled)] == [
        "contact-sheet-001.jpg",
        *(f"photographs/00000{number}.jpg" for number in range(1, 6)),
        *(f"thumbnails/00000{number}.jpg" for number in range(1, 6)),
    ]


def test_the_sample_really_holds_a_location_and_the_results_do_not(sample, sampled, shared_workspace):
    located = shared_workspace.path / "sample-photographs" / "sample-flower-with-location.jpg"
    with Image.open(located) as image:
        assert image.getexif().get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (22.0, 15.0, 43.0)
        assert image.size == (427, 640)
    for path in written(sampled):
        assert_holds_no_metadata(path)
    row = rows_of(sampled)["sample-flower-with-location.jpg"]
    assert (row["location_removed"], row["metadata_removed"], row["notes"]) == ("yes", "exif;location", "turned")
    assert (row["width_out"], row["height_out"]) == ("640", "427")


def test_duplicates_of_the_sample(sample, sampled):
    found = {name: (row["group"], row["likeness"]) for name, row in rows_of(sampled).items()}
    assert found == {
        "sample-china.jpg": ("1", "keep"),
        "sample-china-copy.jpg": ("1", "exact"),
        "sample-china-small.jpg": ("1", "near"),
        "sample-flower.jpg": ("2", "keep"),
        "sample-flower-with-location.jpg": ("2", "near"),
    }


def test_the_report_says_that_it_is_a_sample(sample, sampled, read_page):
    page = read_page(sampled / "report.html")
    assert page.lang == "en"
    assert "These are not your photographs." in page.text
    assert "5 photographs are ready to publish; location was removed from 1." in page.text
    assert "22" not in page.text.split("Time")[0].replace("320 × 213", "")  # no coordinates anywhere
    for address in page.addresses:
        assert (sampled / address).is_file()


def test_the_report_in_chinese(workspace, read_page):
    ended = workspace.run("photographs", language="zh-hant", output="輸出")
    assert (ended.code, ended.errors) == (0, "")
    assert "完成：5 張可供發布，0 個檔案未能使用，2 組重複相片。" in ended.output
    page = read_page(workspace.path / "輸出" / "report.html")
    assert page.lang == "zh-Hant-HK"
    assert "這些並非你的相片。" in page.text
    assert "已移除：EXIF、位置" in page.text
    for english in ("Duplicates", "Settings", "removed", "copy,", "upright"):
        assert english not in page.text


def test_the_sample_may_be_made_again_but_touches_nothing_else(workspace, photos):
    assert workspace.run("photographs", input="photos", sample="true").code == 0
    assert workspace.run("photographs", input="photos", sample="true").code == 0
    (photos / "mine.jpg").write_bytes(b"mine")
    ended = workspace.run("photographs", input="photos", sample="true")
    assert (ended.code, ended.errors) == (
        2,
        "The sample was not written: “photos” holds other files (mine.jpg).\n",
    )
    assert (photos / "mine.jpg").read_bytes() == b"mine"


# What is done to a photograph


def test_no_metadata_is_left_and_the_colour_profile_is_kept(workspace, photos):
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    image = picture()
    image.save(photos / "a.jpg", exif=exif(), xmp=XMP, comment=SECRET.encode(), icc_profile=SRGB)
    image.save(photos / "b.png", exif=exif(), pnginfo=text, icc_profile=SRGB)
    image.save(photos / "c.webp", exif=exif(), xmp=XMP, icc_profile=SRGB)
    image.save(photos / "d.tif", exif=exif().tobytes(), icc_profile=SRGB)
    image.convert("RGBA").resize((40, 40)).save(photos / "e.png")
    see_through = image.copy()
    see_through.putalpha(128)
    see_through.save(photos / "f.png", pnginfo=text, icc_profile=SRGB)
    ended = workspace.run("photographs", input="photos", output="out")
    assert (ended.code, ended.errors) == (0, "")
    out = workspace.path / "out"
    rows = rows_of(out)
    assert {name: row["metadata_removed"] for name, row in rows.items()} == {
        "a.jpg": "comment;exif;location;xmp",
        "b.png": "exif;location;text;xmp",
        "c.webp": "exif;location;xmp",
        "d.tif": "exif;location",
        "e.png": "",
        "f.png": "location;text;xmp",
    }
    assert {name: row["output"][-3:] for name, row in rows.items()} == {
        "a.jpg": "jpg",
        "b.png": "jpg",
        "c.webp": "jpg",
        "d.tif": "jpg",
        "e.png": "jpg",
        "f.png": "png",
    }
    for path in written(out):
        assert_holds_no_metadata(path)
    for name in ("a.jpg", "b.png", "c.webp", "d.tif", "f.png"):
        with Image.open(out / rows[name]["output"]) as result:
            assert result.info["icc_profile"] == SRGB
    with Image.open(out / rows["f.png"]["output"]) as result:
        assert result.getchannel("A").getextrema() == (128, 128)


@pytest.mark.parametrize(
    ("orientation", "suffix"),
    [*((number, "jpg") for number in range(1, 9)), (6, "png"), (6, "webp"), (6, "tif"), (3, "tif")],
)
def test_every_orientation_is_turned_upright(workspace, photos, orientation, suffix):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that makes the camera's picture
    image = picture(3)
    stored = image.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else image
    stored.save(photos / f"photo.{suffix}", quality=95, exif=exif(orientation).tobytes())
    assert workspace.run("photographs", input="photos", max_edge=200).code == 0
    row = rows_of(workspace.path / "photographs-ready")[f"photo.{suffix}"]
    with Image.open(workspace.path / "photographs-ready" / row["output"]) as result:
        assert result.size == (200, 150)
        difference = np.abs(np.asarray(result, float) - np.asarray(image.resize((200, 150)), float))
        assert difference.mean() < 4
    assert (row["width_in"], row["height_in"]) == ("400", "300")


def test_sizes(workspace, photos):
    picture(1, (3000, 10)).save(photos / "wide.png")
    picture(2, (80, 60)).save(photos / "small.jpg")
    assert workspace.run("photographs", input="photos", max_edge=500).code == 0
    rows = rows_of(workspace.path / "photographs-ready")
    assert {name: (row["width_out"], row["height_out"]) for name, row in rows.items()} == {
        "wide.png": ("500", "2"),
        "small.jpg": ("80", "60"),
    }


def test_unusual_kinds_of_picture(workspace, photos):
    image = picture()
    image.convert("CMYK").save(photos / "cmyk.jpg")
    image.convert("L").save(photos / "grey.jpg")
    image.convert("1").save(photos / "one.png")
    image.convert("P").save(photos / "palette.gif")
    image.quantize(16).save(photos / "clear.png", transparency=3)
    Image.fromarray((np.arange(120_000).reshape(300, 400) % 65536).astype(np.uint16)).save(photos / "deep.png")
    image.save(photos / "moving.gif", save_all=True, append_images=[picture(9)])
    ended = workspace.run("photographs", input="photos")
    assert ended.code == 0
    rows = rows_of(workspace.path / "photographs-ready")
    assert {row["status"] for row in rows.values()} == {"ready"}
    assert rows["moving.gif"]["notes"] == "first_frame 2"
    assert rows["deep.png"]["notes"] == "smaller_depth"
    assert rows["clear.png"]["output"].endswith(".png")


# Duplicates


def test_duplicates(workspace, photos):
    image = picture(1, (800, 600))
    image.save(photos / "b.png")
    (photos / "b copy.png").write_bytes((photos / "b.png").read_bytes())
    image.resize((200, 150)).save(photos / "a.jpg", quality=60)
    for seed in (2, 3):
        picture(seed).save(photos / f"{seed}.jpg")
    Image.new("RGB", (300, 300), "red").save(photos / "red.png")
    Image.new("RGB", (300, 300), "navy").save(photos / "navy.png")
    assert workspace.run("photographs", input="photos").code == 0
    rows = rows_of(workspace.path / "photographs-ready")
    assert {name: (row["group"], row["likeness"]) for name, row in rows.items()} == {
        "b.png": ("1", "keep"),
        "b copy.png": ("1", "exact"),
        "a.jpg": ("1", "near"),
        "2.jpg": ("", ""),
        "3.jpg": ("", ""),
        "red.png": ("", ""),
        "navy.png": ("", ""),
    }
    assert rows["red.png"]["notes"] == "plain"
    assert rows["b.png"]["phash"] == str(imagehash.phash(image.convert("L")))


def test_the_distance_decides(workspace, photos):
    picture(1).save(photos / "1.png")
    picture(2).save(photos / "2.png")
    for index in range(9):  # a little further from the first each time
        Image.blend(picture(1), picture(2), index / 10).save(photos / f"blend-{index}.png")
    groups = []
    for distance in (0, 6, 20):
        workspace.run("photographs", input="photos", duplicates_distance=distance, output=f"out-{distance}")
        rows = rows_of(workspace.path / f"out-{distance}").values()
        groups.append(sum(row["group"] != "" for row in rows))
    assert groups == sorted(groups)
    assert groups[0] < groups[2]


# Files that cannot be used


def bomb():
    """A PNG of a few hundred bytes that says it is 50,000 pixels square."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9000))) + chunk(b"IEND", b"")
    )


def test_files_that_cannot_be_used_are_reported_one_by_one(workspace, photos, read_page, tmp_path):
    secret = tmp_path / "secret.jpg"
    picture(5).save(secret)
    buffer = io.BytesIO()
    picture(1).save(buffer, "JPEG", exif=exif())
    whole = buffer.getvalue()
    (photos / "good.jpg").write_bytes(whole)
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "head.jpg").write_bytes(whole[:20])
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "noise.png").write_bytes(np.random.default_rng(1).bytes(5000))
    (photos / "bomb.png").write_bytes(bomb())
    (photos / "drawing.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    (photos / "phone.heic").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(100))
    (photos / "page.svg").write_text("<svg><script>alert(1)</script></svg>")
    (photos / "notes.txt").write_text("hello")
    (photos / "link.jpg").symlink_to("good.jpg")
    (photos / "out.jpg").symlink_to(secret)
    (photos / "outside").symlink_to(tmp_path)
    (photos / "loop").symlink_to(".")
    (photos / "nowhere.jpg").symlink_to("gone.jpg")
    os.mkfifo(photos / "pipe.jpg")
    ended = workspace.run("photographs", input="photos")
    assert (ended.code, ended.errors) == (0, "")
    out = workspace.path / "photographs-ready"
    assert {name: row["reason"] for name, row in rows_of(out).items()} == {
        "good.jpg": "",
        "cut.jpg": "corrupt",
        "head.jpg": "not_an_image",
        "empty.jpg": "empty",
        "noise.png": "not_an_image",
        "bomb.png": "too_many_pixels",
        "drawing.eps": "not_an_image",
        "phone.heic": "heic",
        "page.svg": "not_an_image",
        "notes.txt": "not_an_image",
        "link.jpg": "link",
        "out.jpg": "link_out",
        "outside": "link_out",
        "loop": "link",
        "nowhere.jpg": "link_broken",
        "pipe.jpg": "not_a_file",
    }
    assert len(list((out / "photographs").iterdir())) == 1
    page = read_page(out / "report.html")
    assert "A link that leads out of the folder; not followed." in page.text
    assert "1 photograph is ready to publish" in page.text


def test_odd_names(workspace, photos, read_page):
    names = [
        "=HYPERLINK(1).jpg",
        "<img src=x onerror=alert(1)>.jpg",
        "海港 夜景.jpg",
        "-rf.jpg",
        "a\nb\u202egpj.jpg",
        "%2e%2e#?.jpg",
    ]
    for seed, name in enumerate(names):
        picture(seed).save(photos / name)
    raw = os.fsencode(photos) + b"/\xff\xfe.jpg"
    with open(raw, "wb") as file:
        picture(99).save(file, "JPEG")
    (photos / "inner" / ".hidden").mkdir(parents=True)
    picture(50).save(photos / "inner" / ".hidden" / "deep.jpg")
    ended = workspace.run("photographs", input="photos")
    assert (ended.code, ended.errors) == (0, "")
    rows = rows_of(workspace.path / "photographs-ready")
    assert sorted(rows) == sorted(
        [
            "'=HYPERLINK(1).jpg",
            "<img src=x onerror=alert(1)>.jpg",
            "海港 夜景.jpg",
            "'-rf.jpg",
            "a\\nb\\u202egpj.jpg",
            "%2e%2e#?.jpg",
            "\\udcff\\udcfe.jpg",
            "inner/.hidden/deep.jpg",
        ]
    )
    assert {row["status"] for row in rows.values()} == {"ready"}
    page = read_page(workspace.path / "photographs-ready" / "report.html")
    assert "<img src=x onerror=alert(1)>.jpg" in page.text
    assert "海港 夜景.jpg" in page.text


def test_no_photographs(workspace, photos, read_page):
    ended = workspace.run("photographs", input="photos")
    assert (ended.code, ended.errors) == (
        2,
        "There are no photographs in “photos” (0 files, none of which can be used).\n",
    )
    (photos / "notes.txt").write_text("hello")
    ended = workspace.run("photographs", input="photos", language="zh-hant")
    assert (ended.code, ended.errors) == (2, "「photos」內沒有相片（共 1 個檔案，全部未能使用）。\n")
    assert "不是相片，或檔案開首已損壞。" in read_page(workspace.path / "photographs-ready" / "report.html").text
    assert workspace.run("photographs", input="none").errors == "There is no folder “none” in the workspace.\n"


def test_the_results_are_never_taken_for_photographs(workspace, photos):
    picture().save(workspace.path / "one.jpg")
    for _ in range(2):
        ended = workspace.run("photographs", input=".", output="out")
        assert ended.code == 0
        assert [name for name, row in rows_of(workspace.path / "out").items() if not row["reason"]] == ["one.jpg"]
    for folder in ("out", "out/photographs"):
        assert workspace.run("photographs", input=folder, output="out").errors == (
            "The folder of photographs must be neither the output folder nor one it writes in.\n"
        )


def test_a_later_run_leaves_nothing_of_an_earlier_one(workspace, photos):
    for seed in range(35):
        picture(seed, (64, 64)).save(photos / f"{seed:02}.jpg")
    workspace.run("photographs", input="photos", output="out")
    out = workspace.path / "out"
    (out / "photographs" / "mine.jpg").write_bytes(b"mine")
    assert len(list(out.glob("contact-sheet-*.jpg"))) == 2
    for seed in range(1, 35):
        (photos / f"{seed:02}.jpg").unlink()
    workspace.run("photographs", input="photos", output="out")
    assert [str(each.relative_to(out)) for each in written(out)] == [
        "contact-sheet-001.jpg",
        "photographs/000001.jpg",
        "photographs/mine.jpg",
        "thumbnails/000001.jpg",
    ]


# Being stopped, and workers that die


def test_stopped_and_started_again_it_goes_on(workspace, photos, read_page):
    for seed in range(60):
        picture(seed, (1600, 1200)).save(photos / f"{seed:02}.jpg")
    stopped = workspace.stop_when(workspace.start("photographs", input="photos"), "3 of 60")
    out = workspace.path / "photographs-ready"
    assert (stopped.code, stopped.errors) == (143, "")
    done = len(rows_of(out))
    assert 3 <= done < 60
    assert stopped.progress["done"] == done
    assert f"This run was stopped when {done} of 60 files had been read." in read_page(out / "report.html").text
    before = {path: path.stat().st_mtime_ns for path in (out / "photographs").iterdir()}

    ended = workspace.run("photographs", input="photos")
    assert ended.code == 0
    assert len(rows_of(out)) == 60
    assert f"{done} files were taken over" in read_page(out / "report.html").text
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list((out / "photographs").iterdir())) == 60


def test_after_a_stop_other_settings_begin_again(workspace, photos):
    for seed in range(40):
        picture(seed, (1600, 1200)).save(photos / f"{seed:02}.jpg")
    workspace.stop_when(workspace.start("photographs", input="photos"), "2 of 40")
    assert workspace.run("photographs", input="photos", max_edge=100).code == 0
    rows = rows_of(workspace.path / "photographs-ready").values()
    assert {row["width_out"] for row in rows} == {"100"}


def test_a_file_that_ends_its_worker_costs_only_itself(workspace, photos):
    for seed in range(12):
        picture(seed).save(photos / f"{seed:02}.jpg")
    driver = workspace.path / "driver.py"
    driver.write_text(
        f"import os, sys\nsys.path.insert(0, {str(PROGRAM.parent)!r})\nimport main\nhonest = main.work\n"
        "def work(task):\n    if task['file'] in ('04.jpg', '09.jpg'):\n        os.abort()\n    return honest(task)\n"
        "main.work = work\nif __name__ == '__main__':\n    sys.exit(main.main())\n"
    )
    ended = subprocess.run(
        [sys.executable, driver, "--input=photos"], cwd=workspace.path, capture_output=True, timeout=120
    )
    assert ended.returncode == 0
    reasons = {name: row["reason"] for name, row in rows_of(workspace.path / "photographs-ready").items()}
    assert reasons == {f"{seed:02}.jpg": "crashed" if seed in (4, 9) else "" for seed in range(12)}


@pytest.mark.parametrize(("threads", "processes"), [("1", 1), ("3", 3), ("", len(os.sched_getaffinity(0)))])
def test_as_many_processes_as_the_job_was_given(workspace, photos, read_page, threads, processes):
    for seed in range(4):
        picture(seed).save(photos / f"{seed}.jpg")
    workspace.env["OMP_NUM_THREADS"] = threads
    assert workspace.run("photographs", input="photos").code == 0
    page = read_page(workspace.path / "photographs-ready" / "report.html")
    assert f"with {min(processes, 4)} processes" in page.text


def test_results_are_the_same_whatever_the_number_of_processes(workspace, photos):
    for seed in range(6):
        picture(seed).save(photos / f"{seed}.jpg", exif=exif())
    for threads in ("1", "2"):
        workspace.env["OMP_NUM_THREADS"] = threads
        workspace.run("photographs", input="photos", output=f"out-{threads}")
    one, two = (
        {str(path.relative_to(folder)): path.read_bytes() for path in [*written(folder), folder / "photographs.csv"]}
        for folder in (workspace.path / "out-1", workspace.path / "out-2")
    )
    assert one == two


def test_results_that_cannot_be_written(workspace, photos):
    picture().save(photos / "a.jpg")
    (workspace.path / "out").write_text("a file is in the way")
    ended = workspace.run("photographs", input="photos", output="out")
    assert ended.code == 1
    assert ended.errors.startswith("The results could not be written: ")
