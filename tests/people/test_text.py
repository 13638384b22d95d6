import pytest

from aisc.core.errors import BadInput
from aisc.people.text import clean_email, clean_line, clean_names, clean_registry_number, clean_text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("陳大文", "陳大文"),
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Łukasz Żółć", "Łukasz Żółć"),
        ("E\u0301ric", "Éric"),
        ("نور\u200cالدین", "نور\u200cالدین"),
        ("\U00031c75明", "\U00031c75明"),  # newer than this Python's Unicode
        ("O\u2019Brien", "O\u2019Brien"),
        ("a" * 150, "a" * 150),
    ],
)
def test_names_of_any_script_are_kept(typed, kept):
    assert clean_line(typed, field="name", limit=150) == kept


@pytest.mark.parametrize(
    "typed", ["a\x00b", "a\nb", "a\x7f", "\u202eevil", "a\u2066b", "a\u200bb", "\ufeffa", "a\ue000"]
)
def test_control_and_invisible_characters_are_refused(typed):
    with pytest.raises(BadInput) as refused:
        clean_line(typed, field="name", limit=150)
    assert refused.value.field == "name"
    assert "invisible" in str(refused.value)


def test_a_line_has_a_limit_and_may_be_required():
    with pytest.raises(BadInput, match="151 characters; at most 150"):
        clean_line("a" * 151, field="name", limit=150)
    with pytest.raises(BadInput, match="Fill this in"):
        clean_line(" ", field="name", limit=150)
    assert clean_line(" ", field="name", limit=150, required=False) == ""


def test_text_keeps_its_lines():
    assert clean_text(" a\r\nb\rc\td ", field="summary", limit=20) == "a\nb\nc\td"
    with pytest.raises(BadInput):
        clean_text("a\x1b[2J", field="summary", limit=20)
    with pytest.raises(BadInput, match="at most 2"):
        clean_text("abc", field="summary", limit=2)


def test_one_of_two_names_is_enough():
    assert clean_names("", " 機構 ") == {"name_en": "", "name_zh": "機構"}
    with pytest.raises(BadInput) as refused:
        clean_names(" ", "")
    assert refused.value.field == "name_en"


def test_addresses_are_compared_in_lower_case():
    assert clean_email("  Chan@Example.ORG ") == "chan@example.org"
    for wrong in ("", "chan", "chan@", "a b@example.org", "a\n@example.org"):
        with pytest.raises(BadInput, match=r"chan@example\.org"):
            clean_email(wrong)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("12345678", "12345678"),
        (" 1234 5678-000 ", "12345678-000"),
        ("１２３４５６７８", "12345678"),
        ("91350211m000100y43", "91350211M000100Y43"),
        ("HRB 1234/B", "HRB1234/B"),
    ],
)
def test_registry_numbers_are_compared_without_spaces_and_case(typed, kept):
    assert clean_registry_number(typed) == kept


@pytest.mark.parametrize("typed", ["123", "ABCDE", "1234_5", "-1234", "1234-", "12--34", "號碼1234", "1" * 51])
def test_other_registry_numbers_are_refused(typed):
    with pytest.raises(BadInput, match="as it stands on the certificate"):
        clean_registry_number(typed)
