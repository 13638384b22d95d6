"""Make a folder of photographs fit to publish: upright, resized, without metadata, duplicates found.

    python main.py --input=photos --output=ready --max-edge=1600 --language=zh-hant

A job template of AISC: it stands alone, reads and writes below the working directory, and can be stopped
(SIGTERM: what there is gets written, exit code 143) and started again, when it goes on where it stopped.
No file can end the job: what cannot be used is reported. Exit code 2 means that there were no photographs.
"""

from __future__ import annotations

import argparse
import concurrent.futures as futures
import csv
import errno
import hashlib
import html
import io
import json
import multiprocessing
import os
import signal
import stat
import struct
import sys
import time
import unicodedata
import warnings
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from urllib.parse import quote

import imagehash
import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageDraw, ImageFont, ImageOps

VERSION = "1.0.0"
MAX_PIXELS = 100_000_000  # of one photograph: more is a mistake or an attack
MAX_BYTES = 500_000_000  # of one file
MAX_PROFILE = 4 * 1024 * 1024
SECONDS_EACH = 120  # a decoder that takes longer on one file is ended
MAX_WORKERS = 32
THUMB = 320
SHEET_COLUMNS, SHEET_ROWS = 6, 5
SHOWN_IN_REPORT = 600
PLAIN = 2.0  # standard deviation of grey below which there is nothing to compare
SAMPLE_FOLDER = "sample-photographs"
STATE = ".photographs-state.jsonl"
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "JPEG2000", "PPM")  # of photographs
HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

EN = {
    "lang": "en",
    "title": "Photographs: report",
    "kicker": "AISC job template · photographs {version}",
    "headline": "{done} photographs are ready to publish; location was removed from {located}.",
    "headline_one": "1 photograph is ready to publish; location was removed from {located}.",
    "sample": "These are not your photographs. This run made its own sample of five files from the two photographs "
    "that come with scikit-learn (china.jpg and flower.jpg): each as it is, one copied exactly, one copied smaller, "
    "and one turned on its side with an invented location written into it. Give a folder of your own to work on that.",
    "stopped": "This run was stopped when {done} of {total} files had been read. Start the job again with the same "
    "settings to go on from here.",
    "resumed": "{count} files were taken over from an earlier run that was stopped.",
    "files": "Files read",
    "ready": "Ready to publish",
    "located": "Location removed",
    "groups": "Groups of duplicates",
    "not_used": "Not used",
    "size": "Size, before and after",
    "proof": "Every file was checked byte by byte before it was written: all {count} hold no EXIF, XMP, IPTC or "
    "comment, and so no location. Colour profiles are kept. What a picture shows can still tell where it was taken.",
    "sheets": "Contact sheets",
    "sheet": "Contact sheet {number}",
    "duplicates": "Duplicates",
    "duplicates_text": "Exact: the files are the same to the last byte. Near: of 64 features of how the picture "
    "looks, at most {distance} differ from another of the group. The largest of each group is suggested to keep; "
    "nothing was left out. Look before deleting.",
    "duplicates_none": "None were found.",
    "group": "Group {number}",
    "keep": "suggested to keep",
    "exact": "exact copy",
    "near": "near copy, {distance} features differ",
    "problems": "Files that were not used",
    "problems_none": "None.",
    "file": "File",
    "reason": "Why",
    "all": "All photographs",
    "all_text": "{shown} of {count} are shown; photographs.csv lists them all.",
    "changed": "{before} → {after}",
    "removed": "removed: {what}",
    "nothing_removed": "held no metadata",
    "notes": "Notes",
    "how": "How this was done",
    "settings": "Settings",
    "settings_text": "longest edge {edge} pixels, JPEG quality {quality}, duplicates up to {distance} of 64",
    "limits": "Limits",
    "limits_text": "{pixels} million pixels and {bytes} MB a file, {seconds} seconds of work",
    "time": "Time",
    "time_text": "{seconds} s with {workers} processes: {rate} files a second",
    "versions": "Versions",
    "format_text": "Photographs with transparency become PNG, all others JPEG. Of a moving picture only the first "
    "frame is kept.",
    "kinds": {
        "location": "location",
        "exif": "EXIF",
        "xmp": "XMP",
        "iptc": "IPTC",
        "comment": "comment",
        "text": "text",
        "other": "program data",
    },
    "reasons": {
        "not_an_image": "Not a photograph, or damaged at its beginning.",
        "heic": "HEIC cannot be read here. Save it as JPEG first.",
        "corrupt": "Damaged: the picture cannot be read to its end.",
        "too_many_pixels": "Too large: more than 100 million pixels.",
        "too_many_bytes": "Too large: {detail} MB.",
        "empty": "Empty file.",
        "link": "A link; links are not followed.",
        "link_out": "A link that leads out of the folder; not followed.",
        "link_broken": "A link that leads nowhere.",
        "not_a_file": "Not a regular file.",
        "unreadable": "Cannot be opened: {detail}.",
        "crashed": "Reading it ended the program that reads it, or took longer than {detail} seconds.",
        "metadata_left": "Metadata was left after cleaning, so it was not written: {detail}.",
        "error": "Could not be processed: {detail}.",
    },
    "note": {
        "turned": "turned upright",
        "first_frame": "first frame of {detail}",
        "profile_dropped": "unusable colour profile removed",
        "profile_converted": "colours converted to sRGB",
        "smaller_depth": "reduced to 8 bits a colour",
        "plain": "too plain to compare",
    },
    "reading": "{done} of {total}: {file}",
    "not_used_line": "{done} of {total}: {file}: {reason}",
    "making_sample": "Making the sample in {folder}",
    "comparing": "Looking for duplicates",
    "writing": "Writing contact sheets and the report",
    "done": "Done: {ready} ready, {problems} not used, {groups} groups of duplicates. See {report}",
    "halted": "Stopped at {done} of {total} files. What there is has been written; start again to go on.",
    "no_folder": "There is no folder “{folder}” in the workspace.",
    "no_photographs": "There are no photographs in “{folder}” ({files} files, none of which can be used).",
    "same_folder": "The folder of photographs must be neither the output folder nor one it writes in.",
    "sample_not_empty": "The sample was not written: “{folder}” holds other files ({file}).",
    "no_sample": "The sample photographs of scikit-learn cannot be read: {error}",
    "disk": "The results could not be written: {error}",
}
ZH = {
    "lang": "zh-Hant-HK",
    "title": "相片：處理報告",
    "kicker": "AISC 作業範本 · photographs {version}",
    "headline": "{done} 張相片可供發布；其中 {located} 張已移除位置資料。",
    "headline_one": "1 張相片可供發布；其中 {located} 張已移除位置資料。",
    "sample": "這些並非你的相片。這次作業以 scikit-learn 內附的兩張相片（china.jpg 及 flower.jpg）"
    "自行製作了五個示範檔案：兩張原圖、一個完全相同的複本、一個縮小的複本，以及一個橫放並寫入虛構位置的複本。如要處理自己的相片，請指定資料夾。",
    "stopped": "這次作業在讀取 {total} 個檔案中的 {done} 個後停止。以相同設定再次啟動作業，便會由此繼續。",
    "resumed": "{count} 個檔案沿用較早一次中途停止的作業的結果。",
    "files": "讀取檔案",
    "ready": "可供發布",
    "located": "已移除位置",
    "groups": "重複相片組數",
    "not_used": "未能使用",
    "size": "處理前後大小",
    "proof": "每個檔案寫出前均已逐個位元組檢查：全部 {count} 個檔案不含 EXIF、XMP、IPTC 或註解，因此不含位置資料。"
    "色彩描述檔予以保留。留意相片內容本身仍可能透露拍攝地點。",
    "sheets": "樣張",
    "sheet": "樣張 {number}",
    "duplicates": "重複相片",
    "duplicates_text": "完全相同：檔案內容逐個位元組一致。近似：在畫面的 64 個特徵中，"
    "與組內另一張最多有 {distance} 個不同。每組建議保留最大的一張；所有相片均已輸出，刪除前請先過目。",
    "duplicates_none": "沒有找到。",
    "group": "第 {number} 組",
    "keep": "建議保留",
    "exact": "完全相同",
    "near": "近似，{distance} 個特徵不同",
    "problems": "未能使用的檔案",
    "problems_none": "沒有。",
    "file": "檔案",
    "reason": "原因",
    "all": "全部相片",
    "all_text": "共 {count} 張，顯示 {shown} 張；全部載於 photographs.csv。",
    "changed": "{before} → {after}",
    "removed": "已移除：{what}",
    "nothing_removed": "原本沒有元數據",
    "notes": "備註",
    "how": "方法",
    "settings": "設定",
    "settings_text": "最長邊 {edge} 像素，JPEG 品質 {quality}，重複相片最多相差 64 個特徵中的 {distance} 個",
    "limits": "上限",
    "limits_text": "每個檔案 {pixels} 百萬像素、{bytes} MB、處理 {seconds} 秒",
    "time": "時間",
    "time_text": "以 {workers} 個程序處理，共 {seconds} 秒，每秒 {rate} 個檔案",
    "versions": "版本",
    "format_text": "有透明部分的相片存為 PNG，其餘存為 JPEG。動態圖像只保留第一格。",
    "kinds": {
        "location": "位置",
        "exif": "EXIF",
        "xmp": "XMP",
        "iptc": "IPTC",
        "comment": "註解",
        "text": "文字",
        "other": "程式資料",
    },
    "reasons": {
        "not_an_image": "不是相片，或檔案開首已損壞。",
        "heic": "這裏無法讀取 HEIC 格式，請先另存為 JPEG。",
        "corrupt": "檔案損壞，無法讀至結尾。",
        "too_many_pixels": "太大：超過一億像素。",
        "too_many_bytes": "太大：{detail} MB。",
        "empty": "檔案是空的。",
        "link": "這是連結；連結不會跟隨。",
        "link_out": "這是通往資料夾以外的連結，不會跟隨。",
        "link_broken": "這是失效的連結。",
        "not_a_file": "不是一般檔案。",
        "unreadable": "無法開啟：{detail}。",
        "crashed": "讀取時令讀取程式終止，或超過 {detail} 秒。",
        "metadata_left": "清理後仍有元數據，因此沒有寫出：{detail}。",
        "error": "無法處理：{detail}。",
    },
    "note": {
        "turned": "已轉正方向",
        "first_frame": "{detail} 格中的第一格",
        "profile_dropped": "已移除無法使用的色彩描述檔",
        "profile_converted": "色彩已轉換為 sRGB",
        "smaller_depth": "已降至每色 8 位元",
        "plain": "畫面過於單調，無法比較",
    },
    "reading": "第 {done} 個，共 {total} 個：{file}",
    "not_used_line": "第 {done} 個，共 {total} 個：{file}：{reason}",
    "making_sample": "正在 {folder} 製作示範相片",
    "comparing": "正在尋找重複相片",
    "writing": "正在製作樣張及報告",
    "done": "完成：{ready} 張可供發布，{problems} 個檔案未能使用，{groups} 組重複相片。請看 {report}",
    "halted": "已在 {total} 個檔案中的第 {done} 個停止，並寫下現有結果；再次啟動便會繼續。",
    "no_folder": "工作區內沒有資料夾「{folder}」。",
    "no_photographs": "「{folder}」內沒有相片（共 {files} 個檔案，全部未能使用）。",
    "same_folder": "相片資料夾不可與輸出資料夾相同，亦不可是寫入結果的資料夾。",
    "sample_not_empty": "未有寫入示範相片：「{folder}」內有其他檔案（{file}）。",
    "no_sample": "無法讀取 scikit-learn 的示範相片：{error}",
    "disk": "無法寫入結果：{error}",
}
ZH_HANS = {
    "lang": "zh-Hans-CN",
    "title": "照片：处理报告",
    "kicker": "AISC 作业模板 · photographs {version}",
    "headline": "{done} 张照片可供发布；其中 {located} 张已移除位置信息。",
    "headline_one": "1 张照片可供发布；其中 {located} 张已移除位置信息。",
    "sample": "这些并非您的照片。这次作业以 scikit-learn 自带的两张照片（china.jpg 及 flower.jpg）"
    "自行制作了五个演示文件：两张原图、一个完全相同的副本、一个缩小的副本，以及一个横放并写入虚构位置的副本。如要处理自己的照片，请指定文件夹。",
    "stopped": "这次作业在读取 {total} 个文件中的 {done} 个后停止。以相同设置再次启动作业，会从此处继续。",
    "resumed": "{count} 个文件沿用较早一次中途停止的作业的结果。",
    "files": "读取文件",
    "ready": "可供发布",
    "located": "已移除位置",
    "groups": "重复照片组数",
    "not_used": "无法使用",
    "size": "处理前后大小",
    "proof": "每个文件写出前均已逐个字节检查：全部 {count} 个文件不含 EXIF、XMP、IPTC 或注释，因此不含位置信息。"
    "色彩描述文件予以保留。留意照片内容本身仍可能透露拍摄地点。",
    "sheets": "缩略图",
    "sheet": "缩略图 {number}",
    "duplicates": "重复照片",
    "duplicates_text": "完全相同：文件内容逐个字节一致。近似：在画面的 64 个特征中，"
    "与组内另一张最多有 {distance} 个不同。每组建议保留最大的一张；所有照片均已输出，删除前请先过目。",
    "duplicates_none": "没有找到。",
    "group": "第 {number} 组",
    "keep": "建议保留",
    "exact": "完全相同",
    "near": "近似，{distance} 个特征不同",
    "problems": "无法使用的文件",
    "problems_none": "没有。",
    "file": "文件",
    "reason": "原因",
    "all": "全部照片",
    "all_text": "共 {count} 张，显示 {shown} 张；全部载于 photographs.csv。",
    "changed": "{before} → {after}",
    "removed": "已移除：{what}",
    "nothing_removed": "原本没有元数据",
    "notes": "备注",
    "how": "方法",
    "settings": "设置",
    "settings_text": "最长边 {edge} 像素，JPEG 质量 {quality}，重复照片最多相差 64 个特征中的 {distance} 个",
    "limits": "上限",
    "limits_text": "每个文件 {pixels} 百万像素、{bytes} MB、处理 {seconds} 秒",
    "time": "时间",
    "time_text": "以 {workers} 个进程处理，共 {seconds} 秒，每秒 {rate} 个文件",
    "versions": "版本",
    "format_text": "有透明部分的照片存为 PNG，其余存为 JPEG。动态图像只保留第一帧。",
    "kinds": {
        "location": "位置",
        "exif": "EXIF",
        "xmp": "XMP",
        "iptc": "IPTC",
        "comment": "注释",
        "text": "文字",
        "other": "程序信息",
    },
    "reasons": {
        "not_an_image": "不是照片，或文件开头已损坏。",
        "heic": "这里无法读取 HEIC 格式，请先另存为 JPEG。",
        "corrupt": "文件损坏，无法读至结尾。",
        "too_many_pixels": "太大：超过一亿像素。",
        "too_many_bytes": "太大：{detail} MB。",
        "empty": "文件是空的。",
        "link": "这是链接；链接不会跟随。",
        "link_out": "这是指向文件夹以外的链接，不会跟随。",
        "link_broken": "这是失效的链接。",
        "not_a_file": "不是一般文件。",
        "unreadable": "无法打开：{detail}。",
        "crashed": "读取时令读取程序终止，或超过 {detail} 秒。",
        "metadata_left": "清理后仍有元数据，因此没有写出：{detail}。",
        "error": "无法处理：{detail}。",
    },
    "note": {
        "turned": "已转正方向",
        "first_frame": "{detail} 帧中的第一帧",
        "profile_dropped": "已移除无法使用的色彩描述文件",
        "profile_converted": "色彩已转换为 sRGB",
        "smaller_depth": "已降至每色 8 位",
        "plain": "画面过于单调，无法比较",
    },
    "reading": "第 {done} 个，共 {total} 个：{file}",
    "not_used_line": "第 {done} 个，共 {total} 个：{file}：{reason}",
    "making_sample": "正在 {folder} 制作演示照片",
    "comparing": "正在寻找重复照片",
    "writing": "正在制作缩略图及报告",
    "done": "完成：{ready} 张可供发布，{problems} 个文件无法使用，{groups} 组重复照片。请查看 {report}",
    "halted": "已在 {total} 个文件中的第 {done} 个停止，并写下现有结果；再次启动便会继续。",
    "no_folder": "工作区内没有文件夹“{folder}”。",
    "no_photographs": "“{folder}”内没有照片（共 {files} 个文件，全部无法使用）。",
    "same_folder": "照片文件夹不能与输出文件夹相同，也不能是写入结果的文件夹。",
    "sample_not_empty": "没有写入演示照片：“{folder}”内有其他文件（{file}）。",
    "no_sample": "无法读取 scikit-learn 的演示照片：{error}",
    "disk": "无法写入结果：{error}",
}
TEXTS = {"en": EN, "zh-hant": ZH, "zh-hans": ZH_HANS}
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


class UsageError(Exception):
    """The job cannot be done as asked; the message is for the person who started it."""


# Progress, and being stopped


class Progress:
    """Says how far the work is: to people on standard output, to AISC in the file it names."""

    def __init__(self) -> None:
        self.done, self.total, self.path = 0, 1, os.environ.get("AISC_PROGRESS", "")

    def say(self, message: str, done: int | None = None) -> None:
        self.done = min(self.done if done is None else done, self.total)
        print(message, flush=True)
        if not self.path:
            return
        fact = {"done": self.done, "total": self.total, "message": message}
        try:
            write(Path(self.path), json.dumps(fact, ensure_ascii=False))
        except OSError as error:  # the work matters more than saying how far it is
            print(f"AISC_PROGRESS: {error}", file=sys.stderr, flush=True)


class Stop:
    """Set by SIGTERM (and Ctrl-C); asked between files."""

    asked = False

    @classmethod
    def listen(cls) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, cls._ask)

    @classmethod
    def _ask(cls, number: int, frame: object) -> None:
        cls.asked = True


def write(path: Path, content: str | bytes) -> None:
    """Write all of ``content`` or nothing."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def printable(name: str) -> str:
    """``name`` with everything escaped that would not show, or would show as something else."""
    hidden = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
    return "".join(
        each if unicodedata.category(each) not in hidden else each.encode("unicode_escape", "surrogatepass").decode()
        for each in name
    )


# The sample


def make_sample(folder: Path, text: dict) -> None:
    """Five files from scikit-learn's two photographs. They may be written again, other files are not touched."""
    # Imported here: it takes longer than reading a hundred photographs.
    try:
        import sklearn.datasets

        pictures = Path(sklearn.datasets.__file__).parent / "images"
        china, flower = (pictures / name for name in ("china.jpg", "flower.jpg"))
        small, turned = io.BytesIO(), io.BytesIO()
        with Image.open(china) as image:
            image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS).save(
                small, "JPEG", quality=88
            )
        with Image.open(flower) as image:
            exif = Image.Exif()
            exif[ExifTags.Base.Make] = "Sample"
            exif[ExifTags.Base.ImageDescription] = "Location invented for this sample"
            exif[ExifTags.Base.Orientation] = 6  # to be turned a quarter clockwise
            exif.get_ifd(ExifTags.IFD.GPSInfo).update(
                {
                    ExifTags.GPS.GPSLatitudeRef: "N",
                    ExifTags.GPS.GPSLatitude: (22.0, 15.0, 43.0),
                    ExifTags.GPS.GPSLongitudeRef: "E",
                    ExifTags.GPS.GPSLongitude: (114.0, 7.0, 48.0),
                }
            )
            image.transpose(Image.Transpose.ROTATE_90).save(turned, "JPEG", quality=92, exif=exif)
        files = {
            "sample-china.jpg": china.read_bytes(),
            "sample-china-copy.jpg": china.read_bytes(),
            "sample-china-small.jpg": small.getvalue(),
            "sample-flower.jpg": flower.read_bytes(),
            "sample-flower-with-location.jpg": turned.getvalue(),
        }
    except (ImportError, OSError) as error:
        raise UsageError(text["no_sample"].format(error=error)) from error
    folder.mkdir(parents=True, exist_ok=True)
    for other in sorted(folder.iterdir()):
        if other.name not in files:
            name = printable(other.name)
            raise UsageError(text["sample_not_empty"].format(folder=folder, file=name))
    for name, content in files.items():
        write(folder / name, content)


# Finding files


def walk(folder: Path, without: Path) -> list[tuple[str, str]]:
    """``(path below folder, reason)`` of everything in it, in order of name; reason "" is to be read.

    Links are never followed, so nothing outside the folder is ever read.
    """
    found: list[tuple[str, str]] = []
    inside = folder.resolve()
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            entries = list(os.scandir(folder / below))
        except OSError:
            found.append((below, "unreadable"))
            continue
        for entry in entries:
            path = f"{below}{entry.name}"
            if entry.is_symlink():
                target = Path(os.path.realpath(entry.path))
                reason = "link" if target.is_relative_to(inside) else "link_out"
                found.append((path, reason if target.exists() else "link_broken"))
            elif entry.is_dir(follow_symlinks=False):
                if Path(entry.path).resolve() != without:
                    waiting.append(f"{path}/")
            else:
                found.append((path, "" if entry.is_file(follow_symlinks=False) else "not_a_file"))
    return sorted(found)


# One photograph (in a worker process)


class Unusable(Exception):  # noqa: N818 - it is the file that is at fault, not the program
    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(reason)


def start_worker() -> None:
    """Workers leave signals to the main process, and die with it where the system can arrange that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if sys.platform == "linux" and parent:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def work(task: dict) -> dict:
    """Process one file. Whatever is wrong with it comes back as a record with a ``reason``."""
    signal.alarm(SECONDS_EACH)  # its default action ends this process, whatever C code it is in
    try:
        return process(task)
    except Unusable as error:
        return {"file": task["file"], "reason": error.reason, "detail": error.detail}
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        return {"file": task["file"], "reason": "error", "detail": error.strerror or str(error)}
    except MemoryError:
        return {"file": task["file"], "reason": "error", "detail": "MemoryError"}
    except Exception as error:  # decoders raise nearly anything on a hostile file
        return {"file": task["file"], "reason": "error", "detail": f"{type(error).__name__}: {error}"[:200]}
    finally:
        signal.alarm(0)


def process(task: dict) -> dict:
    content = read(Path(task["input"], task["file"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image, facts = decode(content, task["max_edge"])
    digest = hashlib.sha256(content).hexdigest()
    bytes_in = len(content)
    del content

    suffix = ".png" if image.mode in ("RGBA", "LA") else ".jpg"
    output = Path(task["output"])
    name = f"{task['number']:06d}{suffix}"
    profile = facts.pop("profile")
    encoded = encode(image, suffix, task["quality"], profile)
    if left := metadata_in(encoded):
        raise Unusable("metadata_left", ", ".join(sorted(left)))
    write(output / "photographs" / name, encoded)

    flat = flatten(image)
    thumb = flat.copy()
    thumb.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS, reducing_gap=2.0)
    thumb = for_screen(thumb, profile)
    thumb.info = {}
    buffer = io.BytesIO()
    thumb.save(buffer, "JPEG", quality=80)
    if left := metadata_in(buffer.getvalue()):
        raise Unusable("metadata_left", ", ".join(sorted(left)))
    write(output / "thumbnails" / f"{task['number']:06d}.jpg", buffer.getvalue())

    grey = flat.convert("L")
    compared = float(np.asarray(grey).std()) >= PLAIN
    if not compared:
        facts["notes"].append(["plain", ""])
    return {
        "file": task["file"],
        "reason": "",
        "detail": "",
        **facts,
        "bytes_in": bytes_in,
        "sha256": digest,
        "width_out": image.width,
        "height_out": image.height,
        "bytes_out": len(encoded),
        "output": f"photographs/{name}",
        "thumbnail": f"thumbnails/{task['number']:06d}.jpg",
        "phash": str(imagehash.phash(grey)) if compared else "",
    }


def read(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unusable("unreadable", error.strerror or str(error)) from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Unusable("not_a_file")
        if status.st_size > MAX_BYTES:
            raise Unusable("too_many_bytes", f"{status.st_size / 1e6:.0f}")
        try:
            content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise Unusable("unreadable", error.strerror or str(error)) from error
    if not content:
        raise Unusable("empty")
    return content


def decode(content: bytes, max_edge: int) -> tuple[Image.Image, dict]:
    """The photograph, upright, resized and free of metadata, and what is worth knowing of the original."""
    if content[4:8] == b"ftyp" and content[8:12] in HEIC:
        raise Unusable("heic")
    Image.init()
    try:
        image = Image.open(io.BytesIO(content), formats=[each for each in FORMATS if each in Image.OPEN])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unusable("too_many_pixels") from error
    except MemoryError:
        raise
    except Exception as error:  # nothing it can open, whatever it said
        raise Unusable("not_an_image") from error
    notes: list[list[str]] = []
    try:
        width, height, kind = image.width, image.height, image.format
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and kind != "MPO":  # an MPO holds the same view again, smaller or for the other eye
            notes.append(["first_frame", str(frames)])
            image.seek(0)
        removed = metadata_of(image, content)
        profile = image.info.get("icc_profile") or b""
        orientation = orientation_of(image)
        if (
            image.mode in ("RGB", "L", "CMYK") and "transparency" not in image.info
        ):  # while it is still a file: a JPEG is decoded small
            image.thumbnail((max_edge, max_edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
        image.load()
        orientation = orientation_of(image)  # only now: Pillow turns a TIFF by itself when it is loaded
        image, profile = plain_mode(image, profile, notes)
        image.thumbnail((max_edge, max_edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
        if orientation in TURNS:
            image = image.transpose(TURNS[orientation])
            notes.append(["turned", ""])
            if orientation >= 5:
                width, height = height, width
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unusable("too_many_pixels", f"{image.width} × {image.height}") from error
    except (OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, KeyError, TypeError) as error:
        raise Unusable("corrupt") from error
    facts = {
        "format": kind,
        "width_in": width,
        "height_in": height,
        "removed": removed,
        "profile": profile,
        "profile_name": profile_name(profile),
        "notes": notes,
    }
    return image, facts


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF says nothing; the picture itself may be whole
        return 1


def metadata_of(image: Image.Image, content: bytes) -> list[str]:
    """What kinds of metadata the original holds, without what it says."""
    found = set()
    try:
        exif = image.getexif()
        if exif and (image.format != "TIFF" or ABOUT & exif.keys()):  # a TIFF keeps its size there as well
            found.add("exif")
        if exif.get_ifd(ExifTags.IFD.GPSInfo):
            found |= {"exif", "location"}
    except Exception:  # damaged: it is there, and goes
        found.add("exif")
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if xmp:
        found.add("xmp")
        if "GPSL" in (xmp if isinstance(xmp, str) else xmp.decode("utf-8", "replace")):
            found.add("location")
    if "photoshop" in image.info:
        found.add("iptc")
    if image.info.get("comment"):
        found.add("comment")
    if content.startswith((b"\xff\xd8", b"\x89PNG")):
        found |= metadata_in(content) - {"trailing"}
    return sorted(found)


ABOUT = {
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.Base.ImageDescription,
    ExifTags.Base.ExifOffset,
    ExifTags.Base.GPSInfo,
}


def plain_mode(image: Image.Image, profile: bytes, notes: list) -> tuple[Image.Image, bytes]:
    """In one of L, RGB, LA and RGBA, with a colour profile that fits or none."""
    before = image.mode
    opened = None
    if profile:
        try:
            if len(profile) > MAX_PROFILE:
                raise ValueError("profile too large")
            opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            opened.profile.xcolor_space  # noqa: B018 - raises when it cannot be used
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes.append(["profile_dropped", ""])
            profile = b""
    if before.startswith("I;16") or before in ("I", "F"):
        values = np.asarray(image, dtype=np.float64)
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        most = 65535.0 if before != "F" and values.max(initial=0) > 255 else max(float(values.max(initial=0)), 1.0)
        image = Image.fromarray(np.clip(values / most * 255, 0, 255).astype(np.uint8))
        notes.append(["smaller_depth", ""])
    elif before in ("CMYK", "YCbCr", "LAB", "HSV") or (opened and opened.profile.xcolor_space.strip() == "CMYK"):
        if before == "CMYK" and opened and opened.profile.xcolor_space.strip() == "CMYK":
            srgb = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, opened, srgb, outputMode="RGB")
            notes.append(["profile_converted", ""])
            profile = ImageCms.ImageCmsProfile(srgb).tobytes()
        else:
            image, profile = image.convert("RGB"), b""
    elif "transparency" in image.info or before in ("PA", "La", "RGBa", "LA", "RGBA"):
        image = image.convert("LA" if before in ("L", "LA", "La") else "RGBA")
        if image.getchannel("A").getextrema()[0] == 255:
            image = image.convert(image.mode[:-1])
    elif before in ("1", "L"):
        image = image.convert("L")
    elif before != "RGB":
        image = image.convert("RGB")
    if profile and opened:
        space = opened.profile.xcolor_space.strip()
        if space in ("RGB", "GRAY") and (space == "GRAY") != (image.mode in ("L", "LA")):
            if space == "GRAY":
                profile = b""
            else:  # a grey picture with a profile for colours
                image = image.convert("RGBA" if image.mode == "LA" else "RGB")
    return image, profile


def profile_name(profile: bytes) -> str:
    if not profile:
        return ""
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return "?"
    return printable(name.strip())[:80]


def flatten(image: Image.Image) -> Image.Image:
    """On white, as a page shows it."""
    if image.mode in ("RGBA", "LA"):
        page = Image.new("RGBA", image.size, "white")
        page.alpha_composite(image.convert("RGBA"))
        return page.convert("RGB")
    return image


def for_screen(image: Image.Image, profile: bytes) -> Image.Image:
    """In sRGB, so that a small picture without a profile shows the same colours."""
    if not profile or image.mode != "RGB":
        return image
    try:
        return ImageCms.profileToProfile(image, io.BytesIO(profile), ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return image


def encode(image: Image.Image, suffix: str, quality: int, profile: bytes) -> bytes:
    """The file to write. Only the pixels and the profile go into it: ``info`` is emptied first."""
    clean = image.copy()
    clean.info = {}
    buffer = io.BytesIO()
    extra = {"icc_profile": profile} if profile else {}
    if suffix == ".png":
        clean.save(buffer, "PNG", **extra)
    else:
        clean.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True, **extra)
    return buffer.getvalue()


def metadata_in(content: bytes) -> set[str]:
    """Kinds of metadata in a JPEG or PNG, from its bytes alone: an allow-list of what pictures need."""
    return _metadata_in_png(content) if content.startswith(b"\x89PNG") else _metadata_in_jpeg(content)


def _metadata_in_png(content: bytes) -> set[str]:
    allowed = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"pHYs", b"tRNS", b"bKGD"}
    names = {b"eXIf": "exif", b"tEXt": "text", b"zTXt": "text", b"iTXt": "text"}
    allowed |= {b"acTL", b"fcTL", b"fdAT", b"sBIT", b"hIST", b"sPLT"}
    found, at = set(), 8
    while at + 8 <= len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        if name not in allowed:
            found.add(names.get(name, "other"))
        if name == b"iTXt" and content[at + 8 : at + 30].startswith(b"XML:com.adobe.xmp"):
            found.add("xmp")
        at += 12 + length
        if name == b"IEND":
            break
    if at < len(content):
        found.add("trailing")
    return found


def _metadata_in_jpeg(content: bytes) -> set[str]:
    found, at = set(), 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            at += 1
            continue
        marker = content[at + 1]
        if marker == 0xFF or marker == 0x00 or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            break
        length = struct.unpack(">H", content[at + 2 : at + 4])[0]
        body = content[at + 4 : at + 2 + length]
        if marker == 0xE1:
            found.add("xmp" if body.startswith(b"http://ns.adobe.com/") else "exif")
        elif marker == 0xED:
            found.add("iptc")
        elif marker == 0xFE:
            found.add("comment")
        elif marker == 0xE2:
            if not body.startswith(b"ICC_PROFILE\x00"):
                found.add("other")
        elif marker == 0xE0:
            if not body.startswith(b"JFIF\x00"):
                found.add("other")
        elif 0xE3 <= marker <= 0xEF and marker != 0xEE:
            found.add("other")
        at += 2 + length
        if marker == 0xDA:  # the picture itself: on to the next marker that is one
            at = _after_scan(content, at)
    if content[at : at + 2] != b"\xff\xd9" or at + 2 < len(content):
        found.add("trailing")
    return found


def _after_scan(content: bytes, at: int) -> int:
    while (at := content.find(b"\xff", at)) >= 0:
        if at + 1 < len(content) and content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 2
    return len(content)


# All photographs


def count_workers(files: int) -> int:
    given = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if given.isdecimal() and int(given) > 0:
        cores = int(given)
    elif hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, files, MAX_WORKERS))


def process_all(tasks: list[dict], workers: int):
    """Records as they come. A file that ends its worker is found out by trying alone what was under way."""
    context = multiprocessing.get_context("spawn")
    waiting, alone = list(reversed(tasks)), []
    while (waiting or alone) and not Stop.asked:
        single = bool(alone)
        source = alone if single else waiting
        under_way: dict[futures.Future, dict] = {}
        pool = futures.ProcessPoolExecutor(1 if single else workers, context, initializer=start_worker)
        broken = False
        try:
            while (source or under_way) and not broken and not Stop.asked:
                while source and len(under_way) < (1 if single else workers * 2):
                    task = source.pop()
                    try:
                        under_way[pool.submit(work, task)] = task
                    except BrokenProcessPool:
                        source.append(task)
                        broken = True
                        break
                done, _ = futures.wait(under_way, timeout=0.2, return_when=futures.FIRST_COMPLETED)
                for future in done:
                    try:
                        record = future.result()
                    except BrokenProcessPool:
                        broken = True
                        continue
                    del under_way[future]
                    yield record
            if broken:
                suspects = list(under_way.values())
                if single and suspects:
                    yield {"file": suspects[0]["file"], "reason": "crashed", "detail": str(SECONDS_EACH)}
                else:
                    alone = suspects
        finally:
            # On a stop what is being read is finished (it is short); what waits is not begun.
            pool.shutdown(wait=not broken, cancel_futures=True)
        if Stop.asked:
            for future in under_way:
                if future.done() and not future.cancelled() and not future.exception():
                    yield future.result()


def distances(hashes: np.ndarray, index: int) -> np.ndarray:
    """How many of 64 bits differ between hash ``index`` and every later one."""
    different = (hashes[index + 1 :] ^ hashes[index]).view(np.uint8).reshape(-1, 8)
    return BITS[different].sum(axis=1, dtype=np.int64)


BITS = np.array([bin(value).count("1") for value in range(256)], dtype=np.uint8)


def find_duplicates(records: list[dict], most: int) -> list[list[dict]]:
    """Groups of two or more, largest photograph first; marks each record with its group and its likeness."""
    parent = list(range(len(records)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first_of: dict[str, int] = {}
    for index, record in enumerate(records):
        parent[root(index)] = root(first_of.setdefault(record["sha256"], index))
    compared = [index for index in first_of.values() if records[index]["phash"]]
    hashes = np.array([int(records[index]["phash"], 16) for index in compared], dtype=np.uint64)
    for place in range(len(compared)):
        for offset in np.flatnonzero(distances(hashes, place) <= most):
            parent[root(compared[place + 1 + int(offset)])] = root(compared[place])
    groups: dict[int, list[dict]] = {}
    for index, record in enumerate(records):
        record.update(group=0, likeness="", distance="")
        groups.setdefault(root(index), []).append(record)
    found = [members for members in groups.values() if len(members) > 1]
    for number, members in enumerate(found, 1):
        members.sort(
            key=lambda each: (-each["width_in"] * each["height_in"], -each["bytes_in"], len(each["file"]), each["file"])
        )
        kept = members[0]
        for member in members:
            member["group"] = number
            if member is kept:
                member["likeness"] = "keep"
            elif member["sha256"] == kept["sha256"]:
                member.update(likeness="exact", distance=0)
            else:
                away = (int(member["phash"], 16) ^ int(kept["phash"], 16)).bit_count() if kept["phash"] else 0
                member.update(likeness="near", distance=away)
    return found


# Contact sheets

FONTS = (
    "/usr/share/fonts/**/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/**/NotoSansHK-Regular.*",
    "/usr/share/fonts/**/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)


def caption_font(names: list[str]) -> tuple[ImageFont.ImageFont, bool]:
    """A font, and whether it has Chinese; looked for only when a name needs it."""
    if any(not name.isascii() for name in names):
        for pattern in FONTS:
            for path in sorted(Path("/").glob(pattern.lstrip("/"))):
                try:
                    return ImageFont.truetype(str(path), 15, index=0), True
                except OSError:
                    continue
    return ImageFont.load_default(15), False


def can_draw(name: str, chinese: bool) -> bool:
    def known(each: str) -> bool:
        code = ord(each)
        return 0x20 <= code < 0x7F or (
            chinese and (0x3000 <= code < 0x3100 or 0x3400 <= code < 0xA000 or 0xFF00 <= code < 0xFFEF)
        )

    return all(map(known, name))


def draw_sheets(records: list[dict], output: Path) -> list[str]:
    font, chinese = caption_font([record["file"] for record in records])
    cell, gap, line = 240, 20, 48
    names = []
    per_sheet = SHEET_COLUMNS * SHEET_ROWS
    for start in range(0, len(records), per_sheet):
        part = records[start : start + per_sheet]
        columns = min(SHEET_COLUMNS, len(part))
        pictures = []
        for record in part:
            with Image.open(output / record["thumbnail"]) as thumb:
                pictures.append(ImageOps.contain(thumb.convert("RGB"), (cell, cell), Image.Resampling.LANCZOS))
        rows = [pictures[first : first + columns] for first in range(0, len(part), columns)]
        heights = [max(each.height for each in row) for row in rows]
        size = (gap + columns * (cell + gap), gap + sum(heights) + len(rows) * (line + gap))
        sheet = Image.new("RGB", size, "white")
        draw = ImageDraw.Draw(sheet)
        for index, (record, picture) in enumerate(zip(part, pictures, strict=True)):
            row = index // columns
            left = gap + index % columns * (cell + gap)
            bottom = gap + sum(heights[: row + 1]) + row * (line + gap)
            at = (left + (cell - picture.width) // 2, bottom - picture.height)
            sheet.paste(picture, at)
            draw.rectangle((at[0] - 1, at[1] - 1, at[0] + picture.width, at[1] + picture.height), outline="#b8bfc8")
            draw.text((left, bottom + 6), Path(record["output"]).name, fill="#1b1f24", font=font)
            name = Path(printable(record["file"])).name
            if can_draw(name, chinese):
                draw.text((left, bottom + 26), fit(name, cell, font), fill="#57606a", font=font)
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=88)
        names.append(f"contact-sheet-{len(names) + 1:03d}.jpg")
        write(output / names[-1], buffer.getvalue())
    return names


def fit(name: str, width: int, font: ImageFont.ImageFont) -> str:
    if font.getlength(name) <= width:
        return name
    stem = name
    while stem and font.getlength(f"{stem}...") > width:
        stem = stem[:-1]
    return f"{stem}..."


# Table and report

COLUMNS = (
    "file",
    "status",
    "reason",
    "detail",
    "format",
    "width_in",
    "height_in",
    "bytes_in",
    "output",
    "width_out",
    "height_out",
    "bytes_out",
    "location_removed",
    "metadata_removed",
    "colour_profile",
    "notes",
    "sha256",
    "phash",
    "group",
    "likeness",
    "distance",
)


def csv_table(records: list[dict]) -> str:
    """For spreadsheets and programs: a text that a spreadsheet would take for a formula gets a ' in front."""
    buffer = io.StringIO()
    rows = csv.writer(buffer)
    rows.writerow(COLUMNS)
    for record in records:
        ready = not record["reason"]
        row = {
            **record,
            "file": printable(record["file"]),
            "detail": printable(record["detail"]),
            "status": "ready" if ready else "not used",
            "location_removed": ("yes" if "location" in record["removed"] else "no") if ready else "",
            "metadata_removed": ";".join(record.get("removed", ())),
            "colour_profile": record.get("profile_name", ""),
            "notes": ";".join(f"{code} {detail}".strip() for code, detail in record.get("notes", ())),
            "group": record.get("group") or "",
        }
        cells = [row.get(column, "") for column in COLUMNS]
        rows.writerow(
            [f"'{each}" if isinstance(each, str) and each[:1] in tuple("=+-@\t\r") and each else each for each in cells]
        )
    return "\ufeff" + buffer.getvalue()


CSS = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--rule:#d5dae1;--wash:#f4f6f8;--link:#1d5fa6;
--second:#b4460e}
@media(prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e8ebef;--soft:#a3adb8;--rule:#39414b;--wash:#1d2126;
--link:#7db4f0;--second:#f0a070}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);line-height:1.55;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang HK","Noto Sans HK","Noto Sans CJK HK",
"Microsoft JhengHei",sans-serif}
main{max-width:64rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
a{color:var(--link)}
.kicker{color:var(--soft);margin:0}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0 1rem}
h2{font-size:1.25rem;margin:2.75rem 0 .5rem}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{max-width:46rem}
.headline{font-size:1.25rem;margin:0 0 1.5rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1px;background:var(--rule);
border:1px solid var(--rule);margin:0 0 1rem}
.figures div{background:var(--paper);padding:.9rem 1rem}
.figures dt{color:var(--soft);font-size:.875rem}
.figures dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
.notice{border-left:4px solid var(--second);background:var(--wash);padding:.75rem 1rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{padding:.4rem .7rem;text-align:left;border-bottom:1px solid var(--rule);overflow-wrap:anywhere}
thead th{color:var(--soft);font-size:.875rem}
tbody th{font-weight:400}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:1.25rem;padding:0;margin:1rem 0;
list-style:none}
.gallery a{display:flex;height:11rem;align-items:center;justify-content:center;background:var(--wash)}
.gallery img{display:block;max-width:100%;max-height:11rem}
.gallery p{margin:.35rem 0 0;font-size:.875rem;line-height:1.4;overflow-wrap:anywhere}
.gallery .soft{color:var(--soft);margin:0;font-variant-numeric:tabular-nums}
.sheets{display:grid;grid-template-columns:repeat(auto-fill,minmax(18rem,1fr));gap:1.25rem;padding:0;list-style:none}
.sheets img{display:block;width:100%;height:auto;border:1px solid var(--rule)}
.facts{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.4rem 1.5rem;margin:0}
.facts dt{color:var(--soft)}
.facts dd{margin:0;overflow-wrap:anywhere}
@media(max-width:36rem){.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.7rem}}
@media print{main{padding:0;max-width:none}h2,h3{break-after:avoid}li{break-inside:avoid}}
"""


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f}\u00a0MB" if count >= 100_000 else f"{count / 1e3:.1f}\u00a0kB"


def explain(record: dict, text: dict) -> str:
    return text["reasons"][record["reason"]].format(detail=printable(record["detail"]))


def report(run: dict, records: list[dict], groups: list[list[dict]], sheets: list[str], text: dict) -> str:
    def fill(key: str, **values: object) -> str:
        return html.escape(text[key].format(**values))

    def card(record: dict, line: str) -> str:
        # A name with line breaks or half characters in it is shown escaped, never followed.
        name = html.escape(printable(record["file"]))
        return (
            f'<li><a href="{quote(record["output"])}"><img src="{quote(record["thumbnail"])}" alt="{name}" '
            f'loading="lazy"></a><p>{name}</p><p class="soft">{line}</p></li>'
        )

    def gallery(cards: list[str]) -> str:
        return f'<ul class="gallery">{"".join(cards)}</ul>'

    def likeness(record: dict) -> str:
        return fill(record["likeness"], distance=record["distance"])

    def story(record: dict) -> str:
        lines = [
            fill(
                "changed",
                before=f"{record['width_in']} × {record['height_in']}",
                after=f"{record['width_out']} × {record['height_out']}",
            )
        ]
        join = ", " if text["lang"] == "en" else "、"
        kinds = join.join(text["kinds"][kind] for kind in record["removed"])
        lines.append(fill("removed", what=kinds) if kinds else fill("nothing_removed"))
        lines += [html.escape(text["note"][code].format(detail=detail)) for code, detail in record["notes"]]
        if record["profile_name"]:
            lines.append(html.escape(record["profile_name"]))
        return "<br>".join(lines)

    ready = [record for record in records if not record["reason"]]
    problems = [record for record in records if record["reason"]]
    located = sum("location" in record["removed"] for record in ready)
    before, after = (sum(record[key] for record in ready) for key in ("bytes_in", "bytes_out"))
    figures = [
        ("files", str(len(records))),
        ("ready", str(len(ready))),
        ("located", str(located)),
        ("groups", str(len(groups))),
        ("not_used", str(len(problems))),
        ("size", text["changed"].format(before=megabytes(before), after=megabytes(after))),
    ]
    notices = f'<p class="notice">{fill("sample")}</p>' if run["sample"] else ""
    if run["stopped"]:
        notices += f'<p class="notice">{fill("stopped", done=len(records), total=run["total"])}</p>'
    if run["resumed"]:
        notices += f'<p class="notice">{fill("resumed", count=run["resumed"])}</p>'
    duplicates = "".join(
        f"<h3>{fill('group', number=number)}</h3>{gallery([card(each, likeness(each)) for each in members])}"
        for number, members in enumerate(groups, 1)
    )
    duplicates = (
        f"<p>{fill('duplicates_text', distance=run['distance'])}</p>{duplicates}"
        if groups
        else f"<p>{fill('duplicates_none')}</p>"
    )
    rows = "".join(
        f'<tr><th scope="row">{html.escape(printable(each["file"]))}</th>'
        f"<td>{html.escape(explain(each, text))}</td></tr>"
        for each in problems[:SHOWN_IN_REPORT]
    )
    unused = (
        f'<div class="wide" tabindex="0"><table><thead><tr>'
        f'<th scope="col">{fill("file")}</th><th scope="col">{fill("reason")}</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
        if rows
        else f"<p>{fill('problems_none')}</p>"
    )
    pages = "".join(
        f'<li><a href="{name}"><img src="{name}" alt="{fill("sheet", number=number)}" loading="lazy"></a></li>'
        for number, name in enumerate(sheets, 1)
    )
    shown = ready[:SHOWN_IN_REPORT]
    facts = [
        ("settings", fill("settings_text", edge=run["max_edge"], quality=run["quality"], distance=run["distance"])),
        (
            "limits",
            fill("limits_text", pixels=MAX_PIXELS // 10**6, bytes=round(MAX_BYTES / 1e6), seconds=SECONDS_EACH),
        ),
        (
            "time",
            fill(
                "time_text",
                seconds=f"{run['seconds']:.1f}",
                workers=run["workers"],
                rate=f"{(len(records) - run['resumed']) / max(run['seconds'], 0.001):.1f}",
            ),
        ),
        ("versions", html.escape(run["versions"])),
    ]
    numbers = "".join(f"<div><dt>{fill(key)}</dt><dd>{html.escape(value)}</dd></div>" for key, value in figures)
    headline = "headline_one" if len(ready) == 1 else "headline"
    proof = f"<p>{fill('proof', count=len(ready))}</p>" if ready else ""
    return f"""<!DOCTYPE html>
<html lang="{text["lang"]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{fill("title")}</title>
<style>{CSS}</style>
</head>
<body>
<main>
<p class="kicker">{fill("kicker", version=VERSION)}</p>
<h1>{fill("title")}</h1>
<p class="headline">{fill(headline, done=len(ready), located=located)}</p>
{notices}
<dl class="figures">{numbers}</dl>
{proof}
<h2>{fill("duplicates")}</h2>
{duplicates}
<h2>{fill("problems")}</h2>
{unused}
<h2>{fill("all")}</h2>
<p>{fill("all_text", shown=len(shown), count=len(ready))}</p>
{gallery([card(each, story(each)) for each in shown]) if shown else ""}
<h2>{fill("sheets")}</h2>
<ul class="sheets">{pages}</ul>
<h2>{fill("how")}</h2>
<p>{fill("format_text")}</p>
<dl class="facts">{"".join(f"<dt>{fill(key)}</dt><dd>{value}</dd>" for key, value in facts)}</dl>
</main>
</body>
</html>
"""


# What an earlier run left


class State:
    """One line per file done, so that a stopped run can go on and a new one can clear what an old one wrote."""

    def __init__(self, output: Path, settings: dict) -> None:
        self.path, self.output, self.settings = output / STATE, output, settings

    def take_over(self) -> dict[str, dict]:
        """Records of a stopped run with the same settings, by file; otherwise old results are removed."""
        lines = list(self._read())
        records = {line["file"]: line for line in lines if {"file", "stamp", "output", "thumbnail"} <= line.keys()}
        ours = {
            file: [self.output / record[key] for key in ("output", "thumbnail")]
            for file, record in records.items()
            if all(self._is_ours(record[key]) for key in ("output", "thumbnail"))
        }
        if lines and lines[0] == {"settings": self.settings} and lines[-1] != {"finished": True}:
            return {file: records[file] for file, paths in ours.items() if all(path.is_file() for path in paths)}
        for paths in ours.values():
            for path in paths:
                path.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        return {}

    def _read(self):
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                fact = json.loads(line)
            except ValueError:  # the run ended while this line was being written
                continue
            if isinstance(fact, dict):
                yield fact

    @staticmethod
    def _is_ours(name: object) -> bool:
        path = Path(str(name))
        return path.parent in (Path("photographs"), Path("thumbnails")) and path.stem.isdecimal()

    def open(self, kept: list[dict]) -> None:
        lines = [json.dumps(each) for each in ({"settings": self.settings}, *kept)]
        write(self.path, "".join(f"{line}\n" for line in lines))
        self._file = self.path.open("a", encoding="utf-8")

    def add(self, record: dict) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()

    def close(self, finished: bool) -> None:
        if finished:
            self.add({"finished": True})
        self._file.close()


def stamp(path: Path) -> list[int]:
    try:
        status = path.lstat()
    except OSError:
        return [0, 0]
    return [status.st_size, status.st_mtime_ns]


# The job


def run(options: argparse.Namespace) -> int:
    text = TEXTS[options.language]
    began = time.monotonic()
    progress = Progress()
    sample = options.sample or not options.input
    folder, output = Path(options.input or SAMPLE_FOLDER), Path(options.output)
    own = [output.resolve(), *(output.resolve() / part for part in ("photographs", "thumbnails"))]
    if folder.resolve() in own or any(each in folder.resolve().parents for each in own[1:]):
        raise UsageError(text["same_folder"])
    if sample:
        progress.say(text["making_sample"].format(folder=folder), 0)
        make_sample(folder, text)
    if not folder.is_dir():
        raise UsageError(text["no_folder"].format(folder=printable(options.input)))
    found = walk(folder, output.resolve())
    if not found:
        raise UsageError(text["no_photographs"].format(folder=printable(str(folder)), files=0))
    for part in ("photographs", "thumbnails"):
        (output / part).mkdir(parents=True, exist_ok=True)

    settings = {
        "version": VERSION,
        "input": str(folder),
        "max_edge": options.max_edge,
        "quality": options.quality,
        "files": hashlib.sha256(repr(found).encode("utf-8", "surrogatepass")).hexdigest(),
    }
    state = State(output, settings)
    earlier = {file: record for file, record in state.take_over().items() if record["stamp"] == stamp(folder / file)}
    state.open(list(earlier.values()))
    progress.total = len(found) + 2
    records = {file: {"file": file, "reason": reason, "detail": ""} for file, reason in found if reason}
    records |= earlier
    tasks = [
        {
            "file": file,
            "number": number,
            "input": str(folder),
            "output": str(output),
            "max_edge": options.max_edge,
            "quality": options.quality,
        }
        for number, (file, reason) in enumerate(found, 1)
        if file not in records
    ]
    for number, record in enumerate([each for each in records.values() if each["reason"]], 1):
        say_record(progress, record, number, len(found), text)
    workers = count_workers(len(tasks))
    try:
        for record in process_all(tasks, workers):
            record["stamp"] = stamp(folder / record["file"])
            records[record["file"]] = record
            if not record["reason"]:
                state.add(record)
            say_record(progress, record, len(records), len(found), text)
    finally:
        state.close(len(records) == len(found))
    stopped = len(records) < len(found)
    listed = [records[file] for file, _ in found if file in records]
    ready = [record for record in listed if not record["reason"]]

    progress.say(text["comparing"])
    groups = find_duplicates(ready, options.duplicates_distance)
    progress.say(text["writing"], progress.done + 1)
    for old in output.glob("contact-sheet-[0-9][0-9][0-9].jpg"):
        old.unlink()
    sheets = draw_sheets(ready, output)
    facts = {
        "sample": sample,
        "stopped": stopped,
        "resumed": len(earlier),
        "total": len(found),
        "distance": options.duplicates_distance,
        "max_edge": options.max_edge,
        "quality": options.quality,
        "workers": workers,
        "seconds": time.monotonic() - began,
        "versions": f"Python {sys.version.split()[0]}, Pillow {Image.__version__}, ImageHash {imagehash.__version__}, "
        f"NumPy {np.__version__}",
    }
    write(output / "photographs.csv", csv_table(listed))
    write(output / "report.html", report(facts, listed, groups, sheets, text))
    if stopped:
        progress.say(text["halted"].format(done=len(listed), total=len(found)), len(listed))
        return 143
    if not ready:
        raise UsageError(text["no_photographs"].format(folder=printable(str(folder)), files=len(found)))
    message = text["done"].format(
        ready=len(ready), problems=len(listed) - len(ready), groups=len(groups), report=output / "report.html"
    )
    progress.say(message, progress.total)
    return 0


def say_record(progress: Progress, record: dict, done: int, total: int, text: dict) -> None:
    file = printable(record["file"])
    if record["reason"]:
        progress.say(
            text["not_used_line"].format(done=done, total=total, file=file, reason=explain(record, text)), done
        )
    else:
        progress.say(text["reading"].format(done=done, total=total, file=file), done)


def within(least: int, most: int):
    def check(value: str) -> int:
        if not least <= int(value) <= most:
            raise argparse.ArgumentTypeError(f"{value} is not from {least} to {most}")
        return int(value)

    return check


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--input", default="", help="folder of photographs; empty: a sample is made")
    parser.add_argument("--sample", action="store_true", help="write the sample to the input folder first")
    parser.add_argument("--output", default="photographs-ready")
    parser.add_argument("--max-edge", type=within(64, 16384), default=1600)
    parser.add_argument("--quality", type=within(40, 95), default=85)
    parser.add_argument("--duplicates-distance", type=within(0, 20), default=6, help="of 64 features")
    parser.add_argument("--language", choices=sorted(TEXTS), default="en")
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    Stop.listen()
    text = TEXTS[options.language]
    try:
        return run(options)
    except UsageError as error:
        print(error, file=sys.stderr, flush=True)
        return 2
    except OSError as error:
        print(text["disk"].format(error=error), file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
