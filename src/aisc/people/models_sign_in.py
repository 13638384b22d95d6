"""How people of institutions come in: identity providers, e-mail domains, who may join by themselves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aisc.people.models import Bilingual, Organisation, Person


class Institution(Bilingual):
    """An identity provider that an operator connected; “Sign in with …” on the sign-in page.

    ``slug`` stands in addresses that the institution's own configuration names, and in every linked account, so it
    never changes. ``domains`` are the e-mail domains for which this provider's word is taken. ``settings`` holds
    what is public about it, by kind (``institutions.configuration``); ``secret`` is sealed: the client secret of
    OIDC, the private key that answers for ``settings["certificate"]`` of SAML.
    """

    class Kind(models.TextChoices):
        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML 2.0"

    slug = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="institutions"
    )
    domains = models.JSONField(default=list)
    settings = models.JSONField(default=dict)
    secret = models.TextField(blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name_en", "name_zh"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name_en="") | ~models.Q(name_zh=""), name="institution_has_a_name"
            ),
        ]


class EmailDomain(models.Model):
    """An e-mail domain that an organisation says is its own; it counts from when an administrator verified it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="email_domains")
    domain = models.CharField(max_length=253)
    claimed_at = models.DateTimeField()
    claimed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "domain"], name="email_domain_claimed_once"),
            # Two owners of one domain would both take its people in.
            models.UniqueConstraint(
                fields=["domain"], condition=Q(verified_at__isnull=False), name="email_domain_verified_once"
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class JoinPolicy(models.Model):
    """Who may join an organisation without having been invited. An organisation without a row has ``ASK``."""

    class Policy(models.TextChoices):
        ASK = "ask", _("Anyone may ask to join")
        DOMAIN = "domain", _("People with one of our e-mail addresses become members by themselves")
        PROVIDER = "provider", _("Only people who sign in through our identity provider, and they by themselves")
        INVITED = "invited", _("Only people whom we invite")

    organisation = models.OneToOneField(
        Organisation, primary_key=True, on_delete=models.CASCADE, related_name="join_policy"
    )
    policy = models.CharField(max_length=8, choices=Policy.choices)

    def __str__(self) -> str:
        # The organisation is this row's key, which a deleted row has lost; the audit log still asks what it was.
        place = self.organisation if self.organisation_id else ""
        return f"{place}: {self.get_policy_display()}"


class JoinedByItself(models.Model):
    """That somebody became a member by an organisation's policy: it happens once, so who was removed stays out."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "person"], name="joined_by_itself_once")]

    def __str__(self) -> str:
        return f"{self.person} → {self.organisation}"


class IamSmartRequest(models.Model):
    """A question put to somebody's iAM Smart app, which answers later through a call-back.

    ``state`` is known to us and to iAM Smart alone: a call-back that does not carry it is not from there. The
    answer is sealed, is read once, and goes with the row.
    """

    class Kind(models.TextChoices):
        PROFILE = "profile"
        SIGNING = "signing"
        STEP_UP = "step_up"

    business_id = models.CharField(max_length=36, unique=True)
    state_digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    agreed = models.BooleanField(null=True)
    answer = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.kind}: {self.business_id}"
