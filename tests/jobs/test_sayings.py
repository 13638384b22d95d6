"""What engines say is said in the reader's language; what is not known is left as it is."""

from pathlib import Path

import pytest
from django.utils import translation

import aisc
from aisc.jobs.sayings import SENTENCES, in_words

SOURCES = [
    *Path(aisc.__file__).parent.glob("jobs/engines/**/*.py"),
    Path(aisc.__file__).parent / "centre" / "actions.py",
]


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_is_translated_with_what_it_names(sentence, language):
    values = {"folder": "/x/y", "error": "no", "free": "7", "reserve": "9", "seconds": "61", "run": "job-1-0"}
    values |= {"times": "3", "log": "/x/keeper.log"}
    with translation.override(language):
        said = in_words(sentence % values)
    assert said != sentence % values
    assert all(value in said for name, value in values.items() if f"%({name})s" in sentence)
    with translation.override("en"):
        assert in_words(sentence % values) == sentence % values


def test_several_at_once_and_what_nobody_knows():
    with translation.override("zh-hant"):
        said = in_words("/e has 7 MiB free, less than the reserve of 9: make space. AISC_ISOLATION is off. Odd engine.")
    assert "7 MiB" in said
    assert "make space" not in said
    assert "is off" not in said
    assert said.endswith("Odd engine.")


def test_engines_still_say_so():
    """A sentence that was changed in an engine has to be changed here as well."""
    # Adjoining literals of one string, as Python joins them.
    code = "".join(each.read_text(encoding="utf-8") for each in SOURCES).replace('"\n', "").replace('\n"', "")
    code = "".join(code.split()).replace('"f"', "").replace('""', "").replace('f"', '"').replace('"', "")
    for sentence in SENTENCES:
        first = sentence.split("%(")[0] or sentence.rpartition(")s")[2]
        assert "".join(first.split(".")[0].split(",")[0].split()).rstrip(":") in code, sentence
