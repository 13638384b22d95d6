"""Passkeys in a real browser, with the virtual authenticator that Chromium has for it."""

import os

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.staticfiles.handlers import StaticFilesHandler
from playwright.sync_api import expect, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"


@pytest.fixture
def page(live_server, settings, monkeypatch):
    # Django's test server would look for static files by their plain names; the portal's own answers the hashed ones.
    monkeypatch.setattr(StaticFilesHandler, "_should_handle", lambda _handler, _path: False)
    # Browsers give passkeys to names alone; Django's own server says "localhost".
    settings.ALLOWED_HOSTS = ["localhost"]
    # The browser's library runs a loop of its own in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
            context = browser.new_context(base_url=live_server.url.replace("127.0.0.1", "localhost"))
            page = context.new_page()
            page.errors = []
            page.on("pageerror", lambda error: page.errors.append(str(error)))
            device = context.new_cdp_session(page)
            device.send("WebAuthn.enable")
            authenticator = {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
            made = device.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
            page.device, page.authenticator = device, made["authenticatorId"]
            yield page
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def sign_in(page, person):
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page):
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()


def test_a_passkey_from_its_making_to_its_end(page, make_person):
    ada = make_person(email="ada@example.org", name="Ada")
    sign_in(page, ada)
    page.goto("/account/sign-in/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Ada's phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/account/sign-in/")
    row = page.get_by_role("row", name="Ada's phone")
    expect(row).to_contain_text("alone")

    # Without a password, and with the passkey as second factor after one.
    sign_out(page)
    page.goto("/accounts/login/?next=/account/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    sign_out(page)
    sign_in(page, ada)
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/home")

    # To confirm that it is her.
    page.goto("/accounts/2fa/webauthn/reauthenticate/?next=/account/sign-in/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Signing in")).to_be_visible()

    # Its PIN or finger is wrong: the page says so and nothing happens.
    page.device.send("WebAuthn.setUserVerified", {"authenticatorId": page.authenticator, "isUserVerified": False})
    sign_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    page.device.send("WebAuthn.setUserVerified", {"authenticatorId": page.authenticator, "isUserVerified": True})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/home")

    # It stays while it is the only way in, and goes when it is not.
    ada.set_unusable_password()
    ada.save()
    sign_out_and_in_with_passkey(page)
    remove(page)
    expect(page.get_by_text("your only way to sign in")).to_be_visible()
    assert Authenticator.objects.filter(type="webauthn").exists()
    ada.set_password(PASSWORD)
    ada.save()
    sign_out_and_in_with_passkey(page)
    remove(page)
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    assert not Authenticator.objects.exists()
    assert page.errors == []


def sign_out_and_in_with_passkey(page):
    # A new password ends the session, so that there is nothing to sign out of.
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/home")
    page.goto("/account/sign-in/")


def remove(page):
    page.get_by_role("row", name="Ada's phone").locator("summary").click()
    page.get_by_role("button", name="Remove it").click()
