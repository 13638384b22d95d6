"""Secrets that people type or are given are written nowhere: no log, no audit row, no file of the state folder.

Each way in is walked with secrets of its own, right and wrong ones, at the most talkative log level; then all that
was written is searched for them. A password is kept as its argon2 hash, a token as its digest.
"""

from __future__ import annotations

import json
import logging

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from aisc.people.models import ApiToken

RIGHT, WRONG, NEW = "right-Sesame-4711", "wrong-Sesame-0815", "new-Sesame-2342"


@pytest.fixture
def talkative(caplog):
    caplog.set_level(logging.DEBUG)
    cache.clear()
    return caplog


def call(client: Client, method: str, path: str, body: dict, **headers: str):
    return client.generic(method, f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.django_db
def test_no_secret_is_written_anywhere(talkative, make_person, monkeypatch):
    person = make_person(email="walker@example.org")
    person.set_password(RIGHT)
    person.save()
    client = Client(raise_request_exception=False)

    # the API: tokens by password, wrong and right; used, misused, broken
    assert call(client, "POST", "/tokens", {"email": person.email, "password": WRONG}).status_code == 401
    made = call(client, "POST", "/tokens", {"email": person.email, "password": RIGHT, "name": "walk"})
    secret = made.json()["secret"]
    bearer = {"Authorization": f"Bearer {secret}"}
    assert call(client, "GET", "/whoami", {}, **bearer).status_code == 200
    forged = f"{secret[:-4]}zzzz"
    assert call(client, "GET", "/whoami", {}, Authorization=f"Bearer {forged}").status_code == 401
    assert call(client, "PATCH", "/whoami", {"name": 7, "password": WRONG}, **bearer).status_code == 422
    call(client, "POST", "/signup", {"email": "new@example.org", "name": "New", "password": NEW, "language": "en"})

    # a fault of our own, whose traceback is logged
    def broken(*_args, **_kwargs):
        raise RuntimeError("broken on purpose")

    with monkeypatch.context() as patched:
        patched.setattr("aisc.people.queries.roles_of", broken)
        assert call(client, "GET", "/whoami", {}, **bearer).status_code == 500

    # the pages: signing in, wrong and right; another password; a token shown once
    client.post("/accounts/login/", {"login": person.email, "password": WRONG})
    assert client.post("/accounts/login/", {"login": person.email, "password": RIGHT}).status_code == 302
    page = client.post("/account/tokens/", {"name": "page", "scopes": ["read"], "days": "30"})
    client.post("/accounts/password/change/", {"oldpassword": RIGHT, "password1": NEW, "password2": NEW})

    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    secrets = [RIGHT, WRONG, NEW, secret, forged, session]
    assert page.status_code in (200, 302)
    assert ApiToken.objects.filter(person=person).exists()
    assert found_in(talkative.text, secrets) == []
    assert found_in(rows(), secrets[:-1]) == []  # the session's row is the session's key
    assert found_in(files(), secrets) == []


def found_in(text: str, secrets: list[str]) -> list[str]:
    return [secret for secret in secrets if secret in text]


def rows() -> str:
    """Everything in every table, as the database has it."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            found += [str(row) for row in cursor.fetchall()]
    return "\n".join(found)


def files() -> str:
    """Everything in the state folder but the database, which :func:`rows` reads, and mails, which are the person's."""
    left_out = (settings.STATE.mail, settings.STATE.secret)
    found = []
    for path in settings.STATE.root.rglob("*"):
        if path.is_file() and not any(path == each or each in path.parents for each in left_out):
            found.append(path.read_bytes().decode(errors="replace"))
    return "\n".join(found)
