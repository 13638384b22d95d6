"""Tables of the core: what happened (audit) and what was answered (idempotency)."""

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """One action that was carried out: who, what, on what, when, from where. Never changed or deleted."""

    at = models.DateTimeField(db_index=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=80, db_index=True)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_object")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.object_label}"


class IdempotentAnswer(models.Model):
    """The answer once given to an API write with an ``Idempotency-Key``, given again when it is repeated."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="idempotent_person_key")]

    def __str__(self) -> str:
        return f"{self.key} → {self.status}"


class WorkerBeat(models.Model):
    """When each background task last ran, and how it went; what ``/readyz`` and ``aisc check`` read."""

    task = models.CharField(max_length=80, primary_key=True)
    ran_at = models.DateTimeField()
    ok = models.BooleanField()
    detail = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.task}: {'ok' if self.ok else self.detail}"
