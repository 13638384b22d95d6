"""Signing in through an OpenID provider: a real one, started here, whose answers are sometimes changed on the way."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as django_settings
from django.test import Client
from identity_providers import oidc

from aisc.core.actions import system
from aisc.core.models import AuditEvent
from aisc.people import actions
from aisc.people.institutions import oidc as module
from aisc.people.models import Institution, Person

pytestmark = pytest.mark.django_db
SECRET = "a client secret of thirty-two characters"
PASSWORD = "correct horse battery"
PEOPLE = {
    "ada": {"email": "ada@hku.example", "email_verified": True, "name": "陳大文"},
    "bob": {"email": "bob@elsewhere.example", "email_verified": True, "name": "Bob"},
    "eve": {"email": "eve@hku.example", "email_verified": False, "name": "Eve"},
}


@pytest.fixture(scope="module")
def provider():
    clients = [
        {
            "client_id": name,
            "client_secret": SECRET,
            "redirect_uris": [f"{django_settings.PUBLIC_URL}/accounts/oidc/{name}/callback/"],
            "grant_types": ["authorization_code"],
        }
        for name in ("hku", "other")
    ]
    with oidc(clients, PEOPLE) as running:
        yield running


@pytest.fixture
def hku(provider, db):
    return actions.connect_institution(
        system("test"),
        slug="hku",
        kind="oidc",
        name_en="University of Hong Kong",
        name_zh="香港大學",
        domains="hku.example",
        issuer=provider.url,
        client_id="hku",
        client_secret=SECRET,
    )


@pytest.fixture
def come(client, provider, hku):
    """``come("ada")``: sign in through the institution as somebody; the answer to what the browser brings back."""

    def go(person, browser=client, path="/sign-in/hku/", **sent):
        away = browser.post(path, sent)
        assert away.status_code == 302, away.content
        assert away.url.startswith(provider.url), away.url
        back = urlsplit(provider.sign_in(away.url, person))
        assert f"{back.scheme}://{back.netloc}" == django_settings.PUBLIC_URL
        return browser.get(f"{back.path}?{back.query}")

    return go


def test_the_sign_in_page_offers_it_in_both_languages(client, hku):
    assert "Sign in with University of Hong Kong" in client.get("/accounts/login/").content.decode()
    assert "香港大學" in client.get("/accounts/login/?lang=zh-hant").content.decode()
    assert "University of Hong Kong" in client.get("/accounts/signup/").content.decode()


def test_signing_up_and_in_again(client, come, mailoutbox):
    answer = come("ada", next="/account/")
    assert answer.url == "/accounts/3rdparty/signup/"
    page = client.get(answer.url).content.decode()
    assert "陳大文" in page
    assert "ada@hku.example" in page
    # The address is the institution's word: what a browser sends for it is ignored.
    done = client.post(answer.url, {"name": "陳大文", "email": "boss@hku.example"})
    assert done.url == "/account/"
    ada = Person.objects.get()
    assert (ada.email, ada.name, ada.has_usable_password()) == ("ada@hku.example", "陳大文", False)
    assert list(ada.emailaddress_set.values_list("email", "verified", "primary")) == [("ada@hku.example", True, True)]
    assert mailoutbox == []
    again = Client()
    assert come("ada", again, next="/account/").url == "/account/"
    assert "陳大文" in again.get("/account/").content.decode()
    assert SocialAccount.objects.get().provider == "hku"
    assert Person.objects.count() == 1


@pytest.mark.parametrize("person", ["bob", "eve"])
def test_an_address_that_nobody_vouches_for_is_confirmed_by_a_code(person, client, come, mailoutbox):
    answer = come(person)
    assert answer.url == "/accounts/3rdparty/signup/"
    done = client.post(answer.url, {"name": person, "email": PEOPLE[person]["email"]})
    assert done.url == "/accounts/confirm-email/"
    assert mailoutbox[0].to == [PEOPLE[person]["email"]]
    assert client.get("/account/").status_code == 302


def test_an_address_with_an_account_never_signs_in_to_it(client, come, make_person):
    ada = make_person(email="ada@hku.example", name="Ada")
    answer = come("ada")
    assert answer.url == "/account/sign-in/link-first"
    assert "only its owner can link it" in client.get(answer.url).content.decode()
    assert client.get("/account/").status_code == 302
    client.post("/accounts/login/?next=/account/sign-in/link-first", {"login": ada.email, "password": PASSWORD})
    assert not SocialAccount.objects.exists()
    page = client.get("/account/sign-in/link-first").content.decode()
    assert "Link the two?" in page
    assert client.post("/account/sign-in/link", {"answer": "link"}).url == "/account/sign-in/"
    assert SocialAccount.objects.get().user == ada
    assert "University of Hong Kong" in client.get("/account/sign-in/").content.decode()
    assert AuditEvent.objects.filter(details__event="linked hku").count() == 1
    assert client.get("/account/sign-in/link-first").url == "/accounts/login/"
    later = Client()
    come("ada", later)
    assert later.get("/account/").status_code == 200


def test_not_linking(client, come, make_person):
    make_person(email="ada@hku.example")
    come("ada")
    client.post("/accounts/login/", {"login": "ada@hku.example", "password": PASSWORD})
    assert client.post("/account/sign-in/link", {"answer": "no"}).url == "/account/sign-in/"
    assert not SocialAccount.objects.exists()
    assert client.post("/account/sign-in/link", {"answer": "link"}).url == "/account/sign-in/"
    assert not SocialAccount.objects.exists()


def test_an_unverified_address_with_an_account_gets_no_hint(client, come, make_person, mailoutbox):
    make_person(email="eve@hku.example")
    answer = come("eve")
    assert answer.url == "/accounts/3rdparty/signup/"
    done = client.post(answer.url, {"name": "Eve", "email": "eve@hku.example"})
    assert done.url == "/accounts/confirm-email/"
    assert mailoutbox[0].subject == "You already have an account"
    assert Person.objects.count() == 1
    assert not SocialAccount.objects.exists()


def test_linking_and_undoing(client, come, make_person):
    ada = make_person(email="someone@example.org")
    client.force_login(ada)
    assert come("bob", path="/account/sign-in/link/hku").url == "/account/sign-in/"
    account = SocialAccount.objects.get()
    assert account.user == ada
    # Somebody else cannot link the same account, nor undo the link.
    eve = Client()
    eve.force_login(make_person())
    assert come("bob", eve, path="/account/sign-in/link/hku").url == "/account/sign-in/"
    assert "linked to another account" in eve.get("/account/sign-in/").content.decode()
    assert eve.post(f"/account/sign-in/unlink/{account.pk}").status_code == 404
    ada.set_unusable_password()
    ada.save()
    client.force_login(ada)
    client.post(f"/account/sign-in/unlink/{account.pk}")
    assert "your only way to sign in" in client.get("/account/sign-in/").content.decode()
    assert SocialAccount.objects.exists()
    ada.set_password(PASSWORD)
    ada.save()
    client.force_login(ada)
    client.post(f"/account/sign-in/unlink/{account.pk}")
    assert not SocialAccount.objects.exists()


def changed(monkeypatch, change):
    """Let ``change`` put other claims, or another token, in the place of what the provider answers."""
    real = module.OidcAdapter.get_access_token_data

    def swap(self, *args, **kwargs):
        answer = real(self, *args, **kwargs)
        claims = module.jwtkit.jwt.decode(answer["id_token"], options={"verify_signature": False})
        return answer | {"id_token": change(claims, answer["id_token"])}

    monkeypatch.setattr(module.OidcAdapter, "get_access_token_data", swap)


STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WRONG = {
    "signature of somebody else": lambda p: lambda claims, _token: p.sign(claims, STRANGER),
    "no signature": lambda _p: lambda claims, _token: module.jwtkit.jwt.encode(claims, None, algorithm="none"),
    "signed with the client secret": lambda _p: (
        lambda claims, _token: module.jwtkit.jwt.encode(claims, SECRET, algorithm="HS256", headers={"kid": "test"})
    ),
    "changed on the way": lambda _p: lambda _claims, token: token[:-6] + ("AB"[token[-6] == "A"]) + token[-5:],
    "another audience": lambda p: lambda claims, _token: p.sign(claims | {"aud": "other"}),
    "another issuer": lambda p: lambda claims, _token: p.sign(claims | {"iss": "https://evil.example"}),
    "expired": lambda p: lambda claims, _token: p.sign(claims | {"exp": int(time.time()) - 60}),
    "another person than userinfo": lambda p: lambda claims, _token: p.sign(claims | {"sub": "bob"}),
    "an unknown key": lambda p: lambda claims, _token: p.sign(claims, kid="nobody's"),
    "no token": lambda _p: lambda _claims, _token: "",
    "no JSON web token": lambda _p: lambda _claims, _token: "abc",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_is_not_right_is_refused(wrong, client, come, provider, monkeypatch):
    changed(monkeypatch, WRONG[wrong](provider))
    answer = come("ada")
    assert answer.status_code == 401
    page = answer.content.decode()
    assert "This sign-in was not accepted" in page
    assert "site-header" in page
    assert not Person.objects.exists()
    assert "_auth_user_id" not in client.session


def test_the_same_answer_twice_and_somebody_elses_answer(client, provider, hku):
    away = client.post("/sign-in/hku/")
    back = urlsplit(provider.sign_in(away.url, "ada"))
    # In a browser that did not ask (a link somebody was tricked to open) nothing happens.
    assert Client().get(f"{back.path}?{back.query}").status_code == 401
    assert client.get(f"{back.path}?{back.query}").url == "/accounts/3rdparty/signup/"
    assert client.get(f"{back.path}?{back.query}").status_code == 401
    assert client.get(back.path).status_code == 401
    state = parse_qs(urlsplit(client.post("/sign-in/hku/").url).query)["state"][0]
    assert client.get(f"{back.path}?error=access_denied&state={state}").url == "/accounts/3rdparty/login/cancelled/"
    assert "You did not sign in" in client.get("/accounts/3rdparty/login/cancelled/").content.decode()


def test_the_request_carries_a_challenge_and_nothing_from_the_address(client, hku):
    asked = parse_qs(urlsplit(client.post("/sign-in/hku/?scope=admin&auth_params=prompt%3Dnone").url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in asked
    assert client.get("/sign-in/hku/").url == "/accounts/login/"
    assert client.post("/sign-in/nobody/").status_code == 404
    assert client.get("/accounts/oidc/nobody/callback/").status_code == 404


def test_a_provider_that_is_away_or_another_one(client, hku):
    Institution.objects.update(settings=hku.settings | {"issuer": "http://127.0.0.1:9"})
    assert client.post("/sign-in/hku/").status_code == 401
    Institution.objects.update(active=False)
    assert client.post("/sign-in/hku/").status_code == 404
    assert "University of Hong Kong" not in client.get("/accounts/login/").content.decode()


def test_a_provider_that_calls_itself_otherwise(client, provider, hku):
    Institution.objects.update(settings=hku.settings | {"issuer": provider.url.replace("127.0.0.1", "localhost")})
    assert client.post("/sign-in/hku/").status_code == 401


def test_confirming_through_the_institution(client, come, make_person, monkeypatch):
    ada = make_person(email="ada@hku.example")
    client.force_login(ada)
    SocialAccount.objects.create(user=ada, provider="hku", uid="ada")
    session = client.session
    session["aisc_proved_at"] = 0
    session.save()
    page = client.get("/account/confirm/").content.decode()
    assert 'value="confirm"' in page
    assert come("bob", purpose="confirm").url == "/account/confirm/"
    assert client.session["aisc_proved_at"] == 0
    assert come("ada", purpose="confirm").url == "/account/confirm/go-on"
    assert client.session["aisc_proved_at"] > 0
    # An older session there is no proof, whoever the provider says it is.
    session = client.session
    session["aisc_proved_at"] = 0
    session.save()
    monkeypatch.setattr(module, "JUST_NOW_S", -10)
    assert come("ada", purpose="confirm").url == "/account/confirm/"
    assert client.session["aisc_proved_at"] == 0


def test_the_secret_is_sealed_and_never_shown(client, hku, make_person):
    hku.refresh_from_db()
    assert SECRET not in hku.secret
    client.force_login(make_person("administrator"))
    assert SECRET not in client.get("/centre/sign-in/hku/").content.decode()
    assert SECRET not in str(list(AuditEvent.objects.values_list("details", flat=True)))
