"""Addresses that are put together are those that Django would give."""

from __future__ import annotations

import pytest
from django.urls import NoReverseMatch, reverse, set_script_prefix

from aisc.core import addresses


def test_they_are_what_reverse_gives():
    assert addresses.to("portal:home") == reverse("portal:home")
    assert addresses.to("people:project", "prj-1a2b") == reverse("people:project", args=["prj-1a2b"])


@pytest.mark.parametrize("uid", ["a/b", "a b", "../x", "?x", "é"])
def test_what_is_no_plain_word_is_left_to_django(uid):
    with pytest.raises(NoReverseMatch):
        addresses.to("people:project", uid)


def test_below_another_path():
    set_script_prefix("/below/")
    try:
        assert addresses.to("people:project", "prj-1") == "/below/projects/prj-1/"
    finally:
        set_script_prefix("/")
    assert addresses.to("people:project", "prj-1") == "/projects/prj-1/"
