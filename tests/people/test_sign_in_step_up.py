"""Step-up: money and decisions ask a session that signed in long ago to confirm who it is; nothing typed is lost."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from aisc.core import access, clock, step_up
from aisc.core.actions import Actor
from aisc.core.errors import StepUpNeeded
from aisc.people import actions
from aisc.people.models import ApiToken, CentreRole

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
LATER = timedelta(minutes=16)


@pytest.fixture
def boss(client, make_person):
    """An administrator who signed in sixteen minutes ago."""
    person = make_person("administrator")
    client.force_login(person)
    stale(client)
    return person


def stale(client):
    session = client.session
    session["aisc_proved_at"] = clock.now_ms() - LATER // timedelta(milliseconds=1)
    session.save()


MARKED = {
    "ledger.close_budget",
    "ledger.move_to_price_list",
    "ledger.publish_price_list",
    "ledger.raise_ceiling",
    "ledger.release_tranche",
    "ledger.reverse_entry",
    "ledger.suspend_budget",
    "people.connect_institution",
    "people.grant_centre_role",
    "people.issue_service_token",
    "people.issue_token",
    "people.merge_organisations",
    "people.merge_persons",
    "people.offer_ownership",
    "people.revoke_centre_role",
    "people.set_join_policy",
    "people.unlink_institution",
    "people.update_institution",
    "people.verify_domain",
    "scheme.accept_award",
    "scheme.decide",
    "scheme.decline_award",
}


def test_the_marked_rules():
    assert {name for name, rule in access.table().items() if rule.step_up} == MARKED


def test_a_rule_of_two_is_marked_when_one_is():
    rules = access.table()
    both = rules["people.verify_domain"] | rules["people.view_notices"]
    assert both.step_up
    assert not (rules["people.view_notices"] | rules["people.view_account"]).step_up


def test_who_is_asked(make_person):
    boss, other = make_person("administrator"), make_person()
    for actor in (Actor(person=boss), Actor(person=boss, scopes=frozenset({"people"}))):
        actions.grant_centre_role(actor, person=other, role="finance")
        CentreRole.objects.filter(person=other).delete()
    with pytest.raises(StepUpNeeded, match="fresh confirmation"):
        actions.grant_centre_role(Actor(person=boss, stale=True), person=other, role="finance")
    assert not CentreRole.objects.filter(person=other).exists()
    # Whether somebody may is another question: the button stays, and strangers learn nothing from it.
    assert access.may(Actor(person=boss, stale=True), "people.grant_centre_role")
    assert not access.may(Actor(person=other, stale=True), "people.grant_centre_role")


def test_nothing_typed_is_lost(client, boss, make_person):
    other = make_person(email="other@example.org")
    typed = {"email": "other@example.org", "role": "finance"}
    answer = client.post("/centre/roles/", typed, headers={"Referer": "http://testserver/centre/roles/?page=2"})
    assert answer.url == "/account/confirm/"
    asked = client.get("/account/confirm/")
    assert asked.url == "/accounts/reauthenticate/?next=%2Faccount%2Fconfirm%2Fgo-on"
    assert "What you typed is kept" in client.get(asked.url).content.decode()
    assert client.get("/account/confirm/go-on").url == "/account/confirm/"
    wrong = client.post(asked.url, {"password": "wrong"})
    assert list(wrong.context["form"].errors) == ["password"]
    assert client.post(asked.url, {"password": PASSWORD}).url == "/account/confirm/go-on"
    page = client.get("/account/confirm/go-on")
    assert page.context["waits"].fields == tuple(typed.items())
    assert page.context["waits"].back == "/centre/roles/?page=2"
    assert 'action="/centre/roles/"' in page.content.decode()
    assert not CentreRole.objects.filter(person=other).exists()
    client.post("/centre/roles/", typed)
    assert CentreRole.objects.filter(person=other, role="finance").exists()
    # It is shown once; later there is nothing to go on with.
    assert client.get("/account/confirm/go-on").url == "/account/"
    assert client.get("/account/confirm/").url == "/account/confirm/go-on"


def test_fields_with_several_values_come_back_whole(client, boss):
    client.post("/account/tokens/", {"name": "x", "scopes": ["read", "jobs"], "days": "9"})
    client.post("/accounts/reauthenticate/?next=/account/confirm/go-on", {"password": PASSWORD})
    page = client.get("/account/confirm/go-on").content.decode()
    assert page.count('name="scopes"') == 2
    assert not ApiToken.objects.exists()


def test_what_cannot_be_kept_leads_back_to_its_form(client, boss, rf):
    for sent in ({"file": SimpleUploadedFile("a", b"a")}, {"text": "x" * (step_up.MOST_KEPT + 1)}):
        request = rf.post("/somewhere", sent, headers={"Referer": "http://testserver/form?x=1"})
        request.session = client.session
        assert step_up.suspend(request).url == "/account/confirm/"
        waits = step_up.suspended(request)
        assert (waits.fields, waits.back) == (None, "/form?x=1")
        request.session.save()
        client.post("/accounts/reauthenticate/?next=/account/confirm/go-on", {"password": PASSWORD})
        assert client.get("/account/confirm/go-on").url == "/form?x=1"
        stale(client)


@pytest.mark.parametrize("before", ["", "https://evil.example/x", "http://testserver.evil.example/"])
def test_the_way_back_stays_here(before, client, rf, boss):
    request = rf.post("/somewhere", {"a": "b"}, headers={"Referer": before})
    request.session = client.session
    step_up.suspend(request)
    assert step_up.suspended(request).back == "/"


def test_a_page_that_is_only_read(client, rf, boss):
    request = rf.get("/somewhere?x=1")
    request.session = client.session
    step_up.suspend(request)
    assert step_up.suspended(request).back == "/somewhere?x=1"


def test_what_waits_too_long_is_gone(client, rf, boss):
    request = rf.post("/somewhere", {"a": "b"})
    request.session = client.session
    step_up.suspend(request)
    with clock.fixed(clock.now() + timedelta(minutes=31)):
        assert step_up.suspended(request) is None


def test_htmx_is_led_there_as_a_whole_page(client, boss, make_person):
    other = make_person(email="other@example.org")
    answer = client.post(
        "/centre/roles/",
        {"email": other.email, "role": "finance"},
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/centre/roles/"},
    )
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/account/confirm/")


def test_the_api_says_so_to_a_session_and_does_not_ask_a_token(client, call, boss, make_person, secret_of):
    other = make_person()
    body = {"email": other.email, "role": "finance"}
    refused = call("POST", "/centre/roles", body)
    assert refused.status_code == 403
    problem = json.loads(refused.content)
    assert problem["code"] == "step_up_needed"
    assert problem["confirm_url"].endswith("/account/confirm/")
    assert call("POST", "/centre/roles", body, secret=secret_of(boss)).status_code == 201


def test_signing_in_is_fresh_and_the_setting_can_be_zero(client, make_person, settings):
    person = make_person()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert client.post("/account/tokens/", {"name": "x", "scopes": ["read"], "days": "9"}).status_code == 200
    stale(client)
    assert client.post("/account/tokens/", {"name": "y", "scopes": ["read"], "days": "9"}).status_code == 302
    settings.STEP_UP_AFTER_MS = 0
    assert client.post("/account/tokens/", {"name": "y", "scopes": ["read"], "days": "9"}).status_code == 200
    assert ApiToken.objects.count() == 2


def test_a_session_of_the_previous_version_is_asked(client, boss):
    session = client.session
    del session["aisc_proved_at"]
    session.save()
    assert client.post("/account/tokens/", {"name": "x", "scopes": ["read"], "days": "9"}).status_code == 302


def test_without_any_way_to_confirm(client, boss):
    boss.set_unusable_password()
    boss.save()
    client.force_login(boss)
    stale(client)
    assert "Sign out and in again" in client.get("/account/confirm/").content.decode()


def test_strangers(client):
    assert client.get("/account/confirm/").url.startswith("/accounts/login/")
    assert Client().get("/account/confirm/go-on").url.startswith("/accounts/login/")
