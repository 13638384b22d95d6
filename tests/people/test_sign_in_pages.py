"""allauth's pages in our frame: signing up, in and out, the address, the password; language kept per person."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from aisc.core.models import AuditEvent
from aisc.people.models import Person

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db


def code_of(mail):
    return re.search(r"^ {4}(\S+)$", mail.body, re.MULTILINE)[1]


def events():
    return list(AuditEvent.objects.order_by("id").values_list("details__event", flat=True))


def test_signing_up_by_page(client, mailoutbox):
    page = client.get("/accounts/signup/?lang=zh-hant").content.decode()
    assert 'lang="zh-Hant-HK"' in page
    assert "placeholder" not in page.split("<main")[1]
    answer = client.post(
        "/accounts/signup/?lang=zh-hant", {"email": "Ada@Example.org", "password1": PASSWORD, "name": " 陳  大文 "}
    )
    assert answer.url == "/accounts/confirm-email/"
    person = Person.objects.get()
    assert (person.email, person.name, person.language) == ("ada@example.org", "陳 大文", "zh-hant")
    assert mailoutbox[0].to == ["ada@example.org"]
    page = client.get("/accounts/confirm-email/").content.decode()
    assert "ada@example.org" in page
    wrong = client.post("/accounts/confirm-email/", {"code": "AAAAAA"})
    assert wrong.status_code == 200
    assert client.get("/home").status_code == 302
    done = client.post("/accounts/confirm-email/", {"code": code_of(mailoutbox[0])})
    assert done.url == reverse("portal:home")
    assert done.cookies[django_settings.LANGUAGE_COOKIE_NAME].value == "zh-hant"
    assert EmailAddress.objects.get().verified
    assert events() == ["signed up", "confirmed ada@example.org", "signed in"]
    assert AuditEvent.objects.first().person == person


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "a" * 151}, "name"),
        ({"email": "ada"}, "email"),
        ({"password1": "short"}, "password1"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(values, field, client):
    body = {"email": "ada@example.org", "password1": PASSWORD, "name": "Ada"} | values
    answer = client.post("/accounts/signup/", body)
    assert list(answer.context["form"].errors) == [field]
    page = answer.content.decode()
    assert "There is a problem" in page
    assert f'href="#id_{field}"' in page
    assert not Person.objects.exists()


def test_a_known_address_sees_the_same_page_and_gets_another_mail(client, make_person, mailoutbox):
    make_person(email="ada@example.org")
    answer = client.post("/accounts/signup/", {"email": "ada@example.org", "password1": PASSWORD, "name": "Mallory"})
    assert answer.url == "/accounts/confirm-email/"
    page = client.get("/accounts/confirm-email/").content.decode()
    assert "ada@example.org" in page
    assert mailoutbox[0].subject == "You already have an account"
    assert "/accounts/password/reset/" in mailoutbox[0].body
    assert Person.objects.count() == 1


def test_a_new_code(client, mailoutbox):
    client.post("/accounts/signup/", {"email": "ada@example.org", "password1": PASSWORD, "name": "Ada"})
    assert 'value="resend"' in client.get("/accounts/confirm-email/").content.decode()
    from django.core.cache import cache

    cache.clear()  # a code is mailed at most every ten seconds
    client.post("/accounts/confirm-email/", {"action": "resend"})
    assert len(mailoutbox) == 2
    client.post("/accounts/confirm-email/", {"code": code_of(mailoutbox[1])})
    assert client.get("/account/").status_code == 200


def test_signing_in_and_out(client, make_person):
    ada = make_person(email="ada@example.org", name="Ada")
    ada.language = "zh-hant"
    ada.save()
    assert client.get("/account/").url == "/accounts/login/?next=/account/"
    wrong = client.post("/accounts/login/", {"login": "ada@example.org", "password": "wrong"})
    assert wrong.status_code == 200
    answer = client.post("/accounts/login/?next=/account/", {"login": "ADA@example.org", "password": PASSWORD})
    assert answer.url == "/account/"
    assert client.cookies[django_settings.LANGUAGE_COOKIE_NAME].value == "zh-hant"
    assert client.get("/account/")["Content-Language"] == "zh-hant"
    assert events() == ["signed in"]
    assert client.get("/accounts/logout/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/account/").status_code == 302


def test_without_a_chosen_language_none_is_forced(client, make_person):
    make_person(email="ada@example.org")
    client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert django_settings.LANGUAGE_COOKIE_NAME not in client.cookies


def test_the_language_switcher_is_remembered(client, make_person):
    client.post("/i18n/setlang/", {"language": "zh-hant", "next": "/"})
    assert client.cookies[django_settings.LANGUAGE_COOKIE_NAME].value == "zh-hant"
    ada = make_person()
    client.force_login(ada)
    assert client.post("/i18n/setlang/", {"language": "zh-hant", "next": "/account/"}).url == "/account/"
    ada.refresh_from_db()
    assert ada.language == "zh-hant"
    client.post("/i18n/setlang/", {"language": "tlh"})
    client.get("/i18n/setlang/?language=en")
    ada.refresh_from_db()
    assert ada.language == "zh-hant"


def test_an_address_that_is_not_confirmed_does_not_sign_in(client, make_person, mailoutbox):
    ada = make_person(email="ada@example.org")
    EmailAddress.objects.filter(user=ada).update(verified=False)
    answer = client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert answer.url == "/accounts/confirm-email/"
    assert client.get("/account/").status_code == 302
    client.post("/accounts/confirm-email/", {"code": code_of(mailoutbox[0])})
    assert client.get("/account/").status_code == 200


def test_a_closed_account(client, make_person):
    ada = make_person(email="ada@example.org")
    ada.is_active = False
    ada.save()
    answer = client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD}, follow=True)
    assert "account_inactive" in str(answer.templates[0].name)
    assert "This account is closed" in answer.content.decode()
    assert client.get("/account/").status_code == 302


def test_resetting_the_password(client, make_person, mailoutbox):
    ada = make_person(email="ada@example.org")
    assert client.get("/accounts/password/reset/").status_code == 200
    answer = client.post("/accounts/password/reset/", {"email": "ada@example.org"}, follow=True)
    assert "If the address has an account" in answer.content.decode()
    link = re.search(r"https?://[^/]+(/\S+)", mailoutbox[0].body)[1]
    page = client.get(link, follow=True)
    assert "Choose a new password" in page.content.decode()
    path = page.redirect_chain[-1][0]
    weak = client.post(path, {"password1": "short", "password2": "short"})
    assert list(weak.context["form"].errors) == ["password1"]
    done = client.post(path, {"password1": "a new long password", "password2": "a new long password"}, follow=True)
    assert "Your password is changed" in done.content.decode()
    ada.refresh_from_db()
    assert ada.check_password("a new long password")
    assert events() == ["reset the password"]
    assert mailoutbox[1].subject == "Your password was reset"
    assert "This link no longer works" in Client().get(link, follow=True).content.decode()


def test_resetting_an_unknown_address_looks_the_same(client, make_person, mailoutbox):
    answer = client.post("/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True)
    assert "If the address has an account" in answer.content.decode()
    assert mailoutbox[0].subject == "There is no account with this address"
    assert "/accounts/signup/" in mailoutbox[0].body


def test_changing_the_password(client, make_person, mailoutbox):
    ada = make_person(email="ada@example.org")
    client.force_login(ada)
    other = Client()
    other.force_login(ada)
    assert client.get("/accounts/password/change/").status_code == 200
    new = {"password1": "a new long password", "password2": "a new long password"}
    wrong = client.post("/accounts/password/change/", {"oldpassword": "wrong"} | new)
    assert list(wrong.context["form"].errors) == ["oldpassword"]
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD} | new)
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert events() == ["changed the password"]
    assert mailoutbox[0].subject == "Your password was changed"


def test_changing_the_address(client, make_person, mailoutbox):
    ada = make_person(email="ada@example.org")
    client.force_login(ada)
    assert "ada@example.org" in client.get("/accounts/email/").content.decode()
    answer = client.post("/accounts/email/", {"action_add": "1", "email": "new@example.org"})
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"
    assert answer.url == "/accounts/confirm-email/"
    assert "Keep the old address" in client.get("/accounts/confirm-email/").content.decode()
    client.post("/accounts/confirm-email/", {"code": code_of(mailoutbox[0])})
    ada.refresh_from_db()
    assert ada.email == "new@example.org"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [("new@example.org", True, True)]
    assert "changed the address to new@example.org" in events()
    assert ["ada@example.org"] in [mail.to for mail in mailoutbox]


def test_a_mail_server_that_is_away(client, monkeypatch):
    def away(_message, **_options):
        raise ConnectionRefusedError("no server")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
    answer = client.post("/accounts/signup/", {"email": "ada@example.org", "password1": PASSWORD, "name": "Ada"})
    assert answer.status_code == 503
    assert "The mail could not be sent" in answer.content.decode()


def test_too_many_tries_have_their_page(client):
    for _ in range(5):
        client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    answer = client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()
    assert "<header" in answer.content.decode()


@pytest.mark.parametrize("path", ["reauthenticate/", "password/set/", "inactive/", "login/code/confirm/"])
def test_other_pages_answer_in_the_frame(path, client, make_person):
    client.force_login(make_person())
    answer = client.get(f"/accounts/{path}", follow=True)
    assert answer.status_code == 200
    assert "site-header" in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["signup_closed", "verification_sent", "verified_email_required", "password_set", "reauthenticate"]
)
def test_templates_that_are_rarely_seen_are_whole(name, rf):
    from django.contrib.auth.models import AnonymousUser
    from django.template.loader import render_to_string

    from aisc.core.actions import ANYONE
    from aisc.people.allauth_forms import Reauthenticate, SetPassword

    request = rf.get("/")
    request.user, request.actor, request.id = AnonymousUser(), ANYONE, "x"
    form = Reauthenticate(user=None) if name == "reauthenticate" else SetPassword()
    assert "<h1>" in render_to_string(f"account/{name}.html", {"form": form}, request)


@pytest.mark.parametrize(
    "name",
    ["password_set", "email_deleted", "email_confirm", "email_changed", "email_confirmation_signup", "unknown_account"],
)
def test_mails_are_whole(name):
    from django.template.loader import render_to_string

    values = {"centre": "AISC", "ip": "10.0.0.1", "from_email": "a@x", "to_email": "b@x", "deleted_email": "a@x"}
    assert "\n" not in render_to_string(f"account/email/{name}_subject.txt", values).strip()
    assert render_to_string(f"account/email/{name}_message.txt", values).rstrip().endswith("AISC")
