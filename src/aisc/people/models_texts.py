"""Approved texts: legal wording in versions, and who accepted which."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aisc.core.language import tag
from aisc.people.models import Person
from aisc.people.states_texts import TEXT


class ApprovedText(models.Model):
    """A version of a text that people agree to, such as the terms of use; ``code`` says which text it is.

    Each language is a :class:`TextWording` of its own, approved by itself: nothing here is translated by a machine.
    ``effective_on``: the day from which it is in force, once published.
    """

    class Code(models.TextChoices):
        TERMS = "terms", _("Terms of use")
        PRIVACY = "privacy", _("Privacy notice")
        AWARD_CONDITIONS = "award-conditions", _("Conditions of awards")
        DECLARATION = "declaration-of-truth", _("Declaration of applicants")
        DIRECTORY_CONSENT = "directory-consent", _("Consent to be shown in the directory")

    code = models.CharField(max_length=40, choices=Code.choices)
    version = models.PositiveIntegerField()
    effective_on = models.DateField()
    illustrative = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=TEXT.choices, default="draft")
    drafted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    published_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="approved_text_version_once"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "discarded"]) | Q(published_at__isnull=False),
                name="approved_text_published_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"

    def get_absolute_url(self) -> str:
        """The permanent address of this version."""
        return reverse("people:text_version", args=[self.code, self.version])

    @property
    def label(self) -> str:
        return str(self.Code(self.code).label)


class TextWording(models.Model):
    """A version of a text in one language. ``written_by`` and ``approved_by`` are two persons.

    ``digest`` is the SHA-256, in hex, of :meth:`plain`, which anybody can download and compute again.
    """

    text = models.ForeignKey(ApprovedText, on_delete=models.PROTECT, related_name="wordings")
    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    title = models.CharField(max_length=200)
    body = models.TextField()
    digest = models.CharField(max_length=64)
    written_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    approved_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["text", "language"], name="text_wording_once")]

    def __str__(self) -> str:
        return f"{self.text} ({self.language})"

    def get_absolute_url(self) -> str:
        """The permanent address of this wording."""
        return reverse("people:text_wording", args=[self.text.code, self.text.version, self.language])

    def plain(self) -> str:
        """The wording as a file: which text, version and language it is, its title, its body."""
        return f"{self.text.code}, version {self.text.version}, {tag(self.language)}\n\n{self.title}\n\n{self.body}\n"

    def computed_digest(self) -> str:
        return hashlib.sha256(self.plain().encode()).hexdigest()

    def blocks(self) -> list[dict[str, Any]]:
        """The body for a page: paragraphs, and lines that begin with “- ” as lists."""
        found = []
        for part in self.body.split("\n\n"):
            lines = [line.strip() for line in part.split("\n") if line.strip()]
            items = [line[2:] for line in lines if line.startswith("- ")]
            if items and len(items) == len(lines):
                found.append({"items": items})
            elif lines:
                found.append({"heading": lines[0][3:]} if lines[0].startswith("## ") else {"lines": lines})
        return found


class TextAcceptance(models.Model):
    """Somebody accepted a wording: which one, when, and on what occasion. Written once, never changed.

    ``about`` names the occasion's object: an application's or award's number, a sign-up's uid. ``person`` is
    empty only until the sign-up is confirmed. ``digest`` repeats the wording's, so that the receipt stands alone.
    """

    class Occasion(models.TextChoices):
        SIGN_UP = "sign-up", _("signing up")
        APPLICATION = "application", _("submitting an application")
        AWARD = "award", _("accepting an award")
        DIRECTORY = "directory", _("being shown in the directory")

    wording = models.ForeignKey(TextWording, on_delete=models.PROTECT, related_name="acceptances")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="accepted_texts")
    at = models.DateTimeField()
    occasion = models.CharField(max_length=20, choices=Occasion.choices)
    about = models.CharField(max_length=40, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["occasion", "about"], name="text_acceptance_about")]

    def __str__(self) -> str:
        return f"{self.person}: {self.wording}"
