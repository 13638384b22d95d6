"""The audit log's chain: what is written, and that no tampering goes unseen."""

import dataclasses
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from aisc.core import access, actions
from aisc.core.actions import Actor, action, came_by, note, system, together
from aisc.core.audit import guard
from aisc.core.audit.chain import canonical, plain, row_hash
from aisc.core.audit.prove import prove, register_anchors
from aisc.core.audit.refusals import MOST_IN_AN_HOUR
from aisc.core.errors import BadInput, InsufficientBudget, NotFound
from aisc.core.models import AuditEvent, AuditHead, AuditRefusal, AuditSubject
from aisc.people.models import Organisation

WORKER = system("test")


@pytest.fixture
def declare():
    """``declare(name)(function)``: an action that everybody signed in may do, for one test."""
    declared = []

    def make(name, allows=lambda actor, target: actor.person is not None, **options):
        access._table[name] = access.Rule("people", allows, hide=options.pop("hide", False))
        declared.append(name)
        return action(name, **options)

    yield make
    for name in declared:
        del access._table[name], actions._registry[name]


@pytest.fixture
def touch(declare):
    @declare("test.touch", on="row")
    def touch(actor, *, row, name="new"):
        row.name_en = name
        row.save(update_fields=["name_en"])
        return row

    return touch


@pytest.fixture
def log(touch, make_organisation):
    """Five rows about one organisation."""
    organisation = make_organisation()
    for number in range(5):
        touch(WORKER, row=organisation, name=f"Name {number}")
    return organisation


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found():
    return [(finding.kind, finding.seq) for finding in prove().findings]


def test_rows_are_numbered_and_chained(log):
    rows = list(AuditEvent.objects.order_by("seq"))
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    values = [
        *(5, "2026-06-15T04:00:00.000000Z", None, "test", "test.touch"),
        *("people.organisation", log.uid, "Name 4"),
        *(rows[4].details, rows[4].changes, rows[4].subjects, "", "", "", ""),
    ]
    values[1] = rows[4].at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert rows[4].hash == row_hash(rows[3].hash, values)
    assert AuditHead.objects.values_list("seq", "hash").get() == (5, rows[4].hash)
    report = prove()
    assert report.holds
    assert (report.rows, report.head) == (5, rows[4].hash)
    assert report.lines()[-1] == f"The chain holds; its head is {rows[4].hash}."
    assert report.as_dict()["ok"] is True


def test_an_empty_log_holds(db):
    assert prove().holds
    assert "–" in prove().lines()[-1]


@pytest.mark.parametrize(
    "column",
    ["at", "actor", "action", "object_id", "object_label", "details", "changes", "reason", "address", "via", "hash"],
)
def test_an_altered_row_is_found_and_named(log, column):
    value = {"at": "2001-01-01 00:00:00+00:00", "details": '{"x": 1}', "changes": "[]"}.get(column, "x")
    if connection.vendor == "sqlite" and column == "at":
        value = "2001-01-01 00:00:00"
    sql(f"UPDATE core_auditevent SET {column} = %s WHERE seq = 3", value)
    # An altered hash no longer fits the row itself, and the next one was made from the true one.
    assert found() == ([("altered", 3), ("altered", 4)] if column == "hash" else [("altered", 3)])


def test_an_altered_row_with_its_hash_made_to_fit_is_found_by_the_next(log):
    rows = list(AuditEvent.objects.order_by("seq"))
    third = rows[2]
    at = third.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    values = [3, at, None, "somebody", *(getattr(third, name) for name in ("action", "object_type", "object_id"))]
    values += [third.object_label, third.details, third.changes, third.subjects, "", "", "", ""]
    sql("UPDATE core_auditevent SET actor = 'somebody', hash = %s WHERE seq = 3", row_hash(rows[1].hash, values))
    assert found() == [("altered", 4)]


def test_a_removed_row_is_found(log):
    sql("DELETE FROM core_auditevent WHERE seq = 3")
    assert ("removed", 4) in found()


def test_removed_last_rows_are_found(log):
    sql("DELETE FROM core_auditevent WHERE seq > 3")
    assert ("head", 3) in found()


def test_an_inserted_row_is_found(log):
    columns = (
        "at, actor, action, object_type, object_id, object_label, details, changes, subjects, reason, address, "
        "request_id, via, hash"
    )
    sql(f"INSERT INTO core_auditevent (seq, {columns}) SELECT 6, {columns} FROM core_auditevent WHERE seq = 5")
    kinds = found()
    assert ("altered", 6) in kinds
    assert ("head", 6) in kinds


def test_a_row_put_in_the_place_of_another_is_found(log):
    sql("UPDATE core_auditevent SET seq = 99 WHERE seq = 2")
    columns = (
        "at, actor, action, object_type, object_id, object_label, details, changes, subjects, reason, address, "
        "request_id, via, hash"
    )
    sql(f"INSERT INTO core_auditevent (seq, {columns}) SELECT 2, {columns} FROM core_auditevent WHERE seq = 99")
    sql("DELETE FROM core_auditevent WHERE seq = 99")
    # Every value is as it was, but the database numbers what it is given: the row came later than those after it.
    assert found() == [("order", 3), ("order", 4), ("order", 5)]


def test_two_rows_that_changed_places_are_found(log):
    for source, target in ((2, 99), (3, 2), (99, 3)):
        sql("UPDATE core_auditevent SET seq = %s WHERE seq = %s", target, source)
    assert {("altered", 2), ("altered", 3), ("order", 3)} <= set(found())


def test_an_index_of_histories_that_hides_a_row_is_found(log):
    sql("DELETE FROM core_auditsubject WHERE seq = 2")
    sql("INSERT INTO core_auditsubject (seq, object_type, object_pk) VALUES (3, 'people.project', 1)")
    sql("INSERT INTO core_auditsubject (seq, object_type, object_pk) VALUES (77, 'people.project', 1)")
    sql("INSERT INTO core_auditsubject (seq, object_type, object_pk) VALUES (0, 'people.project', 1)")
    assert found() == [("subject", 2), ("subject", 3), ("subject", 0), ("subject", 77)]


def test_a_head_that_was_taken_away_is_told_and_the_log_goes_on(log, touch):
    sql("DELETE FROM core_audithead")
    assert found() == [("head", 5)]
    touch(WORKER, row=log)
    assert prove().holds
    assert AuditEvent.objects.count() == 6


def test_somebody_elses_note_of_the_chain_must_agree(log, monkeypatch):
    monkeypatch.setattr("aisc.core.audit.prove._anchors", [])
    right = AuditEvent.objects.get(seq=4).hash

    def anchors():
        return [(2, "x"), (4, right), (9, "y")]

    register_anchors(anchors)
    register_anchors(anchors)
    assert found() == [("anchor", 2), ("anchor", 9)]


def test_the_report_counts_all_and_keeps_some(log):
    sql("UPDATE core_auditevent SET actor = 'x'")
    report = prove(limit=2)
    assert (len(report.findings), report.total_findings) == (2, 5)
    assert report.lines()[1].startswith("Row 1: the row is not what was written")
    assert report.lines()[-1] == "5 differences in the audit log."
    assert [each["seq"] for each in report.as_dict()["findings"]] == [1, 2]


def test_the_rows_of_nested_actions_come_before_the_outer_ones(declare, touch, make_organisation):
    @declare("test.outer", on="row")
    def outer(actor, *, row):
        touch(actor, row=row, name="inner")
        row.category = "other"
        row.save()
        note(reason="because")

    organisation = make_organisation()
    outer(WORKER, row=organisation)
    inner, outer_row = AuditEvent.objects.order_by("seq")
    assert [inner.action, outer_row.action] == ["test.touch", "test.outer"]
    # Each row has what its own action changed, and no more.
    assert list(inner.changes[0]["after"]) == ["name_en"]
    assert list(outer_row.changes[0]["after"]) == ["category"]


def test_a_nested_action_that_is_refused_and_forgiven_leaves_no_row(declare, make_organisation):
    @declare("test.fails", on="row")
    def fails(actor, *, row):
        row.name_en = "never"
        row.save()
        raise BadInput("no")

    @declare("test.forgives", on="row")
    def forgives(actor, *, row):
        with pytest.raises(BadInput):
            fails(actor, row=row)

    organisation = make_organisation(name_en="Old")
    forgives(WORKER, row=organisation)
    assert [row.action for row in AuditEvent.objects.all()] == ["test.forgives"]
    assert Organisation.objects.get(pk=organisation.pk).name_en == "Old"


def test_several_actions_together_are_all_written_or_none(touch, make_organisation):
    organisation = make_organisation(name_en="Old")
    with together():
        touch(WORKER, row=organisation, name="A")
        with together():
            touch(WORKER, row=organisation, name="B")
        assert not AuditEvent.objects.exists()
    assert AuditEvent.objects.count() == 2

    def breaks_off():
        with together():
            touch(WORKER, row=organisation, name="C")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert AuditEvent.objects.count() == 2
    assert Organisation.objects.get(pk=organisation.pk).name_en == "B"
    assert prove().holds


def test_from_where_is_written_down(touch, make_person, make_organisation):
    came_by("command line (root)")
    try:
        touch(system("set-up"), row=make_organisation())
    finally:
        came_by("")
    actor = Actor(person=make_person(), address="192.0.2.1", request_id="r1", via="session 0123456789ab")
    touch(actor, row=make_organisation())
    assert list(AuditEvent.objects.order_by("seq").values_list("via", "address", "request_id")) == [
        ("command line (root)", "", ""),
        ("session 0123456789ab", "192.0.2.1", "r1"),
    ]


def test_what_no_database_keeps_is_left_out_of_the_row(declare, make_person):
    @declare("test.odd")
    def odd(actor):
        note(text="a\0b\ud800", share=0.5, when=datetime(2026, 1, 2, tzinfo=UTC), names={"b", "a"}, none=None)
        note(day=datetime(2026, 1, 2, tzinfo=UTC).date(), parts=(1, True))

    odd(Actor(person=make_person(), address="x" * 100))
    row = AuditEvent.objects.get()
    assert row.details == {
        "text": "ab?",
        "share": "0.5",
        "when": "2026-01-02T00:00:00.000000Z",
        "names": ["a", "b"],
        "none": None,
        "day": "2026-01-02",
        "parts": [1, True],
    }
    assert len(row.address) == 64
    assert prove().holds


def test_the_canonical_text():
    assert canonical(plain({"b": [1, None], "a": "中"})) == '{"a":"中","b":[1,null]}'


def test_the_orm_does_not_change_rows(log):
    row = AuditEvent.objects.first()
    for forbidden in (
        row.save,
        row.delete,
        AuditEvent.objects.all().delete,
        AuditSubject.objects.all().delete,
        lambda: AuditEvent.objects.update(actor="x"),
    ):
        with pytest.raises(RuntimeError):
            forbidden()
    assert AuditEvent.objects.count() == 5
    assert str(AuditSubject.objects.order_by("event_id").first()).startswith("1: people.organisation")
    assert str(AuditHead.objects.get()).startswith("5 ")


def test_the_database_does_not_change_rows(log):
    guard.install()
    try:
        for table in guard.TABLES:
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET seq = 1000 + seq"):
                with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
                    sql(statement)
    finally:
        guard.remove()
    assert prove().holds


def test_no_guard_before_there_is_a_log(db, monkeypatch):
    monkeypatch.setattr(guard, "TABLES", ("not_there",))
    guard.install()


def test_refusals_are_kept_beside_the_chain(declare, make_person, make_organisation):
    @declare("test.pay", allows=lambda actor, target: actor.person.name == "Payer", on="row", hide=True)
    def pay(actor, *, row, error=None):
        raise error or InsufficientBudget("too little")

    organisation = make_organisation()
    stranger, payer = make_person(name="Stranger"), make_person(name="Payer")
    actor = Actor(person=stranger, address="192.0.2.1", request_id="r1", via="token aisc_x")
    for _again in range(MOST_IN_AN_HOUR + 3):
        with pytest.raises(NotFound):
            pay(actor, row=organisation)
    with pytest.raises(InsufficientBudget):
        pay(Actor(person=payer), row=organisation)
    with pytest.raises(BadInput):
        pay(Actor(person=payer), row=organisation, error=BadInput("a mistake in a form is nobody's secret"))
    assert not AuditEvent.objects.exists()
    assert AuditRefusal.objects.filter(person=stranger).count() == MOST_IN_AN_HOUR
    last, first = AuditRefusal.objects.first(), AuditRefusal.objects.last()
    assert (first.actor, first.action, first.object_id, first.code) == (
        "Stranger",
        "test.pay",
        organisation.uid,
        "not_found",
    )
    assert (first.address, first.request_id, first.via) == ("192.0.2.1", "r1", "token aisc_x")
    assert (last.actor, last.code) == ("Payer", "budget.insufficient")
    assert "Payer test.pay: budget.insufficient" in str(last)


def test_a_refusal_about_nothing_in_particular(declare, make_person):
    @declare("test.nothing", allows=lambda actor, target: False, hide=True)
    def nothing(actor):
        raise AssertionError

    with pytest.raises(NotFound):
        nothing(Actor(person=make_person()))
    assert AuditRefusal.objects.get().object_type == ""


def test_an_actor_can_be_copied():
    assert dataclasses.replace(Actor(via="x"), label="y").via == "x"
