"""What the public directory shows, and who agreed to that, when and to which text."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aisc.core.ids import new_uid
from aisc.people.models import Bilingual, Organisation, Person, Project, in_reader_language


def listing_uid() -> str:
    return new_uid("dir")


class Listing(Bilingual):
    """An organisation, one of its projects, or one of its people, shown to everybody because somebody agreed.

    ``name`` is a project's public title, or what a person does there; an organisation has its own name. A row is
    one consent: changing what is shown keeps it, or agrees to the version in force by then; withdrawing ends it for
    good, and agreeing again makes a new one.
    """

    uid = models.CharField(max_length=24, unique=True, default=listing_uid, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="listings")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="listings")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="listings")
    summary_en = models.TextField(_("summary in English"), blank=True)
    summary_zh = models.TextField(_("summary in Chinese"), blank=True)
    link = models.URLField(_("link"), max_length=300, blank=True)
    picture = models.BinaryField(null=True, editable=True)  # a small JPEG made here, never the file as it came
    picture_en = models.CharField(_("what the picture shows, in English"), max_length=200, blank=True)
    picture_zh = models.CharField(_("what the picture shows, in Chinese"), max_length=200, blank=True)
    agreed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField()
    # Which text was agreed to, in which version, the language it was read in, and the SHA-256 of that wording.
    text_code = models.CharField(max_length=40, blank=True)
    text_version = models.CharField(max_length=20)
    text_language = models.CharField(max_length=10)
    text_sha256 = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(project=None, person=None, withdrawn_at=None),
                name="listing_once_organisation",
            ),
            models.UniqueConstraint(fields=["project"], condition=Q(withdrawn_at=None), name="listing_once_project"),
            models.UniqueConstraint(
                fields=["organisation", "person"], condition=Q(withdrawn_at=None), name="listing_once_person"
            ),
            models.CheckConstraint(condition=Q(project=None) | Q(person=None), name="listing_of_one_thing"),
        ]

    @property
    def summary(self) -> str:
        return in_reader_language(self.summary_en, self.summary_zh)

    @property
    def picture_text(self) -> str:
        return in_reader_language(self.picture_en, self.picture_zh)
