"""Persons, organisations, projects, memberships, API tokens and notices."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aisc.core import addresses, clock
from aisc.core.ids import new_uid
from aisc.core.language import in_reader_language


def person_uid() -> str:
    return new_uid("per")


def organisation_uid() -> str:
    return new_uid("org")


def project_uid() -> str:
    return new_uid("prj")


def sign_up_uid() -> str:
    return new_uid("sgn")


class PersonManager(BaseUserManager):
    def create_user(self, email: str, password: str | None = None, **fields) -> Person:
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in. ``name`` is as they write it themselves, in any script."""

    uid = models.CharField(max_length=24, unique=True, default=person_uid, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    # A program's account: it has tokens, no address, no password and no page (``ServiceAccount`` says whose it is).
    is_service = models.BooleanField(default=False)
    # A second account of the same human that was merged: it can do nothing any more, and leads here.
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = PersonManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name

    def audit_also(self) -> list[int]:
        """Keys of the accounts that became part of this one: what happened to them happened to this human."""
        return list(self.merged_from.values_list("pk", flat=True))


class CentreRole(models.Model):
    """A person's role in the centre itself (not in an organisation)."""

    class Role(models.TextChoices):
        SECRETARIAT = "secretariat", _("secretariat")
        ASSESSOR = "assessor", _("assessor")
        COMMITTEE = "committee", _("committee member")
        OPERATOR = "operator", _("operator")
        FINANCE = "finance", _("finance officer")
        AUDITOR = "auditor", _("auditor")
        ADMINISTRATOR = "administrator", _("administrator")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="centre_roles")
    role = models.CharField(max_length=20, choices=Role.choices)
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "role"], name="centre_role_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}"


class Bilingual(models.Model):
    """Mix-in: a name in English and in Chinese, in either script; one may be missing, never both."""

    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    name_zh = models.CharField(_("name in Chinese"), max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        """The name in the reader's language, or the other one."""
        return in_reader_language(self.name_en, self.name_zh)

    def __str__(self) -> str:
        return self.name


class Organisation(Bilingual):
    """A university, institute, company, start-up or department that uses the centre."""

    class Category(models.TextChoices):
        UNIVERSITY = "university", _("University")
        RESEARCH = "research", _("Research institute")
        ENTERPRISE = "enterprise", _("Company")
        STARTUP = "startup", _("Start-up")
        GOVERNMENT = "government", _("Government department")
        OTHER = "other", _("Other")

    uid = models.CharField(max_length=24, unique=True, default=organisation_uid, editable=False)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    registry_number = models.CharField(_("registry number"), max_length=50, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    created_at = models.DateTimeField()
    # A duplicate that was merged: its rows are the survivor's, its uid and address lead on to it.
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from")
    merged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name_en", "name_zh"]
        constraints = [
            models.UniqueConstraint(
                fields=["registry_number"],
                condition=~models.Q(registry_number=""),
                name="organisation_registry_number_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(name_en="") | ~models.Q(name_zh=""), name="organisation_has_a_name"
            ),
        ]

    def get_absolute_url(self) -> str:
        return addresses.to("people:organisation", self.uid)

    def audit_also(self) -> list[int]:
        """Keys of the duplicates that became part of this organisation: their history is its own."""
        return list(self.merged_from.values_list("pk", flat=True))


class Project(Bilingual):
    """A piece of work of one organisation: it has people, a workspace, jobs, and budgets that pay."""

    uid = models.CharField(max_length=24, unique=True, default=project_uid, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="projects")
    summary_en = models.TextField(_("summary in English"), blank=True)
    summary_zh = models.TextField(_("summary in Chinese"), blank=True)
    shares = models.PositiveIntegerField(_("fair-share weight"), default=100)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name_en", "name_zh"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name_en="") | ~models.Q(name_zh=""), name="project_has_a_name")
        ]

    def get_absolute_url(self) -> str:
        return addresses.to("people:project", self.uid)

    @property
    def summary(self) -> str:
        """The summary in the reader's language, or the other one."""
        return in_reader_language(self.summary_en, self.summary_zh)


class FormerName(models.Model):
    """What an organisation was called, or registered as, until it was renamed or a duplicate became part of it.

    Kept as it stood, so that old papers can be understood; searching by it finds the organisation.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="former_names")
    name_en = models.CharField(max_length=200, blank=True)
    name_zh = models.CharField(max_length=200, blank=True)
    registry_number = models.CharField(max_length=50, blank=True, db_index=True)
    uid = models.CharField(max_length=24, blank=True)  # of the duplicate that had it; empty after a change of name
    until = models.DateTimeField()

    class Meta:
        ordering = ["-until", "-id"]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.name_en, self.name_zh)))


class InForce(models.Manager):
    """Memberships that hold now. A facilitator's ends by the clock, and is gone from sight at that moment."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(models.Q(expires_at=None) | models.Q(expires_at__gt=clock.now()))


class Membership(models.Model):
    """A person's role in an organisation (``project`` empty: in all its projects) or in one project.

    A facilitator is let into one project by the centre, to read, until ``expires_at``; nobody else's role expires.
    """

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MANAGER = "manager", _("manager")
        MEMBER = "member", _("member")
        FINANCE = "finance", _("finance")
        READ_ONLY = "read_only", _("read-only")
        FACILITATOR = "facilitator", _("facilitator")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)

    objects = InForce()
    with_ended = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(role="facilitator", project=None)
                & (
                    models.Q(role="facilitator", expires_at__isnull=False)
                    | (~models.Q(role="facilitator") & models.Q(expires_at=None))
                ),
                name="membership_only_facilitators_expire",
            ),
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=models.Q(project=None),
                name="membership_once_organisation",
            ),
            models.UniqueConstraint(fields=["person", "project"], name="membership_once_project"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}, {self.project or self.organisation}"


class ApiToken(models.Model):
    """A secret that acts for a person. Only its SHA-256 is kept; the secret itself is shown once."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Of a service account's token: the human who made it and saw its secret.
    issued_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Notice(models.Model):
    """Something a person should know. Kept as a message id and its values, shown in the reader's language."""

    audit_changes = False  # sent by actions, nothing that anybody decides
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    at = models.DateTimeField()
    message = models.CharField(max_length=300)
    values = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["person", "read_at"], name="notice_unread")]

    def __str__(self) -> str:
        return gettext(self.message) % {key: _in_words(value) for key, value in self.values.items()}


def _in_words(value: object) -> object:
    """A notice's value for the reader: ``{"en", "zh"}`` is a bilingual name, ``{"msgid"}`` a word to translate."""
    if isinstance(value, dict) and "msgid" in value:
        return gettext(value["msgid"])
    if isinstance(value, dict) and {"en", "zh"} <= value.keys():
        return in_reader_language(value["en"], value["zh"])
    return value


class PendingSignUp(models.Model):
    """Somebody who asked for an account through the API and has yet to send back the code mailed to them.

    Named by ``uid``, which only who asked knows: a stranger who asks for an account with the same address
    cannot make its owner confirm the stranger's password.
    """

    audit_changes = False  # nobody's account yet
    uid = models.CharField(max_length=24, unique=True, default=sign_up_uid, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=150)
    language = models.CharField(max_length=10, blank=True)
    password = models.CharField(max_length=128)  # hashed, as Person.password
    code_digest = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.email


# The rest of this room's tables: files of their own, which build on the ones above.
from aisc.people.models_directory import Listing  # noqa: E402
from aisc.people.models_joining import Handover, Invitation, JoinRequest, ServiceAccount  # noqa: E402
from aisc.people.models_sign_in import (  # noqa: E402
    EmailDomain,
    IamSmartRequest,
    Institution,
    JoinedByItself,
    JoinPolicy,
)
from aisc.people.models_texts import ApprovedText, TextAcceptance, TextWording  # noqa: E402

__all__ = [
    "ApiToken",
    "ApprovedText",
    "Bilingual",
    "CentreRole",
    "EmailDomain",
    "FormerName",
    "Handover",
    "IamSmartRequest",
    "Institution",
    "Invitation",
    "JoinPolicy",
    "JoinRequest",
    "JoinedByItself",
    "Listing",
    "Membership",
    "Notice",
    "Organisation",
    "PendingSignUp",
    "Person",
    "Project",
    "ServiceAccount",
    "TextAcceptance",
    "TextWording",
]
