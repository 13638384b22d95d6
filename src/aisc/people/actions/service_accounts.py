"""Service accounts: programs of an organisation or a project, with tokens of their own and a person who answers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, Forbidden, SignInNeeded
from aisc.people.access import SCOPES
from aisc.people.actions.members import clean_role, give, lock, may_give
from aisc.people.actions.tokens import DEFAULT_DAYS, MOST_DAYS
from aisc.people.models import ApiToken, Membership, Organisation, Person, Project, ServiceAccount
from aisc.people.notices import names, notify
from aisc.people.text import clean_line
from aisc.people.tokens import digest_of, new_secret

Role = Membership.Role
# A program runs jobs, reads, and looks at money; it does not manage people, sign applications or make itself tokens.
SERVICE_ROLES = (Role.MEMBER, Role.FINANCE, Role.READ_ONLY)
SERVICE_SCOPES = ("read", "jobs", "money")
MOST_ACCOUNTS = 50
MOST_TOKENS = 10


@action("people.make_service_account", on="place")
def make_service_account(
    actor: Actor, *, place: Organisation | Project, name: str, role: str, purpose: str = ""
) -> ServiceAccount:
    """A program's account with ``role`` (member, finance or read-only); whoever makes it answers for it.

    It has no address and no password, so nobody signs in with it. Raises BadInput, Forbidden, or Conflict when
    the organisation has 50.
    """
    if actor.person is None or actor.person.is_service:
        raise SignInNeeded
    organisation = lock(place)
    role = clean_role(role)
    if role not in SERVICE_ROLES:
        raise BadInput(_("A service account is a member, finance or read-only."), field="role")
    may_give(actor, place, role)
    if ServiceAccount.objects.filter(organisation=organisation, closed_at=None).count() >= MOST_ACCOUNTS:
        raise Conflict(_("There are %(count)s service accounts. Close one first.") % {"count": MOST_ACCOUNTS})
    person = Person(name=clean_line(name, field="name", limit=150), is_service=True)
    person.email = f"{person.uid}@service.invalid"  # an address that can never get mail (RFC 6761)
    person.set_unusable_password()
    person.save()
    account = ServiceAccount.objects.create(
        person=person,
        organisation=organisation,
        project=place if isinstance(place, Project) else None,
        owner=actor.person,
        purpose=clean_line(purpose, field="purpose", limit=300, required=False),
        created_at=clock.now(),
    )
    give(person, place, role)
    note(target=person, place=place.uid, role=role, owner=actor.person.uid)
    return account


@action("people.issue_service_token", on="account")
def issue_service_token(
    actor: Actor, *, account: ServiceAccount, name: str, scopes: Collection[str], days: int = DEFAULT_DAYS
) -> tuple[ApiToken, str]:
    """A token of a service account for ``days`` (1 to 365), and its secret, which is kept nowhere.

    Its scopes are among read, jobs and money. Raises BadInput, Forbidden beyond the scopes of one's own token,
    Conflict for a closed account and beyond 10 tokens.
    """
    account = (
        ServiceAccount.objects.select_for_update(of=("self",), no_key=True).select_related("person").get(pk=account.pk)
    )
    if account.closed_at is not None:
        raise Conflict(_("This service account is closed."), code="service.closed")
    _may_stand_for(actor, account)
    chosen = [scope for scope in SCOPES if scope in scopes and scope in SERVICE_SCOPES]
    if not chosen or set(scopes) - set(chosen):
        raise BadInput(_("Choose at least one of: %(scopes)s.") % {"scopes": ", ".join(SERVICE_SCOPES)}, field="scopes")
    if actor.scopes is not None and not actor.scopes.issuperset(chosen):
        raise Forbidden(_("A token cannot make a token that may do more than itself."), code="token.scope")
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(_("A token works for 1 to %(days)s days.") % {"days": MOST_DAYS}, field="days")
    now = clock.now()
    if account.person.api_tokens.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_TOKENS:
        raise Conflict(_("This account has %(count)s tokens. Revoke one first.") % {"count": MOST_TOKENS})
    secret = new_secret()
    token = ApiToken.objects.create(
        person=account.person,
        issued_by=actor.person,
        name=clean_line(name, field="name", limit=100),
        prefix=secret[:12],
        digest=digest_of(secret),
        scopes=chosen,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    note(target=token, account=account.person.uid, scopes=chosen, days=days)
    if account.owner != actor.person:
        notify(
            account.owner,
            gettext_noop("%(person)s made the token “%(token)s” for the service account “%(account)s”."),
            {"person": str(actor), "token": token.name, "account": str(account)},
            url=account.place.get_absolute_url(),
        )
    return token, secret


@action("people.revoke_service_token", on="account")
def revoke_service_token(actor: Actor, *, account: ServiceAccount, token: ApiToken) -> ApiToken:
    """End one of its tokens at once. Revoking it again changes nothing."""
    token = ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk, person=account.person_id)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
    note(target=token, account=account.person.uid)
    return token


@action("people.close_service_account", on="account")
def close_service_account(actor: Actor, *, account: ServiceAccount) -> ServiceAccount:
    """End it: its tokens stop at once, its role is gone; what it did stays. Closing it again changes nothing."""
    account = (
        ServiceAccount.objects.select_for_update(of=("self",), no_key=True)
        .select_related("person", "owner", "organisation", "project")
        .get(pk=account.pk)
    )
    if account.closed_at is None:
        now = clock.now()
        account.closed_at = now
        account.save(update_fields=["closed_at"])
        account.person.is_active = False
        account.person.save(update_fields=["is_active"])
        account.person.api_tokens.filter(revoked_at=None).update(revoked_at=now)
        account.person.memberships.all().delete()
        if account.owner != actor.person:
            notify(
                account.owner,
                gettext_noop("The service account “%(account)s” of “%(place)s” was closed."),
                {"account": str(account), "place": names(account.place)},
                url=account.place.get_absolute_url(),
            )
    note(target=account.person)
    return account


def _may_stand_for(actor: Actor, account: ServiceAccount) -> None:
    """Whoever holds the secret acts with the account's role, so only who may give that role gets one."""
    held = account.person.memberships.first()
    may_give(actor, account.place, held.role if held else Role.OWNER)
