"""Which organisation an e-mail address belongs to, and who may join by it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from aisc.core.actions import system
from aisc.core.errors import BadInput
from aisc.people.models import EmailDomain, Institution, JoinPolicy, Organisation, Person

Policy = JoinPolicy.Policy

# Where anybody can get an address: such a domain says nothing about where somebody belongs.
FOR_EVERYBODY = {
    "126.com",
    "139.com",
    "163.com",
    "aol.com",
    "foxmail.com",
    "gmail.com",
    "gmx.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.com.hk",
    "icloud.com",
    "live.com",
    "live.hk",
    "mac.com",
    "mail.com",
    "me.com",
    "msn.com",
    "netvigator.com",
    "outlook.com",
    "outlook.hk",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "sina.com",
    "sina.com.hk",
    "sohu.com",
    "yahoo.com",
    "yahoo.com.cn",
    "yahoo.com.hk",
    "yahoo.com.tw",
    "yandex.com",
    "yeah.net",
    "ymail.com",
}


def policy_of(organisation: Organisation) -> str:
    """Who may join the organisation without an invitation."""
    row = JoinPolicy.objects.filter(organisation=organisation).first()
    return row.policy if row else Policy.ASK


def may_ask(organisation: Organisation) -> bool:
    """Whether people may ask the organisation to take them in."""
    return policy_of(organisation) == Policy.ASK


def join_what_is_due(person: Person, *, institution: str = "") -> None:
    """Make somebody who signed in a member where the organisation says so: by their address, or by ``institution``.

    One query when there is nothing to do.
    """
    from aisc.people import actions

    domain = person.email.partition("@")[2]
    found = list(
        Organisation.objects.filter(
            join_policy__policy=Policy.DOMAIN,
            email_domains__domain=domain,
            email_domains__verified_at__isnull=False,
        )
    )
    if institution:
        found += Organisation.objects.filter(
            join_policy__policy=Policy.PROVIDER, institutions__slug=institution, institutions__active=True
        )
    for organisation in found:
        actions.join_by_policy(system("join policy"), person=person, organisation=organisation)


def refuse_a_password(email: str) -> None:
    """Raise BadInput when the address is of an organisation whose people sign in through its provider only."""
    owner = (
        EmailDomain.objects.filter(
            domain=email.partition("@")[2].lower(),
            verified_at__isnull=False,
            organisation__join_policy__policy=Policy.PROVIDER,
        )
        .select_related("organisation")
        .first()
    )
    provider = owner and Institution.objects.filter(organisation=owner.organisation, active=True).first()
    if provider:
        raise BadInput(
            _("People of %(organisation)s sign up through “%(institution)s”, on the sign-in page.")
            % {"organisation": owner.organisation, "institution": provider},
            field="email",
            code="sign_up.by_institution",
        )
