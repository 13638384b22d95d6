"""Reading copies in 简体: the same document, in the other script, which says that it is a copy."""

import re
import subprocess
from pathlib import Path

import pytest
from django.test import RequestFactory

import aisc
from aisc.core import reading_copy, typeset
from aisc.core.chinese import traditional_only
from aisc.core.errors import BadInput

PACKAGE = Path(aisc.__file__).parent
TEMPLATES = sorted(each.relative_to(PACKAGE) for each in PACKAGE.glob("**/documents/*.typ"))


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_a_template_holds_no_character_of_the_other_script(template):
    text = (reading_copy.templates(PACKAGE) / template).read_text(encoding="utf-8")
    # Comments are for who reads the code.
    spoken = re.sub(r"(?m)^\s*//.*$", "", text)
    assert traditional_only().isdisjoint(spoken)
    assert 'region: "HK"' not in spoken.replace('lang: "en", region: "HK"', "")
    assert "CJK HK" not in spoken


def test_wording_and_data():
    assert reading_copy.in_words("本結單的驗證碼與雜湊值") == "本账单的查验码与哈希值"
    said = reading_copy.of_data({"a": ["語言模型", 7, None], "b": {"c": "Speech"}})
    assert said == {"a": ["语言模型", 7, None], "b": {"c": "Speech"}}


@pytest.mark.parametrize(
    ("asked", "approved", "copy"), [("", True, False), ("zh-hans", True, True), ("x", False, False)]
)
def test_only_who_asks_gets_one(settings, asked, approved, copy):
    settings.READING_COPIES = approved
    assert reading_copy.wanted(RequestFactory().get("/", {"script": asked})) is copy


def test_a_centre_that_did_not_approve_them_says_so(settings):
    settings.READING_COPIES = False
    with pytest.raises(BadInput, match="English and Traditional Chinese only"):
        reading_copy.wanted(RequestFactory().get("/", {"script": "zh-hans"}))


def test_the_pdf_says_that_it_is_one(settings, tmp_path):
    settings.CENTRE_NAME_HANS = "示范中心甲"
    from datetime import date

    data = {
        "letter": typeset.letter_data(
            reference="A-1", issued=date(2026, 6, 15), title_en="Statement", title_zh="收費結單", code="abcd"
        ),
        "text": "學習",
    }
    template = PACKAGE / "core" / "documents" / "copy-of-tests.typ"
    template.write_text(
        '#import "/core/documents/letterhead.typ": *\n#let data = json(bytes(sys.inputs.data))\n'
        "#show: letter.with(data.letter)\n#zh(data.text) #zh[雜湊值]\n",
        encoding="utf-8",
    )
    reading_copy.templates.cache_clear()
    try:
        made = {copy: typeset.pdf(template, data, copy=copy) for copy in (False, True)}
    finally:
        template.unlink()
        reading_copy.templates.cache_clear()
    said = {}
    for copy, pdf in made.items():
        (tmp_path / "x.pdf").write_bytes(pdf)
        shown = subprocess.run(["pdftotext", tmp_path / "x.pdf", "-"], capture_output=True, check=True, text=True)
        said[copy] = shown.stdout
    assert "學習" in said[False]
    assert "reading copy" not in said[False]
    assert "学习" in said[True]
    assert "哈希值" in said[True]
    assert "收费账单" in said[True]
    assert "示范中心甲" in said[True]
    assert "A reading copy." in said[True]
    assert traditional_only().isdisjoint(said[True])
