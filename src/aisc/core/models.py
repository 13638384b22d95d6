"""Tables of the core: what happened (audit) and what was answered (idempotency)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


class AppendOnly(models.QuerySet):
    """Rows that are written once: the ORM refuses to change or delete them, and so does the database."""

    def update(self, **_values: Any) -> int:
        raise RuntimeError("the audit log is never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise RuntimeError("the audit log is never changed")


class AuditEvent(models.Model):
    """One action that was carried out: who, what, on what, when, from where. Never changed or deleted.

    ``seq`` numbers the rows without gaps and ``hash`` chains each to the one before (``core.audit.chain``).
    ``details`` is what the action noted, ``changes`` what became of the rows it wrote, before and after;
    ``subjects`` all that the row is about, as ``model:key``, indexed by :class:`AuditSubject`.
    """

    seq = models.BigIntegerField()
    at = models.DateTimeField(db_index=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    changes = models.JSONField(default=list)
    subjects = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    via = models.CharField(max_length=100, blank=True)  # session, token or command that the actor came by
    hash = models.CharField(max_length=64)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ["-seq"]
        constraints = [models.UniqueConstraint(fields=["seq"], name="audit_seq_once")]
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
            models.Index(fields=["action", "seq"], name="audit_action"),
            models.Index(fields=["person", "seq"], name="audit_person"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.object_label}"

    def save(self, *_args: Any, **_options: Any) -> None:
        raise RuntimeError("audit rows are written by actions alone")

    def delete(self, *_args: Any, **_options: Any) -> tuple[int, dict[str, int]]:
        raise RuntimeError("the audit log is never changed")


class AuditSubject(models.Model):
    """The index of histories: audit row ``seq`` is about this object, or about something that belongs to it."""

    event = models.ForeignKey(
        AuditEvent,
        to_field="seq",
        db_column="seq",
        db_index=False,
        db_constraint=False,
        on_delete=models.DO_NOTHING,
        related_name="subjects_index",
    )
    object_type = models.CharField(max_length=80)
    object_pk = models.BigIntegerField()

    objects = AppendOnly.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_pk", "event"], name="audit_subject"),
            models.Index(fields=["event"], name="audit_subject_seq"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}: {self.object_type} {self.object_pk}"


class AuditHead(models.Model):
    """The end of the chain: one row, locked by whoever adds to it."""

    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"


class AuditRefusal(models.Model):
    """An action that somebody signed in was not allowed, or a payment that could not be made. It changed nothing,
    so it is not part of the chain."""

    at = models.DateTimeField(db_index=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=80)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    via = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["person", "at"], name="audit_refusal_person")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action}: {self.code}"


class SearchEntry(models.Model):
    """One thing that can be found: its words, its numbers and who may see it, in ``tokens`` (``core.search``).

    Rows are in the order in which things came to be, so that the newest are found first.
    """

    kind = models.CharField(max_length=24)
    object_pk = models.BigIntegerField()
    tokens = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_pk"], name="search_entry_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_pk}"


class SearchState(models.Model):
    """Which version of the words the search index was built with; one row, none before it is built."""

    version = models.PositiveIntegerField()

    def __str__(self) -> str:
        return str(self.version)


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
