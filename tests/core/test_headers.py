"""Headers and cookies; that every page has them is asked by the walk in ``end_to_end/test_who_may_what.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.http import HttpResponse, HttpResponseRedirect
from django.test import Client, RequestFactory

from aisc.core.headers import SecurityHeaders, policy

SHOWN = """
import json
from aisc.core import settings
names = [n for n in dir(settings) if n.isupper() and ("COOKIE" in n or "HSTS" in n)]
print(json.dumps({n: getattr(settings, n) for n in names}, default=str))
"""


def settings_for(url: str, tmp_path) -> dict:
    env = os.environ | {"AISC_PUBLIC_URL": url, "AISC_STATE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SHOWN], env=env, capture_output=True, check=True)
    return json.loads(done.stdout)


def test_under_https_cookies_are_bound_to_the_host_and_https_is_remembered(tmp_path):
    found = settings_for("https://aisc.example.org", tmp_path)
    for kind in ("SESSION", "CSRF", "LANGUAGE"):
        assert found[f"{kind}_COOKIE_NAME"].startswith("__Host-")
        assert found[f"{kind}_COOKIE_SECURE"] is found[f"{kind}_COOKIE_HTTPONLY"] is True
        assert found[f"{kind}_COOKIE_SAMESITE"] == "Lax"
    assert found["SECURE_HSTS_SECONDS"] == 31_536_000


def test_without_https_cookies_work_and_nothing_is_remembered(tmp_path):
    found = settings_for("http://127.0.0.1:8000", tmp_path)
    assert found["SESSION_COOKIE_NAME"] == "aisc_session_8000"
    assert (found["SESSION_COOKIE_SECURE"], found["SECURE_HSTS_SECONDS"]) == (False, 0)


def test_nothing_inline_and_nothing_from_elsewhere(settings):
    assert "unsafe" not in policy()
    assert "upgrade-insecure-requests" not in policy()
    settings.PUBLIC_URL = "https://aisc.example.org"
    assert policy().endswith("upgrade-insecure-requests")


@pytest.fixture
def answered(rf: RequestFactory):
    def ask(response: HttpResponse, *, method: str = "post", **headers: str) -> HttpResponse:
        from django.contrib.auth.models import AnonymousUser

        request = getattr(rf, method)("/accounts/x/", headers=headers)
        request.user = AnonymousUser()
        return SecurityHeaders(lambda _request: response)(request)

    return ask


def test_an_answer_keeps_the_policy_that_it_has(answered):
    kept = answered(HttpResponse(headers={"Content-Security-Policy": "sandbox"}))
    assert kept.headers["Content-Security-Policy"] == "sandbox"


def test_a_form_leads_to_another_site_by_a_page_in_between(answered):
    away = HttpResponseRedirect("https://login.example.edu/authorise?a=1&b=2")
    away.set_cookie("kept", "yes")
    page = answered(away, **{"Sec-Fetch-Mode": "navigate"})
    text = page.content.decode()
    assert (page.status_code, page.cookies["kept"].value) == (200, "yes")
    assert 'content="0; url=https://login.example.edu/authorise?a=1&amp;b=2"' in text
    assert "script" not in text.partition("<main")[2].partition("</main")[0]


@pytest.mark.parametrize(
    ("where", "method", "mode"),
    [
        ("/home", "post", "navigate"),
        ("http://testserver/home", "post", "navigate"),
        ("https://login.example.edu/", "get", "navigate"),
        ("https://login.example.edu/", "post", "cors"),
    ],
)
def test_other_redirects_are_left_alone(answered, where, method, mode):
    assert answered(HttpResponseRedirect(where), method=method, **{"Sec-Fetch-Mode": mode}).status_code == 302


def test_too_many_tries_say_when_to_come_back(answered):
    assert answered(HttpResponse(status=429)).headers["Retry-After"] == "60"
    assert answered(HttpResponse(status=429, headers={"Retry-After": "5"})).headers["Retry-After"] == "5"


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"])
@pytest.mark.parametrize("page", ["/i18n/setlang/", "/accounts/login/", "/accounts/logout/"])
def test_nobody_is_led_away_by_an_address_in_the_link(make_person, page, next_page):
    person = make_person()
    client = Client()
    if page != "/accounts/login/":
        client.force_login(person)
    body = {"next": next_page, "language": "en", "login": person.email, "password": "correct horse battery"}
    answer = client.post(f"{page}?next={next_page}", body)
    assert answer.status_code == 302
    assert answer.headers["Location"] in ("/", "/home")
