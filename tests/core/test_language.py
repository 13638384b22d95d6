"""Which text a reader is shown, in which script, and what is marked as another language."""

import pytest
from django.utils import formats, translation

from aisc.core.language import chosen, foreign_to_reader, in_reader_language, in_reader_script, language_of, reader, tag


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "Language models"), ("zh-hant", "語言模型"), ("zh-hans", "语言模型"), ("fr", "Language models")],
)
def test_each_reader_is_shown_their_own(language, shown):
    with translation.override(language):
        assert in_reader_language("Language models", "語言模型") == shown
        assert chosen({"name_en": "Language models", "name_zh": "語言模型"}) == shown


def test_without_a_translation_the_other_language_is_better_than_nothing():
    with translation.override("zh-hans"):
        assert in_reader_language("Only English", "") == "Only English"
        assert chosen({"title_en": "Only English"}, "title") == "Only English"
    with translation.override("en"):
        assert in_reader_language("", "只有中文") == "只有中文"
    with translation.override(None):
        assert reader() == "en"


def test_an_authors_own_simplified_text_goes_before_a_conversion():
    row = {"name_en": "Server", "name_zh": "伺服器", "name_hans": "服务器"}
    shown = {}
    for language in ("en", "zh-hant", "zh-hans"):
        with translation.override(language):
            shown[language] = chosen(row)
    assert shown == {"en": "Server", "zh-hant": "伺服器", "zh-hans": "服务器"}


def test_chinese_typed_in_simplified_is_shown_in_traditional_and_nothing_else_is_touched():
    with translation.override("zh-hant"):
        assert in_reader_script("语言模型的训练") == "語言模型的訓練"
        # Both scripts have 了解: what its author wrote stays.
        assert in_reader_script("了解台北") == "了解台北"
    with translation.override("en"):
        assert in_reader_script("语言模型") == "语言模型"


@pytest.mark.parametrize(
    ("text", "language", "marks"),
    [
        ("Ada", "en", {"en": "", "zh-hant": "", "zh-hans": ""}),
        ("中文", "zh-hant", {"en": "zh-hant", "zh-hant": "", "zh-hans": ""}),
        ("陳大文", "zh-hant", {"en": "zh-hant", "zh-hant": "", "zh-hans": "zh-hant"}),
        ("陈大文", "zh-hans", {"en": "zh-hans", "zh-hant": "zh-hans", "zh-hans": ""}),
        ("HKUST, H800", "en", {"en": "", "zh-hant": "", "zh-hans": ""}),
        ("Speech, in noise, of streets.", "en", {"en": "", "zh-hant": "en", "zh-hans": "en"}),
    ],
)
def test_what_a_page_must_mark(text, language, marks):
    assert language_of(text) == language
    for reads, marked in marks.items():
        with translation.override(reads):
            assert foreign_to_reader(text) == marked, reads


@pytest.mark.parametrize(
    ("code", "wanted"),
    [("en", "en-HK"), ("zh-hant", "zh-Hant-HK"), ("zh-hans", "zh-Hans-CN"), ("", "en-HK"), ("fr",) * 2],
)
def test_tags(code, wanted):
    assert tag(code) == wanted


@pytest.mark.parametrize(("language", "first_day"), [("en", 0), ("zh-hant", 0), ("zh-hans", 1)])
def test_numbers_are_grouped_by_thousands_in_every_language(language, first_day):
    with translation.override(language):
        assert formats.number_format(1234567.5, decimal_pos=2, force_grouping=True) == "1,234,567.50"
        assert formats.get_format("FIRST_DAY_OF_WEEK") == first_day
