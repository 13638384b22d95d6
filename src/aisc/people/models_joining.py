"""How people come to an organisation and go: invitations, requests, service accounts, work handed over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aisc.core import clock
from aisc.core.ids import new_uid
from aisc.people.models import Membership, Organisation, Person, Project
from aisc.people.states import INVITATION, JOIN_REQUEST


def invitation_uid() -> str:
    return new_uid("inv")


def join_request_uid() -> str:
    return new_uid("jnr")


class Invitation(models.Model):
    """A role offered to whoever owns an e-mail address, with an account or without one.

    The link is no key: only a person signed in with that address, confirmed, can accept. A ``transfer`` offers
    the ownership of an organisation; on acceptance whoever offered it becomes ``role_after``.
    """

    uid = models.CharField(max_length=24, unique=True, default=invitation_uid, editable=False)
    email = models.EmailField(_("e-mail address"))
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="invitations")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(max_length=20, choices=Membership.Role.choices)
    transfer = models.BooleanField(default=False)
    role_after = models.CharField(max_length=20, choices=Membership.Role.choices, blank=True)
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=10, choices=INVITATION.choices, default="open")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    times_sent = models.PositiveSmallIntegerField(default=1)
    closed_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["email"], condition=Q(state="open"), name="invitation_open_by_email")]
        constraints = [
            models.UniqueConstraint(
                fields=["email", "organisation", "transfer"],
                condition=Q(state="open", project=None),
                name="invitation_once_organisation",
            ),
            models.UniqueConstraint(
                fields=["email", "project"], condition=Q(state="open"), name="invitation_once_project"
            ),
            models.CheckConstraint(
                condition=Q(transfer=False, role_after="")
                | (Q(transfer=True, role="owner", project=None) & ~Q(role_after="")),
                name="invitation_transfer_is_of_an_organisation",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", accepted_by__isnull=False) | (~Q(state="accepted") & Q(accepted_by=None)),
                name="invitation_accepted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_display()}, {self.place}"

    def get_absolute_url(self) -> str:
        return reverse("people:invitation", args=[self.uid])

    @property
    def place(self) -> Organisation | Project:
        return self.project or self.organisation

    @property
    def is_over(self) -> bool:
        """Whether its time is over, written down or not."""
        return self.expires_at <= clock.now()


class JoinRequest(models.Model):
    """Somebody who asks to belong to an organisation; its owners and managers answer."""

    uid = models.CharField(max_length=24, unique=True, default=join_request_uid, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="join_requests")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="join_requests")
    message = models.CharField(_("message"), max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=JOIN_REQUEST.choices, default="open")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"], condition=Q(state="open"), name="join_request_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} → {self.organisation}"


class ServiceAccount(models.Model):
    """A program's account in an organisation (``project`` empty) or one project, and the person who answers for it.

    Its role is a membership of ``person``, who is no human: no address, no password, no page, tokens alone.
    """

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="service_account")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="service_accounts")
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.PROTECT, related_name="service_accounts"
    )
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="owned_service_accounts")
    purpose = models.CharField(_("what it is for"), max_length=300, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def place(self) -> Organisation | Project:
        return self.project or self.organisation


class Handover(models.Model):
    """Who took over somebody's work when they left an organisation (``project`` empty) or one project.

    Who did what stays as it was; whoever has to be told or asked from then on is the successor.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="handovers")
    successor = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.person} → {self.successor}"
