"""API tokens: made, shown once, taken back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, Forbidden, SignInNeeded
from aisc.people.access import SCOPES
from aisc.people.models import ApiToken, Person
from aisc.people.notices import notify
from aisc.people.text import clean_line
from aisc.people.tokens import digest_of, new_secret

DEFAULT_DAYS = 90
MOST_DAYS = 365
MOST_TOKENS = 50


@action("people.issue_token")
def issue_token(actor: Actor, *, name: str, scopes: Collection[str], days: int = DEFAULT_DAYS) -> tuple[ApiToken, str]:
    """Make a token for oneself that works for ``days`` (1 to 365). Returns it and its secret, kept nowhere.

    A token can make only tokens that carry no more scopes than it does itself. Raises BadInput,
    Forbidden, or Conflict when 50 tokens are in use.
    """
    if actor.person is None:
        raise SignInNeeded
    name = clean_line(name, field="name", limit=100)
    chosen = _scopes(actor, scopes)
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(_("A token works for 1 to %(days)s days.") % {"days": MOST_DAYS}, field="days")
    person = Person.objects.select_for_update(no_key=True).get(pk=actor.person.pk)
    now = clock.now()
    if person.api_tokens.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_TOKENS:
        raise Conflict(_("You have %(count)s tokens. Revoke some that you no longer use.") % {"count": MOST_TOKENS})
    secret = new_secret()
    token = ApiToken.objects.create(
        person=person,
        name=name,
        prefix=secret[:12],
        digest=digest_of(secret),
        scopes=chosen,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    note(target=token, scopes=chosen, days=days)
    # Said to the person, who would otherwise not learn of a token that somebody else made in their name.
    notify(person, gettext_noop("The API token “%(name)s” was made."), {"name": name}, url="/account/tokens/")
    return token, secret


@action("people.revoke_token", on="token")
def revoke_token(actor: Actor, *, token: ApiToken) -> ApiToken:
    """End a token at once. Revoking it again changes nothing."""
    token = ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
    return token


def _scopes(actor: Actor, scopes: Collection[str]) -> list[str]:
    chosen = [scope for scope in SCOPES if scope in scopes]
    if not chosen or set(scopes) - set(chosen):
        raise BadInput(_("Choose at least one of: %(scopes)s.") % {"scopes": ", ".join(SCOPES)}, field="scopes")
    if actor.scopes is not None and not actor.scopes.issuperset(chosen):
        raise Forbidden(_("A token cannot make a token that may do more than itself."), code="token.scope")
    return chosen
