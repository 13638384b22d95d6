"""E-mail domains of organisations, and who may join by them."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, NotFound
from aisc.people import domains, queries
from aisc.people.institutions.configuration import clean_domain
from aisc.people.models import (
    CentreRole,
    EmailDomain,
    Institution,
    JoinedByItself,
    JoinPolicy,
    Membership,
    Organisation,
    Person,
)
from aisc.people.notices import names, notify, notify_all

Policy = JoinPolicy.Policy


@action("people.claim_domain", on="organisation")
def claim_domain(actor: Actor, *, organisation: Organisation, domain: str) -> EmailDomain:
    """Say that an e-mail domain is the organisation's; administrators are asked to verify it.

    Raises BadInput, or Conflict when it is claimed here already or verified for another organisation.
    """
    domain = clean_domain(domain)
    if domain in domains.FOR_EVERYBODY:
        raise BadInput(_("Anybody can have an address of this domain."), field="domain")
    _free(domain, organisation)
    try:
        with transaction.atomic():
            claimed = EmailDomain.objects.create(
                organisation=organisation, domain=domain, claimed_at=clock.now(), claimed_by=actor.person
            )
    except IntegrityError as error:
        raise Conflict(_("This domain is on your list already."), field="domain") from error
    note(target=organisation, domain=domain)
    notify_all(
        queries.persons_with_centre_role(CentreRole.Role.ADMINISTRATOR),
        gettext_noop("%(organisation)s says that the e-mail domain %(domain)s is theirs. Verify it."),
        {"organisation": names(organisation), "domain": domain},
        url="/centre/sign-in/",
    )
    return claimed


@action("people.verify_domain", on="domain")
def verify_domain(actor: Actor, *, domain: EmailDomain) -> EmailDomain:
    """Confirm that the domain is the organisation's. Raises Conflict when it is another's by now."""
    domain = EmailDomain.objects.select_for_update(no_key=True).select_related("organisation").get(pk=domain.pk)
    if domain.verified_at is not None:
        return domain
    _free(domain.domain, domain.organisation)
    domain.verified_at, domain.verified_by = clock.now(), actor.person
    try:
        with transaction.atomic():
            domain.save(update_fields=["verified_at", "verified_by"])
    except IntegrityError as error:
        raise _taken() from error
    note(target=domain.organisation, domain=domain.domain)
    if domain.claimed_by:
        notify(
            domain.claimed_by,
            gettext_noop("The e-mail domain %(domain)s of %(organisation)s is verified."),
            {"organisation": names(domain.organisation), "domain": domain.domain},
            url=f"/organisations/{domain.organisation.uid}/joining",
        )
    return domain


@action("people.drop_domain", on="organisation")
def drop_domain(actor: Actor, *, organisation: Organisation, domain: str) -> None:
    """Take a domain off the organisation's list; members stay. Raises NotFound."""
    gone, _rows = EmailDomain.objects.filter(organisation=organisation, domain=domain).delete()
    if not gone:
        raise NotFound
    note(target=organisation, domain=domain)


@action("people.set_join_policy", on="organisation")
def set_join_policy(actor: Actor, *, organisation: Organisation, policy: str) -> JoinPolicy:
    """Choose who may join without an invitation. Raises BadInput for a policy that nobody could join by."""
    if policy not in Policy.values:
        raise BadInput(_("Choose one of the answers."), field="policy")
    if policy == Policy.DOMAIN and not organisation.email_domains.filter(verified_at__isnull=False).exists():
        raise BadInput(_("No e-mail domain of yours is verified yet."), field="policy")
    if policy == Policy.PROVIDER and not Institution.objects.filter(organisation=organisation, active=True).exists():
        raise BadInput(
            _("No identity provider of yours is connected yet. Ask the centre's administrator."), field="policy"
        )
    before = domains.policy_of(organisation)
    row, _created = JoinPolicy.objects.update_or_create(organisation=organisation, defaults={"policy": policy})
    note(target=organisation, before=before, after=policy)
    return row


@action("people.join_by_policy")
def join_by_policy(actor: Actor, *, person: Person, organisation: Organisation) -> Membership | None:
    """Make the person a member, because their address or their provider says that they belong there.

    Once for each person and organisation: who was removed does not come back by signing in again.
    """
    now = clock.now()
    # Locked as every change of an organisation's people is, so that two sign-ins at once make one member.
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    _row, first = JoinedByItself.objects.get_or_create(person=person, organisation=organisation, defaults={"at": now})
    if not first or Membership.objects.filter(person=person, organisation=organisation, project=None).exists():
        return None
    membership = Membership.objects.create(
        person=person, organisation=organisation, role=Membership.Role.MEMBER, created_at=now
    )
    note(target=organisation, person=person.uid, policy=domains.policy_of(organisation))
    notify(
        person,
        gettext_noop("You are now a member of %(organisation)s, as its rules for new people say."),
        {"organisation": names(organisation)},
        url=organisation.get_absolute_url(),
    )
    return membership


def _free(domain: str, organisation: Organisation) -> None:
    others = EmailDomain.objects.filter(domain=domain, verified_at__isnull=False)
    if others.exclude(organisation=organisation).exists():
        raise _taken()


def _taken() -> Conflict:
    return Conflict(
        _("This domain is verified for another organisation. Ask the centre's administrator."),
        code="domain.taken",
        field="domain",
    )
