"""Reading templates, and making a command out of what a form sends."""

import sys
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisc.jobs.library import Output, TemplateError, load_template, load_templates

DIGITS = load_templates()["digits-classifier"]
PHOTOGRAPHS = load_templates()["photographs"]
MINIMAL = """
code = "mine"
version = "1"
sector = "health"
kind = "training"
command = ["{python}", "-u", "{program}", "{parameters}"]
name = { en = "Mine", zh-hant = "我的" }
description = { en = "It is mine.", zh-hant = "這是我的。" }
resources = { accelerator = "cpu", count = 1, memory_mb = 512, time_limit = "2h" }
"""
PARAMETER = """
[[parameters]]
name = "size"
flag = "--size"
type = "int"
label = { en = "Size", zh-hant = "大小" }
help = { en = "How large.", zh-hant = "有多大。" }
"""


@pytest.fixture
def folder(tmp_path):
    """Write a template to a folder of its own; gives the folder of templates."""

    def write(text: str, code: str = "mine") -> Path:
        place = tmp_path / "templates" / code
        place.mkdir(parents=True, exist_ok=True)
        (place / "template.toml").write_text(text, encoding="utf-8")
        (place / "main.py").write_text("", encoding="utf-8")
        return place.parent

    return write


def broken(folder: Path) -> tuple[str, str]:
    with pytest.raises(TemplateError) as caught:
        load_template(folder / "mine" / "template.toml")
    assert caught.value.code == "broken_template"
    return caught.value.field, caught.value.message


def error_of(template, **values: str) -> tuple[str, str, str]:
    with pytest.raises(TemplateError) as caught:
        template.build(values)
    return caught.value.field, caught.value.code, caught.value.message


# The templates that ship


def test_what_ships():
    assert sorted(load_templates()) == ["digits-classifier", "photographs"]


@pytest.mark.parametrize("template", load_templates().values(), ids=lambda each: each.code)
def test_every_text_is_in_every_language_and_properly_chinese(template):
    texts = [template.name, template.description]
    for each in template.parameters:
        texts += [each.label, each.help, *(each.choices or {}).values()]
    texts += [each.label for each in (*template.inputs, *template.outputs)]
    for text in texts:
        assert sorted(text) == ["en", "zh-hans", "zh-hant"]
        assert not [mark for mark in ",;:?!()" if f"{mark} " in text["zh-hant"] or text["zh-hant"].endswith(mark)]
        assert any("\u4e00" <= each <= "\u9fff" for each in text["zh-hant"])


@pytest.mark.parametrize("template", load_templates().values(), ids=lambda each: each.code)
def test_every_default_is_a_value_that_may_be_given(template):
    values = template.clean({})
    assert template.clean(values) == values
    assert [each.main for each in template.outputs].count(True) == 1
    assert template.program.is_file()


def test_resources():
    assert DIGITS.resources.time_limit_ms == 600_000
    assert (DIGITS.resources.accelerator, DIGITS.resources.count, DIGITS.resources.memory_mb) == ("cpu", 2, 2048)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en", "Handwritten digits: train a classifier"),
        ("zh-hant", "手寫數字：訓練分類模型"),
        ("zh_Hant_HK", "手寫數字：訓練分類模型"),
        ("zh-hans", "手写数字：训练分类模型"),
        ("zh-sg", "手寫數字：訓練分類模型"),
        ("fr", "Handwritten digits: train a classifier"),
        ("", "Handwritten digits: train a classifier"),
    ],
)
def test_name_in(language, name):
    assert DIGITS.name_in(language) == name


def test_choices_in():
    language = next(each for each in DIGITS.parameters if each.name == "language")
    assert language.choices_in("zh-hant") == [
        ("en", "英文（English）"),
        ("zh-hant", "繁體中文"),
        ("zh-hans", "簡體中文"),
    ]


# Commands


def test_build_with_nothing_given():
    assert DIGITS.build({}) == (
        sys.executable,
        str(DIGITS.program),
        "--epochs=30",
        "--learning-rate=0.002",
        "--hidden=64",
        "--seed=2024",
        "--output=digits",
        "--language=en",
    )


def test_build_on_a_node_that_keeps_things_elsewhere():
    argv = PHOTOGRAPHS.build({"sample": "on", "input": " my photos/ "}, python="/opt/python", program="/opt/p.py")
    assert argv == (
        "/opt/python",
        "/opt/p.py",
        "--input=my photos",
        "--sample",
        "--max-edge=1600",
        "--quality=85",
        "--duplicates-distance=6",
        "--output=photographs-ready",
        "--language=en",
    )


def test_a_value_cannot_pass_for_an_option_nor_for_a_placeholder():
    argv = DIGITS.build({"output": "--epochs=500", "data": "{python}"})
    assert argv[2] == "--data={python}"
    assert argv[-2] == "--output=--epochs=500"


def test_outputs_for_names_the_files_of_this_run():
    outputs = DIGITS.outputs_for({"output": "results [1]"})
    assert outputs[0] == Output(
        glob="results [[]1]/report.html", media_type="text/html", label=DIGITS.outputs[0].label, main=True
    )


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("3.5", "not_a_whole_number", "“3.5” is not a whole number."),
        ("٣", "not_a_whole_number", "“٣” is not a whole number."),
        ("1_000", "not_a_whole_number", "“1_000” is not a whole number."),
        ("9" * 99, "not_a_whole_number", f"“{'9' * 60}…” is not a whole number."),
        ("0", "too_small", "0 is too small: the least is 1."),
        ("501", "too_large", "501 is too large: the most is 500."),
        ("5\n6", "unprintable", "There is a character in this that cannot be printed."),
        ("5\x00", "unprintable", "There is a character in this that cannot be printed."),
    ],
)
def test_whole_numbers(value, code, message):
    assert error_of(DIGITS, epochs=value) == ("epochs", code, message)


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("fast", "not_a_number", "“fast” is not a number."),
        ("nan", "not_a_number", "“nan” is not a number."),
        ("inf", "not_a_number", "“inf” is not a number."),
        ("1e999", "not_a_number", "“1e999” is not a number."),
        ("2", "too_large", "2.0 is too large: the most is 1.0."),
        ("-1", "too_small", "-1.0 is too small: the least is 1e-05."),
    ],
)
def test_numbers(value, code, message):
    assert error_of(DIGITS, learning_rate=value) == ("learning_rate", code, message)


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("/etc/passwd", "absolute_path", "Give a path inside the workspace, without a “/” in front."),
        ("a/../../b", "outside_workspace", "A path may not lead out of the workspace (“..”)."),
        ("..", "outside_workspace", "A path may not lead out of the workspace (“..”)."),
        ("x" * 256, "too_long", "This is too long: at most 255 characters."),
        ("x/" * 600, "too_long", "This is too long: at most 1000 characters."),
        ("./ /", "wrong_form", "“./ /” does not have the form that is asked for."),
    ],
)
def test_paths(value, code, message):
    assert error_of(DIGITS, data=value) == ("data", code, message)


def test_other_types():
    assert error_of(DIGITS, hidden="64;rm") == (
        "hidden",
        "wrong_form",
        "“64;rm” does not have the form that is asked for.",
    )
    assert error_of(DIGITS, hidden="1," * 21) == ("hidden", "too_long", "This is too long: at most 40 characters.")
    assert error_of(DIGITS, language="fr") == ("language", "not_a_choice", "“fr” is not one of en, zh-hant, zh-hans.")
    assert error_of(PHOTOGRAPHS, sample="maybe") == ("sample", "not_yes_or_no", "“maybe” is neither yes nor no.")
    assert error_of(DIGITS, epoch="3") == ("epoch", "unknown", "This template has no parameter of this name.")


def test_errors_gives_all_in_the_order_of_the_form():
    found = DIGITS.errors({"zoom": "1", "seed": "x", "epochs": "0", "hidden": "32"})
    assert [(each.field, each.code) for each in found] == [
        ("epochs", "too_small"),
        ("seed", "not_a_whole_number"),
        ("zoom", "unknown"),
    ]


@given(st.dictionaries(st.sampled_from([each.name for each in PHOTOGRAPHS.parameters]), st.text()))
def test_any_text_is_refused_or_becomes_one_argument_for_its_own_flag(values):
    if errors := PHOTOGRAPHS.errors(values):
        assert all(map(str, errors))
        return
    argv = PHOTOGRAPHS.build(values)
    cleaned = PHOTOGRAPHS.clean(values)
    assert PHOTOGRAPHS.clean(cleaned) == cleaned
    flags = {each.flag for each in PHOTOGRAPHS.parameters}
    assert all(argument.partition("=")[0] in flags for argument in argv[2:])
    assert len(argv[2:]) <= len(flags)
    assert not [each for argument in argv for each in argument if each in "\x00\n\r"]


@given(st.text(alphabet="ab./ ~-\\é海\u3000", max_size=30))
def test_a_path_that_is_taken_stays_in_the_workspace(text):
    try:
        value = DIGITS.clean({"data": text})["data"]
    except TemplateError:
        return
    assert not value.startswith("/")
    assert ".." not in PurePosixPath(value).parts
    assert DIGITS.clean({"data": value})["data"] == value


@given(st.integers())
def test_whole_numbers_are_taken_exactly_within_their_limits(number):
    taken = not DIGITS.errors({"seed": str(number)})
    assert taken == (0 <= number <= 4294967295)


@given(st.floats())
def test_numbers_are_taken_exactly_within_their_limits(number):
    taken = not DIGITS.errors({"learning_rate": repr(number)})
    assert taken == (0.00001 <= number <= 1.0)
    if taken:
        assert float(DIGITS.clean({"learning_rate": repr(number)})["learning_rate"]) == number


# A centre's own templates


def test_extra_templates_stand_beside_those_that_ship(folder):
    place = folder(MINIMAL + PARAMETER)
    found = load_templates(place)
    assert sorted(found) == ["digits-classifier", "mine", "photographs"]
    assert found["mine"].build({"size": "+07"}, python="py") == (
        "py",
        "-u",
        str((place / "mine" / "main.py").resolve()),
        "--size=7",
    )
    assert error_of(found["mine"]) == ("size", "required", "A value is needed.")
    assert found["mine"].resources.time_limit_ms == 7_200_000


def test_templates_are_read_once_and_cannot_be_changed_by_a_caller(folder):
    place = folder(MINIMAL)
    load_templates(place).clear()
    (place / "mine" / "template.toml").unlink()
    assert load_templates(place)["mine"] is load_templates(place)["mine"]
    assert sorted(load_templates()) == ["digits-classifier", "photographs"]


def test_a_code_that_is_taken(folder):
    place = folder(MINIMAL.replace('"mine"', '"photographs"'), "photographs")
    with pytest.raises(TemplateError) as caught:
        load_templates(place)
    assert caught.value.code == "duplicate_template"
    assert "photographs" in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "field", "problem"),
    [
        ('version = "1"', "", "version", "missing"),
        ('code = "mine"', 'code = "yours"', "code", "the folder is called “mine”"),
        ('code = "mine"', 'code = "../mine"', "code", "right form"),
        ('kind = "training"', 'kind = "training"\ncolour = "red"', "colour", "nobody knows this key"),
        ('zh-hant = "我的"', 'zh = "我的"', "name.zh-hant", "missing"),
        ('"2h"', '"2 hours"', "resources.time_limit", "right form"),
        ("count = 1", "count = 0", "resources.count", "1 or more"),
        ("count = 1", "count = true", "resources.count", "right type"),
        ('"{parameters}"', '"x"', "command", "{parameters} must stand in it once"),
        ('"-u"', '"{home}"', "command", "placeholder"),
        ('version = "1"', 'version = "1"\nprogram = "../other.py"', "program", "own folder"),
        ('flag = "--size"', 'flag = "-s"', "parameters[0].flag", "right form"),
        ('type = "int"', 'type = "colour"', "parameters[0].type", "is not one of"),
        ('type = "int"', 'type = "int"\ndefault = "many"', "parameters[0].default", "is not a whole number"),
        ('type = "int"', 'type = "int"\nmin = 2\ndefault = 1', "parameters[0].default", "too small"),
        ('type = "int"', 'type = "bool"\nmin = 2', "parameters[0].min", "means nothing"),
        ('type = "int"', 'type = "str"\npattern = "("', "parameters[0].pattern", "unterminated"),
        ('type = "int"', 'type = "choice"', "parameters[0].choices", "missing"),
        ('version = "1"', "version = ", "", "Invalid value"),
    ],
)
def test_a_broken_template_says_what_is_wrong(folder, old, new, field, problem):
    text = MINIMAL + PARAMETER
    assert old in text
    found_field, message = broken(folder(text.replace(old, new)))
    assert found_field == field
    assert problem in message


def test_a_parameter_given_twice(folder):
    assert broken(folder(MINIMAL + PARAMETER + PARAMETER))[0] == "parameters.name"


def test_an_output_of_a_parameter_that_is_not_there(folder):
    output = '[[outputs]]\nglob = "{place}/x"\nmedia_type = "text/plain"\nlabel = { en = "X", zh-hant = "某" }\n'
    assert broken(folder(MINIMAL + output))[0] == "outputs[0].glob"
