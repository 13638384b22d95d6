"""iAM Smart: signing in by QR code, and its call-backs, against a small server that behaves as published."""

import base64
import importlib.util
import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.test import Client

from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.core.errors import SignInNeeded, Unavailable
from aisc.people import actions
from aisc.people.iam_smart import client as smart_client
from aisc.people.iam_smart import protocol, requests
from aisc.people.models import IamSmartRequest, Person

_spec = importlib.util.spec_from_file_location("iam_smart_server", Path(__file__).with_name("iam_smart_server.py"))
server = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(server)

pytestmark = pytest.mark.django_db
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def running():
    with server.running(KEY.public_key()) as started:
        yield started


@pytest.fixture
def smart(running, settings, tmp_path):
    pem = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    settings.IAM_SMART_URL = running.url
    settings.IAM_SMART_CLIENT_ID, settings.IAM_SMART_CLIENT_SECRET = server.CLIENT, server.SECRET
    settings.IAM_SMART_KEY = str(tmp_path / "key.pem")
    running.refuse = ""
    return running


def come(browser, smart, who="T0ken1sed", path="/sign-in/iam-smart/", **sent):
    away = browser.post(path, sent)
    assert away.url.startswith(smart.url), away.url
    back = urlsplit(smart.approve(away.url, who))
    return browser.get(f"{back.path}?{back.query}")


@pytest.fixture
def ada(client, smart, make_person):
    """Ada, linked to iAM Smart and signed in with it."""
    person = make_person(name="Ada")
    SocialAccount.objects.create(user=person, provider="iam-smart", uid="T0ken1sed")
    assert come(client, smart).url == "/home"
    return person


def call_back(kind, body):
    return Client().post(f"/iam-smart/{kind}", body, content_type="application/json")


def test_it_is_not_there_until_it_is_configured(client):
    assert "iAM Smart" not in client.get("/accounts/login/").content.decode()
    assert client.post("/sign-in/iam-smart/").status_code == 404
    assert client.get("/iam-smart/authentication").status_code == 404
    assert call_back("profile", "{}").status_code == 404


def test_signing_up_asks_for_an_address_and_confirms_it(client, smart, mailoutbox):
    assert "Sign in with iAM Smart" in client.get("/accounts/login/").content.decode()
    answer = come(client, smart)
    assert answer.url == "/accounts/3rdparty/signup/"
    done = client.post(answer.url, {"name": "Ada", "email": "ada@example.org"})
    assert done.url == "/accounts/confirm-email/"
    assert mailoutbox[0].to == ["ada@example.org"]
    assert Person.objects.get().name == "Ada"


def test_signing_in_again(client, ada):
    assert "iAM Smart" in client.get("/account/sign-in/").content.decode()


def test_a_code_works_once_and_only_where_it_was_asked_for(client, smart):
    away = client.post("/sign-in/iam-smart/")
    back = urlsplit(smart.approve(away.url, "x"))
    assert Client().get(f"{back.path}?{back.query}").status_code == 401
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    assert client.get(f"{back.path}?{back.query}").status_code == 401
    away = client.post("/sign-in/iam-smart/")
    state = urlsplit(smart.approve(away.url, "x")).query.split("state=")[1].split("&")[0]
    assert client.get(f"/iam-smart/authentication?state={state}&code=guessed").status_code == 401
    away = client.post("/sign-in/iam-smart/")
    state = urlsplit(smart.approve(away.url, "x")).query.split("state=")[1].split("&")[0]
    assert "cancelled" in client.get(f"/iam-smart/authentication?state={state}&error_code=D40000").url


def test_the_content_key_is_renewed_when_it_ended(client, smart, ada):
    smart.keys.clear()
    assert come(Client(), smart).url == "/home"


def test_step_up_through_the_app(client, smart, ada):
    session = client.session
    session["aisc_proved_at"] = 0
    session.save()
    waiting = client.post("/sign-in/iam-smart/", {"purpose": "confirm"}).url
    asked = IamSmartRequest.objects.get()
    assert smart.asked[asked.business_id]["path"].endswith("/stepup/initiateRequest")
    page = client.get(waiting).content.decode()
    assert "Look at your phone" in page
    assert 'http-equiv="refresh"' in page
    assert smart.asked[asked.business_id]["state"] not in page
    assert Client().get(waiting).status_code == 302
    assert call_back("profile", smart.call_back(asked.business_id, isPassed="true")).status_code == 400
    answer = call_back("step-up", smart.call_back(asked.business_id, isPassed="true"))
    assert (answer.status_code, answer.json()["code"]) == (200, protocol.SUCCESS)
    assert call_back("step-up", smart.call_back(asked.business_id, isPassed="true")).status_code == 400
    assert client.get(waiting).url == "/account/confirm/go-on"
    assert client.session["aisc_proved_at"] > 0
    assert client.get(waiting).status_code == 404


def test_who_does_not_agree_is_not_confirmed(client, smart, ada):
    session = client.session
    session["aisc_proved_at"] = 0
    session.save()
    waiting = client.post("/sign-in/iam-smart/", {"purpose": "confirm"}).url
    asked = IamSmartRequest.objects.get()
    assert call_back("step-up", smart.call_back(asked.business_id, isPassed="false")).status_code == 200
    assert client.get(waiting).url == "/account/"
    assert client.session["aisc_proved_at"] == 0


def test_filling_in_the_name(client, smart, ada):
    waiting = client.post("/account/iam-smart/name").url
    asked = IamSmartRequest.objects.get()
    assert smart.asked[asked.business_id]["profileFields"] == ["enName", "chName"]
    call_back("profile", smart.call_back(asked.business_id, chName={"ChineseName": "陳大文"}, enName="CHAN Tai Man"))
    assert "陳大文" not in IamSmartRequest.objects.get().answer
    assert client.get(waiting).url == "/account/"
    assert client.session["aisc_suggested_name"] == "陳大文"


def test_without_a_token_or_an_answer_one_types_it(client, smart, ada, make_person):
    smart.refuse = "D40000"
    assert client.post("/account/iam-smart/name").url == "/account/"
    assert not IamSmartRequest.objects.exists()
    client.force_login(make_person())
    assert client.post("/account/iam-smart/name").url == "/account/"
    assert "Sign in with iAM Smart first" in client.get("/account/").content.decode()


def test_signing(client, smart, ada, rf):
    request = rf.post("/")
    request.session, request.actor = client.session, Actor(person=ada)
    asked = requests.ask_signature(request, requests.token_of(request), digest="ab" * 32, document="Agreement 1")
    assert smart.asked[asked.business_id]["hashCode"] == "ab" * 32
    refused = json.loads(smart.call_back(asked.business_id, timestamp=1)) | {"code": "D40001"}
    assert call_back("signing", json.dumps(refused)).status_code == 200
    asked.refresh_from_db()
    assert asked.agreed is False
    again = requests.ask_signature(request, requests.token_of(request), digest="cd" * 32, document="Agreement 2")
    call_back("signing", smart.call_back(again.business_id, signature="c2ln", cert="Y2VydA=="))
    again.refresh_from_db()
    assert (again.agreed, requests.answer_of(again)) == (True, {"signature": "c2ln", "cert": "Y2VydA=="})
    assert requests.answer_of(IamSmartRequest()) == {}


def test_call_backs_that_are_not_from_there(client, smart, ada):
    client.post("/account/iam-smart/name")
    asked = IamSmartRequest.objects.get()
    good = json.loads(smart.call_back(asked.business_id))
    smart.asked[asked.business_id]["state"] = "guessed"
    wrong = [
        "",
        "[]",
        "{}",
        json.dumps(good | {"content": good["content"][:-8] + "AAAAAAA="}),
        json.dumps(good | {"secretKey": "AAAA"}),
        json.dumps(good | {"secretKey": "?"}),
        json.dumps(good | {"content": "AAAA"}),
        smart.call_back(asked.business_id),
        " " * 1_000_001,
    ]
    for body in wrong:
        assert call_back("profile", body).status_code == 400
    assert call_back("nonsense", "{}").status_code == 404
    with clock.fixed(clock.now() + timedelta(minutes=11)):
        assert call_back("profile", json.dumps(good)).status_code == 400
    asked.refresh_from_db()
    assert asked.answered_at is None
    assert call_back("profile", json.dumps(good)).status_code == 200


def test_when_it_is_away(smart, tmp_path):
    away = smart_client.Smart("http://127.0.0.1:9", "a", "b", tmp_path / "key.pem")
    with pytest.raises(Unavailable, match="does not answer"):
        away.token("x")
    stranger = smart_client.Smart(smart.url, server.CLIENT, "wrong", tmp_path / "key.pem")
    with pytest.raises(smart_client.Refused, match="D20006"):
        stranger.token("x")


def test_what_is_garbled():
    key = bytes(32)
    assert protocol.unseal(protocol.seal({"name": "陳"}, key), key) == {"name": "陳"}
    for sealed in ("?", "AAAA", protocol.seal({}, bytes(31) + b"x")):
        with pytest.raises(protocol.Garbled):
            protocol.unseal(sealed, key)
    short = KEY.public_key().encrypt(b"short", padding.PKCS1v15())
    with pytest.raises(protocol.Garbled, match="256 bits"):
        protocol.open_key(base64.b64encode(short).decode(), KEY)


def test_strangers_ask_nothing(client, smart):
    for nobody in (Actor(), system("test")):
        with pytest.raises(SignInNeeded):
            actions.ask_iam_smart(nobody, kind="profile", business_id="1", state="2", session_key="3")
    assert client.post("/account/iam-smart/name").status_code == 302
