import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import aisc.people.models_directory
import aisc.people.models_joining


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormerName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_en", models.CharField(blank=True, max_length=200)),
                ("name_zh", models.CharField(blank=True, max_length=200)),
                ("registry_number", models.CharField(blank=True, db_index=True, max_length=50)),
                ("uid", models.CharField(blank=True, max_length=24)),
                ("until", models.DateTimeField()),
            ],
            options={
                "ordering": ["-until", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "uid",
                    models.CharField(
                        default=aisc.people.models_joining.invitation_uid, editable=False, max_length=24, unique=True
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "owner"),
                            ("manager", "manager"),
                            ("member", "member"),
                            ("finance", "finance"),
                            ("read_only", "read-only"),
                            ("facilitator", "facilitator"),
                        ],
                        max_length=20,
                    ),
                ),
                ("transfer", models.BooleanField(default=False)),
                (
                    "role_after",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("owner", "owner"),
                            ("manager", "manager"),
                            ("member", "member"),
                            ("finance", "finance"),
                            ("read_only", "read-only"),
                            ("facilitator", "facilitator"),
                        ],
                        max_length=20,
                    ),
                ),
                ("language", models.CharField(blank=True, max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "waiting for an answer"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("revoked", "taken back"),
                            ("expired", "expired"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("times_sent", models.PositiveSmallIntegerField(default=1)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="JoinRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "uid",
                    models.CharField(
                        default=aisc.people.models_joining.join_request_uid, editable=False, max_length=24, unique=True
                    ),
                ),
                ("message", models.CharField(blank=True, max_length=500, verbose_name="message")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "waiting for an answer"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_en", models.CharField(blank=True, max_length=200, verbose_name="name in English")),
                ("name_zh", models.CharField(blank=True, max_length=200, verbose_name="name in Chinese")),
                (
                    "uid",
                    models.CharField(
                        default=aisc.people.models_directory.listing_uid, editable=False, max_length=24, unique=True
                    ),
                ),
                ("summary_en", models.TextField(blank=True, verbose_name="summary in English")),
                ("summary_zh", models.TextField(blank=True, verbose_name="summary in Chinese")),
                ("link", models.URLField(blank=True, max_length=300, verbose_name="link")),
                ("picture", models.BinaryField(editable=True, null=True)),
                (
                    "picture_en",
                    models.CharField(blank=True, max_length=200, verbose_name="what the picture shows, in English"),
                ),
                (
                    "picture_zh",
                    models.CharField(blank=True, max_length=200, verbose_name="what the picture shows, in Chinese"),
                ),
                ("agreed_at", models.DateTimeField()),
                ("text_version", models.CharField(max_length=20)),
                ("text_language", models.CharField(max_length=10)),
                ("changed_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ServiceAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(blank=True, max_length=300, verbose_name="what it is for")),
                ("created_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="apitoken",
            name="issued_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="granted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="reason",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="organisation",
            name="merged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="organisation",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_from",
                to="people.organisation",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="is_service",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="person",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_from",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "owner"),
                    ("manager", "manager"),
                    ("member", "member"),
                    ("finance", "finance"),
                    ("read_only", "read-only"),
                    ("facilitator", "facilitator"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("project", None), ("role", "facilitator"), _negated=True),
                    models.Q(
                        models.Q(("expires_at__isnull", False), ("role", "facilitator")),
                        models.Q(models.Q(("role", "facilitator"), _negated=True), ("expires_at", None)),
                        _connector="OR",
                    ),
                ),
                name="membership_only_facilitators_expire",
            ),
        ),
        migrations.AddField(
            model_name="formername",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="former_names", to="people.organisation"
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.organisation"
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="handovers", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.project",
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="successor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="accepted_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="people.organisation"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="invitations",
                to="people.project",
            ),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="answered_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="join_requests", to="people.organisation"
            ),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="join_requests", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="listing",
            name="agreed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="listing",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="listings", to="people.organisation"
            ),
        ),
        migrations.AddField(
            model_name="listing",
            name="person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="listings",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="listing",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="listings",
                to="people.project",
            ),
        ),
        migrations.AddField(
            model_name="listing",
            name="withdrawn_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="serviceaccount",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="service_accounts", to="people.organisation"
            ),
        ),
        migrations.AddField(
            model_name="serviceaccount",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="owned_service_accounts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="serviceaccount",
            name="person",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="service_account", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="serviceaccount",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="service_accounts",
                to="people.project",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["email"], name="invitation_open_by_email"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("project", None), ("state", "open")),
                fields=("email", "organisation", "transfer"),
                name="invitation_once_organisation",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("email", "project"), name="invitation_once_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("role_after", ""), ("transfer", False)),
                    models.Q(
                        ("project", None),
                        ("role", "owner"),
                        ("transfer", True),
                        models.Q(("role_after", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="invitation_transfer_is_of_an_organisation",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_by__isnull", False), ("state", "accepted")),
                    models.Q(models.Q(("state", "accepted"), _negated=True), ("accepted_by", None)),
                    _connector="OR",
                ),
                name="invitation_accepted_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("person", "organisation"), name="join_request_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("person", None), ("project", None), ("withdrawn_at", None)),
                fields=("organisation",),
                name="listing_once_organisation",
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)), fields=("project",), name="listing_once_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)),
                fields=("organisation", "person"),
                name="listing_once_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.CheckConstraint(
                condition=models.Q(("project", None), ("person", None), _connector="OR"), name="listing_of_one_thing"
            ),
        ),
    ]
