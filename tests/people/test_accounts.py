"""Signing up through the API's actions, one's own account, limits, and clearing away."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils.translation import override

from aisc.core import clock
from aisc.core.actions import ANYONE, Actor, system
from aisc.core.errors import BadInput, SignInNeeded, TooOften
from aisc.core.models import AuditEvent
from aisc.people import actions, limits
from aisc.people.models import PendingSignUp, Person
from aisc.people.tasks import tidy

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_up(mailoutbox, django_capture_on_commit_callbacks):
    """Asks for an account; answers the uid and the mailed code ("" when the mail has none)."""

    def ask(email="ada@example.org", name="Ada", password=PASSWORD, actor=ANYONE, **more):
        with django_capture_on_commit_callbacks(execute=True):
            uid = actions.sign_up(actor, email=email, name=name, password=password, **more)
        found = re.search(r"^ {4}(\S+)$", mailoutbox[-1].body, re.MULTILINE)
        return uid, found[1] if found else ""

    return ask


def test_the_mailed_code_makes_the_account(sign_up, mailoutbox):
    with override("zh-hant"):
        uid, code = sign_up(email=" Ada@Example.org", name=" 陳 大文 ")
    assert not Person.objects.exists()
    assert re.fullmatch(r"sgn-[0-9a-z]{12}", uid)
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert (mailoutbox[0].to, len(mailoutbox)) == (["ada@example.org"], 1)
    person = actions.confirm_sign_up(ANYONE, uid=uid, code=code.lower().replace("-", " "))
    assert (person.email, person.name, person.language, person.is_active) == (
        "ada@example.org", "陳 大文", "zh-hant", True,
    )  # fmt: skip
    assert person.check_password(PASSWORD)
    assert list(EmailAddress.objects.values_list("user", "email", "verified", "primary")) == [
        (person.pk, "ada@example.org", True, True)
    ]
    assert not PendingSignUp.objects.exists()
    assert [event.action for event in AuditEvent.objects.order_by("id")] == ["people.sign_up", "people.confirm_sign_up"]
    with pytest.raises(BadInput):
        actions.confirm_sign_up(ANYONE, uid=uid, code=code)


def test_a_known_address_gets_a_mail_and_the_caller_no_hint(sign_up, make_person, mailoutbox):
    known = make_person(email="ada@example.org", name="Ada")
    uid, code = sign_up(name="Mallory")
    assert re.fullmatch(r"sgn-[0-9a-z]{12}", uid)
    assert code == ""
    assert mailoutbox[0].subject == "You already have an account at AISC demonstration centre"
    assert "/accounts/login/" in mailoutbox[0].body
    assert not PendingSignUp.objects.exists()
    with pytest.raises(BadInput) as refused:
        actions.confirm_sign_up(ANYONE, uid=uid, code="K7QM-2RXD")
    assert refused.value.code == "code.wrong"
    known.refresh_from_db()
    assert (known.name, Person.objects.count()) == ("Ada", 1)


def test_a_stranger_cannot_have_his_password_confirmed(sign_up):
    ours, our_code = sign_up(name="Ada")
    theirs, their_code = sign_up(name="Mallory", password="mallory's own password")
    with pytest.raises(BadInput):
        actions.confirm_sign_up(ANYONE, uid=ours, code=their_code)
    person = actions.confirm_sign_up(ANYONE, uid=ours, code=our_code)
    assert (person.name, person.check_password(PASSWORD)) == ("Ada", True)
    with pytest.raises(BadInput):
        actions.confirm_sign_up(ANYONE, uid=theirs, code=their_code)
    assert Person.objects.count() == 1


def test_an_address_that_was_never_confirmed_belongs_to_nobody(sign_up):
    squatter = Person.objects.create(email="ada@example.org", name="Squatter")
    squatter.set_password("the squatter's password")
    squatter.save()
    EmailAddress.objects.create(user=squatter, email="ada@example.org", primary=True, verified=False)
    uid, code = sign_up()
    person = actions.confirm_sign_up(ANYONE, uid=uid, code=code)
    assert (person.pk, person.name, person.check_password(PASSWORD)) == (squatter.pk, "Ada", True)
    assert EmailAddress.objects.get().verified


def test_an_address_confirmed_meanwhile_is_taken(sign_up, make_person):
    uid, code = sign_up()
    make_person(email="ada@example.org", name="By the page")
    with pytest.raises(BadInput):
        actions.confirm_sign_up(ANYONE, uid=uid, code=code)
    assert Person.objects.get().name == "By the page"


def test_a_code_works_for_15_minutes_and_5_tries(sign_up, noon):
    uid, code = sign_up()
    with clock.fixed(noon + timedelta(minutes=15)), pytest.raises(BadInput):
        actions.confirm_sign_up(ANYONE, uid=uid, code=code)
    for _ in range(3):
        with pytest.raises(BadInput, match="wrong or no longer works"):
            actions.confirm_sign_up(ANYONE, uid=uid, code="AAAA-AAAA")
    assert PendingSignUp.objects.get().tries == 4
    other, other_code = sign_up(email="bob@example.org")
    for _ in range(5):
        with pytest.raises(BadInput):
            actions.confirm_sign_up(ANYONE, uid=other, code="AAAA-AAAA")
    with pytest.raises(BadInput):
        actions.confirm_sign_up(ANYONE, uid=other, code=other_code)
    assert actions.confirm_sign_up(ANYONE, uid=uid, code=code).email == "ada@example.org"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "a" * 151}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "1234567890"}, "password"),
        ({"language": "tlh"}, "language"),
    ],
)
def test_bad_sign_ups(values, field):
    with pytest.raises(BadInput) as refused:
        actions.sign_up(ANYONE, **{"email": "ada@example.org", "name": "Ada", "password": PASSWORD} | values)
    assert refused.value.field == field
    assert not PendingSignUp.objects.exists()


def test_sign_ups_are_limited_by_address_and_by_place(sign_up):
    for _ in range(5):
        sign_up(actor=Actor(address="10.0.0.1"))
    with pytest.raises(TooOften) as refused:
        sign_up(actor=Actor(address="10.0.0.2"))
    assert refused.value.extra == {"retry_after": 3600}
    for number in range(15):
        sign_up(email=f"a{number}@example.org", actor=Actor(address="10.0.0.1"))
    with pytest.raises(TooOften):
        sign_up(email="b@example.org", actor=Actor(address="10.0.0.1"))


def test_a_limit_counts_each_on_their_own(monkeypatch):
    for _ in range(2):
        limits.spend("x", "ada", limit=2, per_s=60)
    with pytest.raises(TooOften):
        limits.spend("x", "ada", limit=2, per_s=60)
    limits.spend("x", "bob", limit=2, per_s=60)
    limits.spend("y", "ada", limit=2, per_s=60)

    def expired(_key):
        raise ValueError

    monkeypatch.setattr("aisc.people.limits.cache.incr", expired)
    limits.spend("x", "ada", limit=2, per_s=60)


def test_ones_own_account(make_person):
    ada = make_person(name="Ada")
    saved = actions.update_account(Actor(person=ada), name="陳大文", language="zh-hant")
    assert (saved.name, saved.language, ada.name) == ("陳大文", "zh-hant", "陳大文")
    actions.update_account(Actor(person=ada), language="en")
    ada.refresh_from_db()
    assert (ada.name, ada.language) == ("陳大文", "en")
    actions.update_account(Actor(person=ada), name="Ada")
    ada.refresh_from_db()
    assert (ada.name, ada.language) == ("Ada", "en")
    for values, field in (({"name": " "}, "name"), ({"language": "de"}, "language")):
        with pytest.raises(BadInput) as refused:
            actions.update_account(Actor(person=ada), **values)
        assert refused.value.field == field
    for actor in (ANYONE, system("x")):
        with pytest.raises(SignInNeeded):
            actions.update_account(actor, name="x")


def test_what_has_had_its_time_is_deleted(sign_up, noon, client, make_person):
    from django.contrib.sessions.models import Session

    sign_up()
    with clock.fixed(noon + timedelta(minutes=10)):
        sign_up(email="bob@example.org")
    client.force_login(make_person())
    Session.objects.update(expire_date="2000-01-01T00:00:00Z")
    client.force_login(make_person())
    with clock.fixed(noon + timedelta(minutes=16)):
        tidy()
    assert PendingSignUp.objects.get().email == "bob@example.org"
    assert str(PendingSignUp.objects.get()) == "bob@example.org"
    assert Session.objects.count() == 1


def test_a_person_made_by_hand():
    made = Person.objects.create_user("Ada@Example.org", PASSWORD, name="Ada")
    assert (made.email, made.get_short_name(), made.check_password(PASSWORD)) == ("ada@example.org", "Ada", True)
    assert str(Person(email="x@example.org")) == "x@example.org"
