"""Identity providers of institutions: connected and changed by the centre's administrators; links to them undone."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, NotFound
from aisc.people import ways_in
from aisc.people.institutions import configuration
from aisc.people.models import Institution, Organisation, Person
from aisc.people.notices import names, notify
from aisc.people.sealing import seal
from aisc.people.text import clean_line, clean_names

Kind = Institution.Kind


@action("people.connect_institution")
def connect_institution(
    actor: Actor,
    *,
    slug: str,
    kind: str,
    name_en: str = "",
    name_zh: str = "",
    domains: str = "",
    organisation: Organisation | None = None,
    issuer: str = "",
    client_id: str = "",
    client_secret: str = "",
    metadata: str = "",
    id_attribute: str = "",
) -> Institution:
    """Let people of an institution sign in through its identity provider.

    OIDC needs ``issuer``, ``client_id`` and ``client_secret``; SAML needs ``metadata`` (XML). ``domains`` are the
    e-mail domains for which its word is taken. Raises BadInput, or Conflict when the short name is in use.
    """
    slug = configuration.clean_slug(slug)
    if kind not in Kind.values:
        raise BadInput(_("Choose OpenID Connect or SAML."), field="kind")
    institution = Institution(
        slug=slug,
        kind=kind,
        **clean_names(name_en, name_zh),
        domains=configuration.clean_domains(domains),
        organisation=organisation,
        created_at=clock.now(),
    )
    if kind == Kind.OIDC:
        institution.settings = configuration.clean_oidc(issuer=issuer, client_id=client_id)
        institution.secret = seal(clean_line(client_secret, field="client_secret", limit=1000))
    else:
        institution.settings = configuration.clean_saml(metadata=metadata, id_attribute=id_attribute)
        key, institution.settings["certificate"] = configuration.new_key_pair(f"AISC {slug}")
        institution.secret = seal(key)
    try:
        with transaction.atomic():
            institution.save()
    except IntegrityError as error:
        raise Conflict(_("This short name is in use; choose another."), field="slug") from error
    note(kind=kind, domains=institution.domains)
    return institution


@action("people.update_institution", on="institution")
def update_institution(
    actor: Actor,
    *,
    institution: Institution,
    name_en: str | None = None,
    name_zh: str | None = None,
    domains: str | None = None,
    organisation: Organisation | None = None,
    active: bool | None = None,
    issuer: str = "",
    client_id: str = "",
    client_secret: str = "",
    metadata: str = "",
    id_attribute: str | None = None,
) -> Institution:
    """Change what is given; empty secrets and metadata stay as they are. The short name and the kind never change.

    Another issuer is another provider, whose people have other names: it needs a new row. Raises BadInput.
    """
    institution = Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    before = _public(institution)
    if name_en is not None or name_zh is not None:
        both = clean_names(
            institution.name_en if name_en is None else name_en, institution.name_zh if name_zh is None else name_zh
        )
        institution.name_en, institution.name_zh = both["name_en"], both["name_zh"]
    if domains is not None:
        institution.domains = configuration.clean_domains(domains)
    if active is not None:
        institution.active = active
    institution.organisation = organisation
    if institution.kind == Kind.OIDC:
        _update_oidc(institution, issuer, client_id, client_secret)
    else:
        _update_saml(institution, metadata, id_attribute)
    institution.save()
    after = _public(institution)
    note(
        before={key: before[key] for key in before if before[key] != after[key]},
        after={key: after[key] for key in after if before[key] != after[key]},
        secret_changed=bool(client_secret),
    )
    return institution


def _update_oidc(institution: Institution, issuer: str, client_id: str, client_secret: str) -> None:
    known = institution.settings
    if issuer:
        new = configuration.clean_oidc(issuer=issuer, client_id=client_id or known["client_id"])
        if new["issuer"] != known["issuer"] and SocialAccount.objects.filter(provider=institution.slug).exists():
            raise BadInput(
                _("People are linked to this issuer already. Connect the new one under another short name."),
                field="issuer",
            )
        institution.settings = new
    if client_secret:
        institution.secret = seal(clean_line(client_secret, field="client_secret", limit=1000))


def _update_saml(institution: Institution, metadata: str, id_attribute: str | None) -> None:
    known = institution.settings
    chosen = known["id_attribute"] if id_attribute is None else id_attribute.strip()
    linked = SocialAccount.objects.filter(provider=institution.slug).exists()
    if chosen != known["id_attribute"] and linked:
        raise BadInput(
            _("People are linked by this attribute already; another one would name other people."), field="id_attribute"
        )
    known["id_attribute"] = chosen
    if metadata:
        new = configuration.clean_saml(metadata=metadata, id_attribute=chosen)
        if new["entity_id"] != known["entity_id"] and linked:
            raise BadInput(
                _("People are linked to this issuer already. Connect the new one under another short name."),
                field="metadata",
            )
        institution.settings = known | new


def _public(institution: Institution) -> dict[str, Any]:
    return {
        "name_en": institution.name_en,
        "name_zh": institution.name_zh,
        "domains": list(institution.domains),
        "active": institution.active,
        "organisation": institution.organisation and institution.organisation.uid,
        "settings": {key: value for key, value in institution.settings.items() if key != "certificates"},
    }


@action("people.unlink_institution", on="account")
def unlink_institution(actor: Actor, *, account: SocialAccount) -> None:
    """Undo the link between one's account and one at an institution. Raises Conflict for the last way in."""
    # The person's row is locked, so that two links cannot both be undone while the other one still stands.
    person = Person.objects.select_for_update(no_key=True).get(pk=account.user_id)
    account = SocialAccount.objects.filter(pk=account.pk).first()
    if account is None:
        raise NotFound
    if not ways_in.remain(person, without_account=account.pk):
        raise Conflict(
            _("This is your only way to sign in. Set a password or add a passkey first."), code="way_in.last"
        )
    institution = Institution.objects.filter(slug=account.provider).first()
    account.delete()
    note(target=person, provider=account.provider)
    what = names(institution) if institution else {"en": account.provider, "zh": ""}
    notify(
        person,
        gettext_noop("Your account can no longer be signed in to through %(institution)s."),
        {"institution": what},
        url="/account/sign-in/",
        email=True,
    )
