"""What the sign-in and sign-up pages, which are django-allauth's, show of ours."""

from __future__ import annotations

from django import template

from aisc.people import queries_sign_in

register = template.Library()


@register.simple_tag
def offered_institutions() -> list[dict[str, str]]:
    """The institutions through which one can sign in: ``slug`` and ``name``."""
    return queries_sign_in.offered()
