"""The portal's own pages, as everybody who may open them and everybody who may not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from aisc.core import clock
from aisc.core.actions import system
from aisc.core.mail import FolderBackend
from aisc.core.models import AuditEvent
from aisc.ledger.actions import HoldRequest, UsageItem, issue_statements, open_own_budget, place_holds, record_usage
from aisc.ledger.models import Price, Statement
from aisc.portal import demonstration, set_up

CENTRE = ("operator", "finance", "administrator", "auditor")
OTHERS = ("secretariat", "assessor", "committee")


@pytest.fixture
def demonstrated(db, settings, tmp_path, django_capture_on_commit_callbacks):
    """The demonstration, by key of its people."""
    from aisc.core.state import StateFolder
    from aisc.people.models import Person

    settings.STATE = StateFolder(tmp_path / "state")
    settings.STATE.prepare()
    settings.EMAIL_FILE_PATH = settings.STATE.mail
    set_up.centre()
    with django_capture_on_commit_callbacks(execute=True):
        demonstration.make()
    return {each.key: Person.objects.get(email=each.email) for each in demonstration.PEOPLE}


@pytest.fixture
def shown(client):
    """``shown(person, path)``: status and text of a page; ``person`` None: nobody is signed in."""

    def get(person, path: str, **headers) -> tuple[int, str]:
        client.logout()
        if person:
            client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(path, headers=headers)
        return answer.status_code, answer.content.decode()

    return get


def test_the_front_page_says_what_the_centre_has(demonstrated, shown):
    status, text = shown(None, "/")
    assert status == 200
    assert "Open call for AI computing" in text
    assert "Sign up" in text
    status, text = shown(demonstrated["applicant"], "/", **{"Accept-Language": "zh-HK"})
    assert status == 200
    assert "人工智能算力公開申請" in text
    assert "/home" in text


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (
            "applicant",
            ["Finish your application", "Maps of the sea floor", "Own money, this year", "Digits, first try"],
        ),
        ("newcomer", ["Welcome.", "Tell us your organisation"]),
        ("researcher", ["Digits, first try", "Run a job"]),
        ("secretariat", ["Check and assign an application", "Listening for dolphins"]),
        ("committee", ["Decide on an application", "Forecasting red tides"]),
        ("operator", ["Mend a part of the centre", "The centre today"]),
        ("finance", ["The centre today"]),
        ("auditor", ["The centre today", "Audit log"]),
    ],
)
def test_home_says_what_needs_this_person_now(who, words, demonstrated, shown):
    status, text = shown(demonstrated[who], "/home")
    assert status == 200
    for word in words:
        assert word in text


def test_home_of_one_does_not_show_what_is_another_s(demonstrated, shown):
    for who in ("newcomer", "assessor", "committee"):
        _status, text = shown(demonstrated[who], "/home")
        assert "Maps of the sea floor" not in text
        assert "Own money, this year" not in text
        assert "Digits, first try" not in text


def test_lists_are_files_too(demonstrated, shown):
    _status, jobs = shown(demonstrated["applicant"], "/jobs/?csv=1&q=digits")
    assert [line.split(",")[1:3] for line in jobs.splitlines()[1:]] == [['"Digits', ' first try"']]
    _status, own = shown(demonstrated["applicant"], "/applications/?csv=1&view=own")
    assert sum("Maps of the sea floor" in line for line in own.splitlines()) == 1
    _status, none = shown(demonstrated["newcomer"], "/applications/?csv=1&view=own")
    assert len(none.splitlines()) == 1


def test_finance_is_asked_to_release_own_money(demonstrated, shown, acting):
    from aisc.people.models import Project

    open_own_budget(
        acting(demonstrated["applicant"]),
        project=Project.objects.get(name_en="Tidal models"),
        name="More money",
        ceiling=100_00,
        starts_on=clock.today(),
        ends_on=clock.today() + timedelta(days=30),
    )
    _status, text = shown(demonstrated["finance"], "/home")
    assert "Release an own-money budget" in text
    assert "More money" in text


def test_an_assessor_is_asked_for_the_review(demonstrated, shown, acting):
    from aisc.scheme import actions
    from aisc.scheme.models import Application

    application = Application.objects.get(state="submitted")
    actions.assign_assessor(
        acting(demonstrated["secretariat"]), application=application, assessor=demonstrated["assessor"]
    )
    _status, text = shown(demonstrated["assessor"], "/home")
    assert "Write your review" in text


def test_home_makes_a_constant_number_of_queries(demonstrated, client, django_assert_max_num_queries):
    client.force_login(demonstrated["applicant"], backend="django.contrib.auth.backends.ModelBackend")
    client.get("/home")
    with django_assert_max_num_queries(45):
        client.get("/home")


def test_operations_and_audit_log_are_for_those_who_answer_for_the_centre(demonstrated, shown):
    for who in CENTRE:
        status, text = shown(demonstrated[who], "/operator/")
        assert status == 200
        assert "Queue" in text
        assert "Digits, first try" in text
    for who in (*OTHERS, "applicant", "newcomer"):
        assert shown(demonstrated[who], "/operator/")[0] == 403
        assert shown(demonstrated[who], "/audit/")[0] == 403
    assert shown(demonstrated["finance"], "/audit/")[0] == 403


def test_operations_with_a_machine(demonstrated, shown):
    from aisc.centre.actions import NodeReport, sync_nodes
    from aisc.centre.models import Cluster

    report = NodeReport("n1", True, 8, 2, 4096, 1024, {"cpu": 8, "h800": 400}, {"h800": 8})
    sync_nodes(system("test"), cluster=Cluster.objects.get(), nodes=[report])
    _status, text = shown(demonstrated["operator"], "/operator/")
    assert "NVIDIA H800: 8 / 400" in text
    assert "7.92" in text
    assert "of 395.80 usable" in text
    assert "PFLOPS" in text


def test_letters_and_statements_can_be_checked_by_anybody(demonstrated, shown):
    from aisc.ledger.models import Budget
    from aisc.scheme.models import Letter

    letter = Letter.objects.latest("id")
    status, text = shown(None, f"/verify/{letter.code}")
    assert status == 200
    assert "This centre issued this document." in text
    budget = Budget.objects.get(source="award")
    price = Price.objects.get(price_list=budget.price_list, meter__code="accelerator:cpu")
    (hold,) = place_holds(
        system("test"),
        budget=budget,
        price=price,
        requests=[HoldRequest("k", 3_600_000, "an hour")],
        expires_at=clock.now() + timedelta(days=1),
    )
    now = clock.now_ms()
    item = UsageItem("u", 3_600_000, now - 3_600_000, now, hold_key=hold.key)
    record_usage(system("test"), source="test", items=[item])
    issue_statements(system("test"), budget=budget, period_end=clock.today())
    statement = Statement.objects.get(payer="scheme")
    status, text = shown(None, f"/verify/?code={statement.code}")
    assert statement.number in text
    assert "HK$3.60" in text
    assert "HK$2.52" in text
    assert "No document has this code." in shown(None, "/verify/NO-SUCH-CODE")[1]
    assert "No document" not in shown(None, "/verify/")[1]


def test_the_outbox_is_the_demonstration_s_alone(demonstrated, shown, settings):
    settings.EMAIL_BACKEND = "aisc.core.mail.FolderBackend"
    settings.DEMO = False
    assert shown(None, "/outbox/")[0] == 404
    settings.DEMO = True
    assert "No mail yet" in shown(None, "/outbox/")[1]
    backend = FolderBackend()
    assert backend.send_messages([EmailMessage("確認碼", "ABCD-1234", to=["a@example.org"])]) == 1
    text = shown(None, "/outbox/")[1]
    assert "確認碼" in text
    assert "ABCD-1234" in text
    assert "a@example.org" in text
    assert [path.suffix for path in Path(settings.EMAIL_FILE_PATH).iterdir()] == [".eml"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert shown(None, "/outbox/")[0] == 404


def test_the_demonstration_is_made_once(demonstrated):
    before = AuditEvent.objects.count()
    mails = len(mail.outbox)
    set_up.centre()
    signs = demonstration.make()
    assert len(signs) == len(demonstration.PEOPLE)
    assert AuditEvent.objects.count() == before
    assert len(mail.outbox) == mails


def test_the_components_page_shows_every_component(client, db):
    assert client.get("/components/").status_code == 200
