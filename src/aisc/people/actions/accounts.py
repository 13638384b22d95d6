"""One's own account: signing up through the API, name and language, and what happened to it.

Signing up, signing in and resetting a password in pages is done by django-allauth; what it did is
written to the audit log through :func:`account_event`.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, SignInNeeded
from aisc.people import limits, mails, texts
from aisc.people.actions.texts import accept_text, accepted_by_newcomer
from aisc.people.models import PendingSignUp, Person, TextWording, sign_up_uid
from aisc.people.text import clean_email, clean_line
from aisc.people.texts import Code, Occasion

CODE_WORKS_FOR = timedelta(minutes=15)
MOST_TRIES = 5


def sign_up(actor: Actor, *, email: str, name: str, password: str, language: str = "", terms: str = "") -> str:
    """Ask for an account: mails a code to the address; answers the uid to give with it to :func:`confirm_sign_up`.

    ``terms`` is the SHA-256 of the terms of use that were accepted; needed where some are in force. An address that
    has an account gets a mail saying so; the caller sees no difference. Raises BadInput, Conflict when other terms
    are in force now, or TooOften after 20 tries an hour from one place or 5 for one address.
    """
    email = clean_email(email)
    name = clean_line(name, field="name", limit=150)
    language = _language(language or get_language() or "")
    try:
        validate_password(password, user=Person(email=email, name=name))
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), field="password") from error
    wording = _terms(terms)
    limits.spend("sign-up", actor.address, limit=20, per_s=3600)
    limits.spend("sign-up-address", email, limit=5, per_s=3600)
    # Hashing takes long on purpose, so it is done before the transaction; and for known addresses as well.
    return _sign_up(actor, email=email, name=name, password=make_password(password), language=language, terms=wording)


@action("people.sign_up")
def _sign_up(actor: Actor, *, email: str, name: str, password: str, language: str, terms: TextWording | None) -> str:
    note(email=email)
    if EmailAddress.objects.filter(email=email, verified=True).exists():
        transaction.on_commit(lambda: mails.account_exists(email, language), robust=True)
        return sign_up_uid()
    code = mails.new_code()
    pending = PendingSignUp(
        email=email, name=name, language=language, password=password, expires_at=clock.now() + CODE_WORKS_FOR
    )
    pending.code_digest = _digest(pending.uid, code)
    pending.save()
    if terms:
        nobody_yet = Actor(address=actor.address, request_id=actor.request_id, via=actor.via)
        accept_text(nobody_yet, wording=terms, occasion=Occasion.SIGN_UP, about=pending.uid)
    transaction.on_commit(lambda: mails.sign_up_code(email, name, code, language), robust=True)
    return pending.uid


def _terms(digest: str) -> TextWording | None:
    if texts.to_accept(Code.TERMS) is None:
        return None
    if not digest:
        where = settings.PUBLIC_URL.rstrip("/") + texts.url_of(Code.TERMS)
        raise BadInput(
            _("Read the terms of use at %(url)s, and send the SHA-256 that stands below them to accept them.")
            % {"url": where},
            field="terms",
        )
    return texts.accepted_now(Code.TERMS, digest)


def confirm_sign_up(actor: Actor, *, uid: str, code: str) -> Person:
    """Make the account, given the mailed code. Raises BadInput when it is wrong, expired or tried 5 times."""
    # Counted on its own, so that the refusal below does not roll it back.
    PendingSignUp.objects.filter(uid=uid).update(tries=F("tries") + 1)
    return _confirm_sign_up(actor, uid=uid, code=code)


@action("people.confirm_sign_up")
def _confirm_sign_up(actor: Actor, *, uid: str, code: str) -> Person:
    pending = PendingSignUp.objects.select_for_update(no_key=True).filter(uid=uid).first()
    good = (
        pending is not None
        and pending.tries <= MOST_TRIES
        and pending.expires_at > clock.now()
        and hmac.compare_digest(pending.code_digest, _digest(uid, code))
        # Somebody may have confirmed this address in a page since.
        and not EmailAddress.objects.filter(email=pending.email, verified=True).exists()
    )
    if not good:
        raise BadInput(
            _("This code is wrong or no longer works. Sign up again to get a new one."), field="code", code="code.wrong"
        )
    # A person with this address who never confirmed it may be anybody; who has the code is the address's owner.
    person = Person.objects.filter(email=pending.email).first() or Person(email=pending.email)
    person.name, person.language, person.password = pending.name, pending.language, pending.password
    person.save()
    EmailAddress.objects.update_or_create(
        user=person, email=pending.email, defaults={"verified": True, "primary": True}
    )
    accepted_by_newcomer(person.pk, uid)
    PendingSignUp.objects.filter(email=pending.email).delete()
    return person


@action("people.update_account")
def update_account(actor: Actor, *, name: str | None = None, language: str | None = None) -> Person:
    """Change one's own name or language; what is None stays. Raises BadInput."""
    if actor.person is None:
        raise SignInNeeded
    person = Person.objects.select_for_update(no_key=True).get(pk=actor.person.pk)
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = clean_line(name, field="name", limit=150)
    if language is not None:
        changes["language"] = _language(language)
    note(before={field: getattr(person, field) for field in changes}, after=changes)
    for field, value in changes.items():
        setattr(person, field, value)
        # The request's own copy too, so that the page shown next has the new value.
        setattr(actor.person, field, value)
    person.save(update_fields=list(changes))
    return person


@action("people.account_event", on="person")
def account_event(actor: Actor, *, person: Person, event: str) -> None:
    """Write down what allauth did with an account (signed up, signed in, password changed…)."""
    note(target=person, event=event)


def _language(code: str) -> str:
    if code not in dict(settings.LANGUAGES):
        raise BadInput(_("Choose one of the languages."), field="language")
    return code


def _digest(uid: str, code: str) -> str:
    # Codes are typed by hand: case and stray hyphens or spaces do not matter.
    plain = "".join(character for character in code.upper() if character.isalnum())
    return salted_hmac("aisc.people.sign-up", f"{uid}:{plain}", algorithm="sha256").hexdigest()
