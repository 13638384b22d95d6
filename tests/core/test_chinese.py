"""The two scripts of Chinese: phrases, not characters, and nothing to do where there is no Chinese."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from aisc.core.chinese import has_chinese, in_simplified, simplified, simplified_only, traditional, traditional_only


@pytest.mark.parametrize(
    ("hant", "hans"),
    [
        ("資助計劃", "资助计划"),
        ("後來的皇后", "后来的皇后"),
        ("乾淨的頭髮與發展", "干净的头发与发展"),
        ("香港科學園", "香港科学园"),
        ("GPU 小時：裏面", "GPU 小时：里面"),
        ("著名的著作", "著名的著作"),
    ],
)
def test_either_script_from_the_other(hant, hans):
    assert simplified(hant) == hans
    assert traditional(hans) == hant


def test_text_in_the_wanted_script_stays():
    assert simplified(simplified("資助計劃的申請機構")) == simplified("資助計劃的申請機構")
    assert traditional("資助計劃的申請機構") == "資助計劃的申請機構"


@pytest.mark.parametrize("text", ["", "plain", "Zoë — naïve “quotes”", "，。「」", "ﾊﾝｶｸ", "\U0001f600"])
def test_text_without_chinese_comes_back_itself(text):
    assert not has_chinese(text)
    assert simplified(text) is text
    assert traditional(text) is text


@pytest.mark.parametrize("text", ["中", "a中", "㐀", "豈", "\U00020000"])
def test_chinese_is_seen(text):
    assert has_chinese(text)


def test_characters_of_one_script_alone():
    assert set("务开谢") <= simplified_only()
    assert set("務開謝檔裏") <= traditional_only()
    # In both scripts, with other meanings.
    assert set("后里乾著台").isdisjoint(simplified_only() | traditional_only())
    assert in_simplified("服务")
    assert not in_simplified("服務 and plain")


def test_threads_share_the_converters():
    text = "後來的皇后" * 50
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(simplified, [text] * 200)) | set(pool.map(traditional, [simplified(text)] * 200))
    assert found == {"后来的皇后" * 50, text}
