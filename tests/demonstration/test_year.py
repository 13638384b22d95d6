"""The demonstration's year with a few of its jobs: every state is there, the money is right, it is always the same."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Q, Sum

from aisc.core import clock
from aisc.core.models import AuditEvent
from aisc.jobs import registry
from aisc.jobs.models import Job, Run
from aisc.ledger.models import Budget, Entry, Hold, PriceList, Seal, Statement, UsageRecord
from aisc.ledger.prove import prove
from aisc.people.models import Notice, Organisation, Person, Project
from aisc.portal import demonstration, queries
from aisc.portal.demonstration.operations import CREDIT
from aisc.portal.demonstration.signing_in import acting_as
from aisc.scheme.models import Application, Decision, Review
from aisc.scheme.states import APPLICATION

MORNING = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)  # half past nine in Hong Kong
SCALE = 3
ROOMS = ("people", "centre", "ledger", "jobs", "scheme")
# Drawn by chance that cannot be foreseen, or hashed over what is; an id; the computer's own time.
SECRET = {
    "code",
    "digest",
    "prefix",
    "password",
    "hash",
    "previous_hash",
    "head_hash",
    "content",
    "last_login",
    "last_entry",
    "audit_hash",
}

pytestmark = [pytest.mark.django_db, pytest.mark.long]


@pytest.fixture(scope="module")
def year(django_db_setup, django_db_blocker) -> Iterator[dict[str, str]]:
    """The year, kept for all tests of this file and then taken back; the digest of one made before."""
    from django.conf import settings

    registry._engines.pop("simulated", None)
    with django_db_blocker.unblock(), clock.fixed(MORNING):
        mail = set(settings.STATE.mail.glob("*"))
        with transaction.atomic():
            assert demonstration.make_year(scale=SCALE) is demonstration.Year.MADE
            first = digest()
            transaction.set_rollback(True)
        registry._engines.pop("simulated", None)
        with transaction.atomic():
            told: list[int] = []
            assert demonstration.make_year(told.append, scale=SCALE) is demonstration.Year.MADE
            assert told == sorted(set(told))
            assert 0 <= told[0] < told[-1] <= 100
            assert set(settings.STATE.mail.glob("*")) == mail, "mails of the past are not sent"
            yield first
            transaction.set_rollback(True)
    registry._engines.pop("simulated", None)
    settings.STATE.demonstration.unlink(missing_ok=True)


def digest() -> dict[str, str]:
    """Of each table of the rooms, a hash over all rows but their secrets and ids, which go on rising."""
    found = {}
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            names = [
                field.attname
                for field in model._meta.concrete_fields
                if field.name not in SECRET and not field.is_relation and not field.primary_key
            ]
            rows = model.objects.order_by("pk").values_list(*names)
            found[model.__name__] = hashlib.sha256(json.dumps([[*map(str, row)] for row in rows]).encode()).hexdigest()
    return found


def test_the_same_day_makes_the_same_year(year):
    assert digest() == year


def test_it_is_made_once(year):
    before = AuditEvent.objects.count()
    assert demonstration.make_year() is demonstration.Year.THERE
    assert [each["role"] for each in demonstration.make()] == [each.role for each in demonstration.PEOPLE]
    assert AuditEvent.objects.count() == before


def test_applications_are_in_every_state(year):
    assert set(Application.objects.values_list("state", flat=True)) == set(APPLICATION.labels)
    assert Review.objects.exclude(conflict="").exists()
    exceptional = Decision.objects.filter(scheme_bps__gt=7000)
    assert exceptional.exists()
    assert not exceptional.filter(exceptional_reason="").exists()
    assert Application.objects.filter(returned_at__isnull=False, state="accepted").exists()


def test_runs_ended_in_many_ways_and_some_are_under_way(year):
    states = Counter(Run.objects.values_list("state", flat=True))
    assert states.keys() >= {"completed", "failed", "cancelled", "timeout", "out_of_memory", "node_failed", "running"}
    assert Job.objects.filter(array_size__gt=1).exists()
    assert Job.objects.filter(after__isnull=False).exists()
    used = set(Job.objects.values_list("accelerator__code", flat=True))
    assert used == {"cpu", "h800", "a800", "l40s", "ascend-910b"}


def test_the_proof_holds(year):
    report = prove()
    assert report.holds, report.findings


def test_no_budget_is_overspent_and_all_kinds_are_there(year):
    assert not Budget.objects.filter(Q(released__lt=F("charged") + F("held")) | Q(ceiling__lt=F("released"))).exists()
    assert set(Budget.objects.values_list("state", flat=True)) == {"active", "suspended", "closed"}
    assert set(Budget.objects.values_list("source", flat=True)) == {"award", "own"}
    assert Budget.objects.filter(charged=0, state="active", released__gt=0).exists()
    assert Budget.objects.filter(released=0, source="own").exists()
    assert Hold.objects.filter(state="open").exists()


def test_statements_add_up_to_what_was_charged(year):
    for budget in Budget.objects.exclude(statements=None):
        billed = budget.statements.aggregate(last=models.Max("last_seq"))["last"]
        charged = budget.entries.filter(seq__lte=billed, kind__in=("charge", "reversal"))
        for payer in ("scheme", "applicant"):
            total = budget.statements.filter(payer=payer).aggregate(total=Sum("payer_total", default=0))["total"]
            assert total == charged.aggregate(total=Sum(f"{payer}_share", default=0))["total"]
    assert Statement.objects.dates("period_end", "month").count() >= 9


def test_the_spring_s_outage_was_credited_back_with_a_reason_in_both_languages(year):
    reversals = Entry.objects.filter(kind="reversal")
    assert reversals.filter(reason__startswith="Outage: sim-").exists()
    assert reversals.filter(reason__startswith=CREDIT[:16]).exists()
    for entry in reversals.filter(reason__startswith=CREDIT[:16]):
        assert "停電" in entry.reason


def test_time_only_goes_forward(year):
    for model, field in ((AuditEvent, "at"), (Entry, "at_ms"), (Seal, "sealed_at"), (Notice, "at")):
        moments = list(model.objects.order_by("pk").values_list(field, flat=True))
        assert moments == sorted(moments), model


def test_prices_changed_in_the_middle_of_the_year(year):
    assert PriceList.objects.count() == 2
    assert Budget.objects.values("price_list").distinct().count() == 2
    assert UsageRecord.objects.filter(budget=None).exists()


def test_everything_has_a_name_in_both_languages(year):
    for model in (Organisation, Project, Application):
        assert not model.objects.filter(Q(name_en="") | Q(name_zh="")).exists()
    assert Organisation.objects.count() == 26
    assert Project.objects.count() >= 34


@pytest.mark.parametrize("key", ["applicant", "secretariat", "assessor", "committee", "finance"])
def test_something_waits_for_those_who_sign_in(year, key):
    person = Person.objects.get(email=f"{key}@example.org")
    assert queries.home(acting_as({key: person})[key]).todo


def test_a_centre_that_has_begun_gets_no_past(year, monkeypatch):
    monkeypatch.setattr(demonstration.year, "made", lambda: False)
    assert demonstration.make_year() is demonstration.Year.TOO_LATE
