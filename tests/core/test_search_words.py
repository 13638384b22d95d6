"""Text as the words it is found by."""

import pytest

from aisc.core.search.asking import marked, snippet
from aisc.core.search.words import asked, folded, index_words, is_solid, key, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("粵語", "粤语"),
        ("ＡＢＣ１２", "abc12"),
        ("Müller", "MULLER"),
        ("Straße", "strasse"),
        ("ﬁlm", "film"),
        ("機器學習", "机器学习"),
    ],
)
def test_ways_of_writing_the_same_are_one(one, other):
    assert folded(one) == folded(other)


def test_chinese_is_found_by_characters_and_pairs_latin_by_words():
    assert index_words("粵語 Speech-2") == ["粤", "语", "粤语", "speech", "2"]
    assert index_words("用AI研究") == ["用", "ai", "研", "究", "研究"]
    assert is_solid("かな")
    assert not is_solid("kana")


def test_a_question_is_pairs_words_and_a_number():
    found = asked("語音辨識 Train a A-2026-0007")
    assert found.exact == ("语音", "音辨", "辨识", "a")
    assert found.beginnings == ("train", "2026", "0007")
    assert asked("語").exact == ("语",)
    assert asked("A-2026-0007").key == key("a 2026 0007") == "a20260007"
    assert not asked(" !?…")
    assert len(asked(" ".join(f"w{n}" for n in range(99))).beginnings) == 10


def test_nobody_can_ask_for_what_says_who_may_see_it():
    for question in ("_staff", "_public OR x", '"_o1" OR "_staff"', "=title", ".a20260007", "kjob*"):
        found = asked(question)
        assert not any(word[0] in "_=." for word in (*found.exact, *found.beginnings))


def test_the_words_of_a_row_say_what_they_are():
    assert tokens(title=["Sea 海"], body=["ice"], keys=["bud-1", ""], marks=["o5"]).split() == [
        *("=sea", "sea", "=海", "海", "ice", ".bud1", "bud", "1", "_o5"),
    ]


def test_what_was_asked_is_marked_in_the_script_it_is_written_in():
    assert marked("粵語語音 & Speech", asked("语音 spe")) == "粵語<mark>語音</mark> &amp; <mark>Spe</mark>ech"
    assert marked("<b>respeech</b>", asked("speech")) == "&lt;b&gt;respeech&lt;/b&gt;"
    assert marked("陳大文", asked("大文 陳")) == "<mark>陳大文</mark>"
    assert marked("研究speech", asked("speech")) == "研究<mark>speech</mark>"
    assert marked("ababab aba", asked("ab aba")) == "<mark>aba</mark>bab <mark>aba</mark>"


def test_a_snippet_is_around_what_was_found():
    text = "x " * 100 + "protein " + "y " * 300
    found = snippet(text, asked("protein"))
    assert found.startswith("…x ")
    assert "<mark>protein</mark>" in found
    assert found.endswith("…")
    assert snippet("short", asked("nothing")) == "short"
