"""Documents: what was typed stays text, the same data gives the same bytes, and nothing is fetched."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from datetime import date
from pathlib import Path

import pytest

from aisc.core import typeset
from aisc.core.errors import Unavailable

LETTER = """
#import "/core/documents/letterhead.typ": *
#let data = json(bytes(sys.inputs.data))
#show: letter.with(data.letter)
#addressee(data.to)
#paragraphs-of-two(data.en, data.zh)
#columns-of-two([One], [一])
#heading-both("Amounts", "金額")
#facts((("Budget", "預算", data.text),))
#money-table(
  ((en: "Item", zh: "項目", width: 1fr), (en: "List price", zh: "標價", num: true)),
  range(data.rows).map(i => ("Row " + str(i), "HK$1.00")),
  totals: (("Total 總計", "HK$60.00"),),
)
#note([Note], [注意])
#both("Label", "標籤", strong: true)
#small[Small]
#signature("Dr Chan", "陳博士", "Head of secretariat", "秘書處主管")
"""


@pytest.fixture
def template(request):
    """A template that lies, as every real one does, inside the package."""
    made = []

    def make(source: str) -> Path:
        path = typeset.ROOT / "core" / "documents" / f"_test_{request.node.name[:30]}_{len(made)}.typ"
        path.write_text(source)
        made.append(path)
        return path

    yield make
    for path in made:
        path.unlink()


def data(*, text: str = "plain", rows: int = 60, code: str = "vfy-4k2m9x7t1zq8", **letter) -> dict:
    head = {
        "reference": "ST-2026-000001",
        "issued": date(2026, 6, 5),
        "title_en": "Statement of charges",
        "title_zh": "收費結單",
        "code": code,
        "illustrative": True,
    } | letter
    return {
        "letter": typeset.letter_data(**head),
        "to": ["Example University", "", "香港"],
        "en": ["First paragraph.", "Second."],
        "zh": ["第一段。", "第二段。"],
        "text": text,
        "rows": rows,
    }


def poppler(tool: str, document: bytes, *options: str) -> str:
    if shutil.which(tool) is None:
        pytest.skip("poppler is not installed")
    return subprocess.run([tool, *options, "-"], input=document, capture_output=True, check=True).stdout.decode()


def read(document: bytes) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler is not installed")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=document, capture_output=True, check=True)
    return done.stdout.decode()


def test_a_letter_has_its_letterhead_reference_dates_pages_and_verification(template, settings):
    settings.PUBLIC_URL = "https://centre.example/"
    text = read(typeset.pdf(template(LETTER), data()))
    flat = re.sub(r"\s+", "", text)
    for words in (
        "Reference檔號",
        "ST-2026-000001",
        "5June2026",
        "2026年6月5日",
        "Statementofcharges",
        "收費結單",
        "Verificationcode驗證碼vfy-4k2m9x7t1zq8",
        "https://centre.example/verify/vfy-4k2m9x7t1zq8",
        "Page1of2",
        "第2頁，共2頁",
        "Illustrative:",
        "示例：",
        settings.CENTRE_NAME_EN.replace(" ", ""),
        settings.CENTRE_NAME_ZH.replace(" ", ""),
    ):
        assert words in flat, words
    assert text.count("List price") == 2  # the header of the table comes again on its second page


def test_a_document_without_a_code_says_that_it_is_not_issued(template):
    text = read(typeset.pdf(template(LETTER), data(code="", illustrative=False, rows=1)))
    assert "Not an issued document" in text
    assert "/verify/" not in text
    assert "Illustrative" not in text


def test_what_a_person_typed_stays_text(template):
    typed = '#panic("x") *bold* $x^2$ @ref <label> [b] \\u{41} // c https://example.org = "“q”" #read("/core/ids.py")'
    text = read(typeset.pdf(template(LETTER), data(text=typed, rows=1)))
    # Only the breaking of the line and the writing direction marks may differ.
    assert re.sub(r"\s+", "", typed) in re.sub(r"\s+", "", text)


@pytest.mark.parametrize(
    "typed", ["🎤 voice", "\ue000", "a\u200db", "a\x07b", "\u0e44\u0e17\u0e22", "\u202eabc", "\u3400𠮷"]
)
def test_what_no_font_can_show_does_not_stop_a_document(template, typed):
    document = typeset.pdf(template(LETTER), data(text=f"{typed} and the rest", rows=1))
    assert "and the rest" in read(document)


def test_the_same_data_gives_the_same_bytes(template):
    path = template(LETTER)
    first = typeset.pdf(path, data())
    typeset._compilers.clear()  # as in another process
    assert typeset.pdf(path, data()) == first
    assert typeset.pdf(path, data(text="other")) != first


def test_documents_are_accessible_and_use_only_the_fonts_of_the_package(template):
    document = typeset.pdf(template(LETTER), data())
    assert document.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in document
    assert b"pdfuaid" in document
    assert set(re.findall(r"[A-Z]{6}\+([A-Za-z]+)", poppler("pdffonts", document))) == {
        "NotoSansCJKhk",
        "DejaVuSansMono",
    }


def test_nothing_is_fetched(template, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a document asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert typeset.pdf(template(LETTER), data(rows=1))
    for path in typeset.ROOT.rglob("*.typ"):
        assert "@preview" not in path.read_text(), path


@pytest.mark.parametrize(
    "source",
    ["#panic()", "#unknown-name", '#import "@local/none:1.0.0": *', '#read("/etc/passwd")', '#read("../../../../x")'],
)
def test_a_template_that_cannot_be_set_is_unavailable(template, source, caplog):
    with pytest.raises(Unavailable) as refusal:
        typeset.pdf(template(source), {})
    assert refusal.value.code == "document.unavailable"
    assert refusal.value.status == 503
    assert "could not be set" in caplog.text


def test_missing_fonts_are_unavailable_and_the_log_says_what_to_install(template, monkeypatch, caplog):
    monkeypatch.setattr(typeset, "_compilers", {})
    monkeypatch.setattr(typeset, "FONT_FILE", "Absent.ttc")
    with pytest.raises(Unavailable):
        typeset.pdf(template(LETTER), data())
    assert "install the package noto-cjk-sans-otc" in caplog.text
    assert not typeset._compilers


def test_dates_are_written_in_both_languages():
    assert typeset.date_en(date(2026, 12, 1)) == "1 December 2026"
    assert typeset.date_zh(date(2026, 12, 1)) == "2026年12月1日"
