"""The API: the caller, sign-up, tokens, notices."""

import re

import pytest

from aisc.people import actions
from aisc.people.models import ApiToken, Person
from aisc.people.notices import notify

PASSWORD = "correct horse battery"


def test_nobody_is_told_to_send_a_token(call, db):
    for path in ("/whoami", "/tokens", "/organisations", "/projects", "/centre/roles", "/notices"):
        answer = call("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")
        assert answer["Content-Type"] == "application/problem+json"
    assert call("POST", "/organisations", {"name_en": "A", "category": "other"}).status_code == 401


@pytest.mark.parametrize("header", ["Bearer aisc_wrong", "Bearer ", "Basic YTpi", "aisc_x"])
def test_a_wrong_token_is_nobody_even_beside_a_session(header, call, client, make_person):
    client.force_login(make_person())
    assert call("GET", "/whoami").status_code == 200
    assert call("GET", "/whoami", headers={"Authorization": header}).status_code == 401


def test_whoami(call, cast, secret_of, member):
    member(cast.member, cast.project, "manager")
    answer = call("GET", "/whoami", secret=secret_of(cast.member, "read", "jobs"))
    assert answer.json() == {
        "person": {"uid": cast.member.uid, "name": "Member", "email": cast.member.email},
        "language": "en",
        "roles": [
            {"organisation": cast.organisation.uid, "project": None, "name": str(cast.organisation), "role": "member"},
            {
                "organisation": cast.organisation.uid,
                "project": cast.project.uid,
                "name": str(cast.project),
                "role": "manager",
            },
        ],
        "centre_roles": [],
        "scopes": ["jobs", "read"],
    }
    auditor = cast.people["centre_auditor"]
    assert call("GET", "/whoami", secret=secret_of(auditor)).json()["centre_roles"] == ["auditor"]
    refused = call("GET", "/whoami", secret=secret_of(cast.member, "jobs"))
    assert (refused.status_code, refused.json()["code"]) == (403, "token.scope")


def test_whoami_in_a_session_needs_csrf_to_write(make_person, settings):
    from django.test import Client

    ada = make_person(name="Ada")
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.get("/api/v1/whoami").json()["scopes"] is None
    send = {"content_type": "application/json", "data": '{"name": "陳大文"}'}
    refused = client.patch("/api/v1/whoami", **send)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    client.get("/accounts/logout/")  # a page that hands out the cookie
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    answer = client.patch("/api/v1/whoami", **send, headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.json()["person"]["name"]) == (200, "陳大文")


def test_changing_oneself(call, make_person, secret_of):
    ada = make_person(name="Ada")
    answer = call("PATCH", "/whoami", {"language": "zh-hant"}, secret=secret_of(ada))
    assert (answer.status_code, answer.json()["language"]) == (200, "zh-hant")
    answer = call("PATCH", "/whoami", {"name": "a\u202eb"}, secret=secret_of(ada))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")
    assert call("PATCH", "/whoami", {"name": "B"}, secret=secret_of(ada, "read")).status_code == 403
    ada.refresh_from_db()
    assert (ada.name, ada.language) == ("Ada", "zh-hant")


def test_signing_up(call, db, mailoutbox, django_capture_on_commit_callbacks):
    body = {"email": "Ada@example.org", "name": "陳大文", "password": PASSWORD, "language": "zh-hant"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = call("POST", "/signup", body)
    assert answer.status_code == 202
    given = answer.json()
    assert (given["email"], set(given)) == ("ada@example.org", {"sign_up", "email", "next"})
    code = re.search(r"^ {4}(\S+)$", mailoutbox[0].body, re.MULTILINE)[1]
    wrong = call("POST", "/signup/confirm", {"sign_up": given["sign_up"], "code": "AAAA-AAAA"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "code.wrong")
    answer = call("POST", "/signup/confirm", {"sign_up": given["sign_up"], "code": code})
    ada = Person.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {"uid": ada.uid, "name": "陳大文", "email": "ada@example.org"},
    )
    token = call("POST", "/tokens", {"email": "ada@example.org", "password": PASSWORD})
    assert token.status_code == 201
    assert call("GET", "/whoami", secret=token.json()["secret"]).json()["person"]["uid"] == ada.uid


def test_signing_up_tells_nothing_of_who_is_here(call, make_person, mailoutbox, django_capture_on_commit_callbacks):
    make_person(email="known@example.org")
    with django_capture_on_commit_callbacks(execute=True):
        answers = [
            call("POST", "/signup", {"email": email, "name": "A", "password": PASSWORD})
            for email in ("known@example.org", "new@example.org")
        ]
    assert [answer.status_code for answer in answers] == [202, 202]
    shapes = [
        {key: re.sub(r"(known|new)@|sgn-\w+", "", value) for key, value in each.json().items()} for each in answers
    ]
    assert shapes[0] == shapes[1]
    assert [mail.to[0] for mail in mailoutbox] == ["known@example.org", "new@example.org"]
    headers = [sorted(set(answer.headers) - {"X-Request-ID"}) for answer in answers]
    assert headers[0] == headers[1]


def test_sign_up_errors(call, db):
    answer = call("POST", "/signup", {"email": "ada", "name": "A", "password": PASSWORD})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "email")
    answer = call("POST", "/signup", {"email": "ada@example.org"})
    assert answer.status_code == 422
    assert {error["field"].split(".")[-1] for error in answer.json()["errors"]} == {"name", "password"}
    for _ in range(5):
        assert call("POST", "/signup", {"email": "a@example.org", "name": "A", "password": PASSWORD}).status_code == 202
    answer = call("POST", "/signup", {"email": "a@example.org", "name": "A", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"], answer.json()["retry_after"]) == (429, "too_often", 3600)


def test_a_token_by_password(call, make_person):
    ada = make_person(email="ada@example.org")
    body = {"email": " Ada@example.org", "password": PASSWORD, "name": "laptop", "scopes": ["read"], "days": 7}
    answer = call("POST", "/tokens", body)
    assert answer.status_code == 201
    token = ApiToken.objects.get()
    assert answer.json()["secret"].startswith(token.prefix)
    assert (answer.json()["id"], answer.json()["scopes"], token.person) == (token.pk, ["read"], ada)
    every = call("POST", "/tokens", {"email": "ada@example.org", "password": PASSWORD}).json()
    assert every["scopes"] == ["read", "jobs", "people", "scheme", "money", "centre", "account"]
    bad = call("POST", "/tokens", {"email": "ada@example.org", "password": PASSWORD, "days": 1000})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "days")


def test_all_that_is_wrong_with_a_password_looks_the_same(call, make_person):
    from allauth.account.models import EmailAddress

    make_person(email="ada@example.org")
    unconfirmed = make_person(email="unconfirmed@example.org")
    EmailAddress.objects.filter(user=unconfirmed).update(verified=False)
    closed = make_person(email="closed@example.org")
    closed.is_active = False
    closed.save()
    answers = [
        call("POST", "/tokens", {"email": email, "password": password})
        for email, password in (
            ("ada@example.org", "wrong password"),
            ("nobody@example.org", PASSWORD),
            ("unconfirmed@example.org", PASSWORD),
            ("closed@example.org", PASSWORD),
        )
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.json() | {"request_id": ""} == answers[0].json() | {"request_id": ""}
    assert answers[0].json()["code"] == "sign_in.wrong"
    assert not ApiToken.objects.exists()


def test_passwords_cannot_be_tried_for_ever(call, make_person, client):
    make_person(email="ada@example.org")
    for _ in range(5):
        assert call("POST", "/tokens", {"email": "ada@example.org", "password": "wrong"}).status_code == 401
    answer = call("POST", "/tokens", {"email": "ada@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.json()["retry_after"]) == (429, 300)
    # The page counts the same tries.
    page = client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert page.status_code == 200
    assert "Too many failed login attempts" in page.content.decode()


def test_ones_own_tokens(call, make_person, secret_of, acting):
    ada, bob = make_person(), make_person()
    secret = secret_of(ada)
    second, _secret = actions.issue_token(acting(ada), name="second", scopes=["read"])
    theirs, _secret = actions.issue_token(acting(bob), name="theirs", scopes=["read"])
    answer = call("GET", "/tokens", secret=secret).json()
    assert [token["name"] for token in answer["items"]] == ["second", "test"]
    assert answer["next"] is None
    assert "secret" not in answer["items"][0]
    page = call("GET", "/tokens?limit=1", secret=secret).json()
    assert [token["name"] for token in page["items"]] == ["second"]
    page = call("GET", f"/tokens?limit=1&cursor={page['next']}", secret=secret).json()
    assert ([token["name"] for token in page["items"]], page["next"]) == (["test"], None)
    assert call("DELETE", f"/tokens/{theirs.pk}", secret=secret).status_code == 404
    first = call("DELETE", f"/tokens/{second.pk}", secret=secret, key="once")
    again = call("DELETE", f"/tokens/{second.pk}", secret=secret, key="once")
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (204, 204, "true")
    second.refresh_from_db()
    theirs.refresh_from_db()
    assert (second.revoked_at is None, theirs.revoked_at) == (False, None)


def test_notices(call, make_person, secret_of):
    ada = make_person()
    secret = secret_of(ada)  # which leaves a notice, too
    first = notify(ada, "One", url="/x/")
    notify(make_person(), "Not yours")
    items = call("GET", "/notices", secret=secret).json()["items"]
    assert [(item["text"], item["url"]) for item in items] == [
        ("One", "/x/"),
        ("The API token “test” was made.", "/account/tokens/"),
    ]
    assert call("POST", f"/notices/read?id={first.pk}", secret=secret).json() == {"marked": 1}
    assert [item["id"] for item in call("GET", "/notices?unread=true", secret=secret).json()["items"]] != [first.pk]
    assert call("POST", "/notices/read", secret=secret).json() == {"marked": 1}
    assert call("POST", "/notices/read", secret=secret).json() == {"marked": 0}
