"""What a file is, told from its first bytes and not from its name.

A name says what somebody calls a file. Whether a browser may open it is decided by both: only a file whose bytes are
what its name says is shown, anything else is downloaded as bytes.
"""

from __future__ import annotations

HEAD_BYTES = 4096
BINARY = "application/octet-stream"
TEXT = "text/plain"

# (offset, signature, type), the longest story first.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypavis", "image/avif"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (257, b"ustar", "application/x-tar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x93NUMPY", "application/x-numpy"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"#!", "text/x-script"),
)
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<iframe")


def sniff(head: bytes) -> str:
    """The media type of a file that begins with ``head``: ``text/plain`` for text of no special kind, and
    ``application/octet-stream`` for bytes of none."""
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    if not _is_text(head):
        return BINARY
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512].lower()
    if start.startswith(_HTML):
        return "text/html"
    if start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!--")) and b"<svg" in head.lower()):
        return "image/svg+xml"
    return TEXT


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut; other encodings than UTF-8 are text as long as they have no control characters.
        return error.start >= len(head) - 3 or not any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    return True


def agrees(named: str, head: bytes) -> bool:
    """Whether a file may be shown as ``named``, the media type that goes with its name, given how it begins.

    An empty file is anything. What is called text must be text, whatever it says: it is shown as text. What is called
    a page must not be a picture or a program.
    """
    if not head:
        return True
    found = sniff(head)
    named = named.partition(";")[0]
    if named.startswith("text/"):
        return found.startswith("text/") or found == "image/svg+xml"
    if named == BINARY:
        return True
    if named.startswith(("audio/", "video/")):
        return found.startswith(("audio/", "video/"))
    return found == named
