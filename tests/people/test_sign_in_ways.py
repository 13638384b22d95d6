"""One's own ways in: sessions, authenticator app, recovery codes, roles that need a second factor."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client

from aisc.core import access
from aisc.core.actions import Actor, system
from aisc.core.errors import Conflict, NotFound, SignInNeeded, Unavailable
from aisc.core.models import AuditEvent
from aisc.people import actions, second_factor, sessions, ways_in
from aisc.people.sealing import seal, unseal

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


def sign_in(person, agent=FIREFOX):
    browser = Client(headers={"User-Agent": agent})
    answer = browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_sessions_are_listed_and_ended(make_person):
    ada, eve = make_person(), make_person()
    here, there, elsewhere = sign_in(ada), sign_in(ada, IPHONE), sign_in(eve)
    page = here.get("/account/sessions/").content.decode()
    assert "Firefox, Windows" in page
    assert "Safari, iPhone" in page
    assert "127.0.0.1" in page
    phone = UserSession.objects.get(user=ada, user_agent=IPHONE)
    assert elsewhere.post(f"/account/sessions/{phone.pk}/end").status_code == 404
    assert there.get("/account/").status_code == 200
    here.post(f"/account/sessions/{phone.pk}/end")
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    ended = AuditEvent.objects.get(action="people.end_session")
    assert (ended.person, ended.details["device"]) == (ada, "Safari, iPhone")


def test_all_others_at_once(make_person):
    ada, eve = make_person(), make_person()
    here, one, two, other = sign_in(ada), sign_in(ada, IPHONE), sign_in(ada), sign_in(eve)
    here.post("/account/sessions/end")
    assert [browser.get("/account/").status_code for browser in (here, one, two, other)] == [200, 302, 302, 200]
    assert AuditEvent.objects.get(action="people.end_other_sessions").details["ended"] == 2


def test_a_new_password_signs_out_everywhere_else(make_person):
    ada = make_person()
    here, there = sign_in(ada), sign_in(ada, IPHONE)
    new = {"oldpassword": PASSWORD, "password1": "a new long password", "password2": "a new long password"}
    here.post("/accounts/password/change/", new)
    assert there.get("/account/").status_code == 302
    assert list(UserSession.objects.values_list("user_agent", flat=True)) == [FIREFOX]


def test_ending_what_has_ended(make_person):
    session = UserSession(pk=1, user=(ada := make_person()), session_key="x", ip="127.0.0.1")
    with pytest.raises(NotFound):
        actions.end_session(Actor(person=ada), session=session)
    for nobody in (Actor(), system("test")):
        with pytest.raises(SignInNeeded):
            actions.end_other_sessions(nobody, session_key="")


def test_when_a_session_was_last_seen(make_person, monkeypatch):
    here = sign_in(make_person())
    before = UserSession.objects.get().last_seen_at
    here.get("/account/")
    assert UserSession.objects.get().last_seen_at == before
    cache.clear()
    here.get("/account/", REMOTE_ADDR="127.0.0.9")
    seen = UserSession.objects.get()
    assert seen.last_seen_at > before
    cache.clear()

    def away(*_args, **_kwargs):
        raise DatabaseError("read-only")

    monkeypatch.setattr(sessions.UserSession.objects, "filter", away)
    assert here.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Windows"),
        (IPHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Linux"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537.36 MicroMessenger/8", "WeChat, Android"),
        ("curl/8", "unknown device"),
    ],
)
def test_devices(agent, words):
    assert sessions.device(agent) == words


@pytest.fixture
def ada(client, make_person):
    person = make_person()
    client.force_login(person)
    return person


@pytest.fixture
def app(client, ada, mailoutbox, monkeypatch):
    """Ada has an authenticator app; its secret."""
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert 'role="img"' in page.content.decode()
    assert f"secret={secret}" not in page.content.decode()
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert list(wrong.context["form"].errors) == ["code"]
    # A test's transaction is never committed; what waits for that needs the request, so it is done at once.
    with monkeypatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda done, **_options: done())
        done = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert done.url == "/accounts/2fa/recovery-codes/"
    return secret


def test_an_authenticator_app(client, ada, app, mailoutbox):
    assert mailoutbox[0].subject == "An authenticator app was added to your account"
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert app not in stored
    assert unseal(stored) == app
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    codes = re.search(r'<pre[^>]*id="codes">(.*?)</pre>', page, re.DOTALL)[1].split()
    assert len(codes) == 10
    assert codes[0] not in client.get("/accounts/2fa/recovery-codes/").content.decode()
    events = set(AuditEvent.objects.values_list("details__event", flat=True))
    assert {"added totp", "added recovery_codes"} <= events

    browser = Client()
    sent = browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert sent.url == "/accounts/2fa/authenticate/"
    assert "Your second factor" in browser.get(sent.url).content.decode()
    assert browser.get("/account/").status_code == 302
    assert browser.post(sent.url, {"code": "123"}).status_code == 200
    browser.post(sent.url, {"code": codes[0]})
    assert browser.get("/account/").status_code == 200
    again = Client()
    again.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert again.post(sent.url, {"code": codes[0]}).status_code == 200
    assert "9 left" in client.get("/account/sign-in/").content.decode()


def test_confirming_with_a_code_and_switching_it_off(client, ada, app):
    Authenticator.objects.filter(type="totp").update(data=Authenticator.objects.get(type="totp").data)
    session = client.session
    session["aisc_proved_at"] = 0
    session.save()
    assert client.get("/accounts/2fa/totp/deactivate/").url == "/account/confirm/"
    page = client.get("/account/confirm/").content.decode()
    assert "Use your password" in page
    assert "authenticator app or a recovery code" in page
    cache.clear()  # a code is good for one use; this is another minute
    assert "authenticator app" in client.get("/accounts/2fa/reauthenticate/").content.decode()
    where = "/accounts/2fa/reauthenticate/?next=/account/confirm/go-on"
    assert client.post(where, {"code": code_of(app)}).url == "/account/confirm/go-on"
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
    assert client.post("/accounts/2fa/totp/deactivate/").url == "/accounts/2fa/"
    assert client.get("/accounts/2fa/").url == "/account/sign-in/"
    assert not Authenticator.objects.exists()
    assert "off" in client.get("/account/sign-in/").content.decode()


@pytest.mark.parametrize("path", ["2fa/webauthn/add/", "2fa/webauthn/reauthenticate/", "2fa/recovery-codes/generate/"])
def test_the_other_pages(path, client, ada, app):
    answer = client.get(f"/accounts/{path}", follow=True)
    assert answer.status_code == 200
    assert "site-header" in answer.content.decode()


@pytest.mark.parametrize("path", ["3rdparty/", "sessions/", "2fa/", "2fa/webauthn/", "2fa/webauthn/keys/1/remove/"])
def test_lists_of_allauth_lead_to_ours(path, client, ada):
    assert client.get(f"/accounts/{path}").url in {"/account/sign-in/", "/account/sessions/"}
    assert Client().get(f"/accounts/{path}").url.startswith("/accounts/login/")


def test_roles_that_need_a_second_factor(client, make_person, settings):
    settings.SECOND_FACTOR_FOR = frozenset({"administrator"})
    boss = make_person("administrator", "auditor")
    answer = client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
    assert answer.url == "/account/sign-in/"
    assert "Set up a second factor" in client.get(answer.url).content.decode()
    assert client.get("/centre/sign-in/").status_code == 200  # as an auditor
    assert not access.may(Actor(person=boss), "people.grant_centre_role")
    Authenticator.objects.create(user=boss, type="totp", data={"secret": seal("X")})
    fresh = type(boss).objects.get(pk=boss.pk)
    assert access.may(Actor(person=fresh), "people.grant_centre_role")
    assert second_factor.roles_without_factor(fresh) == set()


def test_what_another_key_sealed(settings):
    sealed = seal("secret")
    assert "secret" not in sealed
    assert unseal(sealed) == "secret"
    assert (seal(""), unseal("")) == ("", "")
    settings.SECRET_KEY = "another"
    with pytest.raises(Unavailable, match="enter it again"):
        unseal(sealed)


def test_the_last_way_in(make_person):
    person = make_person()
    assert ways_in.remain(person)
    person.set_unusable_password()
    person.save()
    assert not ways_in.remain(person)
    adapter = second_factor.MfaAdapter()
    assert adapter.can_delete_authenticator(Authenticator(user=person, type="totp"))
    assert not adapter.can_delete_authenticator(Authenticator(pk=1, user=person, type="webauthn"))


def test_taking_off_what_was_lost(client, ada, app):
    ada.set_unusable_password()
    ada.save()
    with pytest.raises(Conflict, match="only way in"):
        actions.reset_second_factor(system("test"), person=ada, reason="lost")
    ada.set_password(PASSWORD)
    ada.save()
    assert actions.reset_second_factor(system("test"), person=ada, reason="lost her phone") == 2
    assert AuditEvent.objects.get(action="people.reset_second_factor").reason == "lost her phone"
    with pytest.raises(Conflict, match="no second factor"):
        actions.reset_second_factor(system("test"), person=ada, reason="again")
