"""The audit log becomes a chain: rows that are there are numbered, said what they are about, and hashed."""

import itertools

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from aisc.core.audit.chain import moment, plain, row_hash

BATCH = 2_000
PLACES = ("organisation", "project", "application", "budget", "statement", "person", "call", "cluster")


def chain(apps, schema_editor):
    AuditEvent = apps.get_model("core", "AuditEvent")
    AuditSubject = apps.get_model("core", "AuditSubject")
    AuditHead = apps.get_model("core", "AuditHead")
    subjects_of = Subjects(apps)
    seq, previous = 0, ""
    rows = AuditEvent.objects.order_by("id").iterator(chunk_size=BATCH)
    while group := list(itertools.islice(rows, BATCH)):
        index = []
        for row in group:
            seq += 1
            about = subjects_of(row.object_type, row.object_id)
            row.seq, row.subjects = seq, [f"{label}:{key}" for label, key in about]
            index += [AuditSubject(event_id=seq, object_type=label, object_pk=key) for label, key in about]
            row.hash = previous = row_hash(
                previous,
                [
                    seq,
                    moment(row.at),
                    row.person_id,
                    row.actor,
                    row.action,
                    row.object_type,
                    row.object_id,
                    row.object_label,
                    plain(row.details),
                    row.changes,
                    row.subjects,
                    row.reason,
                    row.address,
                    row.request_id,
                    row.via,
                ],
            )
            row.details = plain(row.details)
        AuditEvent.objects.bulk_update(group, ["seq", "subjects", "details", "hash"], batch_size=200)
        AuditSubject.objects.bulk_create(index)
    AuditHead.objects.create(pk=1, seq=seq, hash=previous)


class Subjects:
    """What a row that names its object by uid is about: the object, and what it belongs to."""

    def __init__(self, apps):
        self.apps = apps
        self.known = {}

    def __call__(self, object_type, object_id):
        if (object_type, object_id) not in self.known:
            self.known[object_type, object_id] = self._look(object_type, object_id)
        return self.known[object_type, object_id]

    def _look(self, object_type, object_id):
        try:
            model = self.apps.get_model(object_type)
        except (LookupError, ValueError):
            return []
        name = "uid" if any(field.name == "uid" for field in model._meta.fields) else "pk"
        if name == "pk" and not object_id.isdigit():
            return []
        found = {}
        ahead = list(model.objects.filter(**{name: object_id})[:1])
        while ahead:
            row = ahead.pop()
            if not isinstance(row.pk, int) or (row._meta.label_lower, row.pk) in found:
                continue
            found[row._meta.label_lower, row.pk] = None
            for field in row._meta.fields:
                if field.is_relation and field.name in PLACES and (other := getattr(row, field.name)) is not None:
                    ahead.append(other)
        return list(found)


def unchain(apps, schema_editor):
    """Nothing to do: the columns go."""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_initial"),
        ("people", "0001_initial"),
        ("centre", "0001_initial"),
        ("ledger", "0001_initial"),
        ("jobs", "0001_initial"),
        ("scheme", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.BigIntegerField()),
                ("hash", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True)),
                ("actor", models.CharField(max_length=200)),
                ("action", models.CharField(max_length=80)),
                ("object_type", models.CharField(blank=True, max_length=80)),
                ("object_id", models.CharField(blank=True, max_length=64)),
                ("object_label", models.CharField(blank=True, max_length=200)),
                ("code", models.CharField(max_length=80)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("via", models.CharField(blank=True, max_length=100)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["person", "at"], name="audit_refusal_person")],
            },
        ),
        migrations.AddField("auditevent", "seq", models.BigIntegerField(null=True)),
        migrations.AddField("auditevent", "changes", models.JSONField(default=list)),
        migrations.AddField("auditevent", "subjects", models.JSONField(default=list)),
        migrations.AddField("auditevent", "via", models.CharField(blank=True, max_length=100)),
        migrations.AddField(
            "auditevent", "hash", models.CharField(default="", max_length=64), preserve_default=False
        ),
        migrations.AddConstraint(
            "auditevent", models.UniqueConstraint(fields=["seq"], name="audit_seq_once")
        ),
        migrations.CreateModel(
            name="AuditSubject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("object_type", models.CharField(max_length=80)),
                ("object_pk", models.BigIntegerField()),
                (
                    "event",
                    models.ForeignKey(
                        db_column="seq",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="subjects_index",
                        to="core.auditevent",
                        to_field="seq",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["object_type", "object_pk", "event"], name="audit_subject"),
                    models.Index(fields=["event"], name="audit_subject_seq"),
                ],
            },
        ),
        migrations.RunPython(chain, unchain),
    ]
