"""Mails about signing up through the API (pages use allauth's, with templates of the same words) and invitations."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from aisc.people.models import Invitation
from aisc.people.notices import centre_name

# Letters and digits that are not taken for one another.
_CODE_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"


def new_code() -> str:
    """Eight characters, such as ``K7QM-2RXD``: 28⁸ possibilities, of which a few may be tried."""
    letters = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def sign_up_code(email: str, name: str, code: str, language: str) -> None:
    """The code that confirms a new account."""
    _send("people/mail/sign_up_code", email, language, {"name": name, "code": code})


def account_exists(email: str, language: str) -> None:
    """To somebody who has an account and for whom one was asked for again."""
    root = settings.PUBLIC_URL.rstrip("/")
    links = {"login_url": root + reverse("account_login"), "reset_url": root + reverse("account_reset_password")}
    _send("people/mail/account_exists", email, language, links)


def invitation(invitation: Invitation) -> None:
    """A role, or an organisation's ownership, is offered; in the reader's language as far as it is known."""
    with override(invitation.language):
        values = {
            "inviter": str(invitation.invited_by),
            "place": str(invitation.place),
            "organisation": str(invitation.organisation) if invitation.project else "",
            "role": invitation.get_role_display(),
            "transfer": invitation.transfer,
            "until": date_format(timezone.localtime(invitation.expires_at), "DATE_FORMAT"),
        }
    values["url"] = settings.PUBLIC_URL.rstrip("/") + invitation.get_absolute_url()
    _send("people/mail/invitation", invitation.email, invitation.language, values)


def _send(template: str, email: str, language: str, context: dict[str, str]) -> None:
    with override(language):
        context = context | {"centre": centre_name()}
        subject = render_to_string(f"{template}_subject.txt", context).strip()
        EmailMessage(subject=subject, body=render_to_string(f"{template}_message.txt", context), to=[email]).send()
