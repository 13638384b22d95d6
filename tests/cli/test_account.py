"""Signing up, in, and out; tokens; who one is."""

from __future__ import annotations

import uuid

import live
import pytest
from faulty import answer, drop, problem

from aisc.cli.user import account, config

PASSWORD = "a long enough phrase"


@pytest.fixture
def address():
    return f"{uuid.uuid4().hex[:12]}@example.org"


def test_signing_up_by_answering_questions(aisc, centre, address, at_terminal, monkeypatch):
    codes = iter(["AAAA-AAAA", None])

    def code_from_mail(label, option, **options):
        if label != "Code from the mail":
            return original(label, option, **options)
        return next(codes) or centre.mailed_code(address)

    original = account.ask.text
    monkeypatch.setattr(account.ask, "text", code_from_mail)
    done = aisc("signup", who="", input=f"{address}\n陳大文\n{PASSWORD}\n{PASSWORD}\ny\ny\n")
    assert f"A code was mailed to {address}" in done.err
    assert "This code is wrong or no longer works" in done.err
    assert f"Signed in at {centre.url} as {address}" in done.out
    settings = config.load()
    assert (settings.email, settings.url, settings.token[:5]) == (address, centre.url, "aisc_")
    assert "陳大文" in aisc("whoami", who="").out


def test_giving_up_on_the_code(aisc, address, at_terminal):
    done = aisc("signup", who="", input=f"{address}\nX\n{PASSWORD}\n{PASSWORD}\ny\nAAAA-AAAA\nn\n", code=3)
    assert "This code is wrong" in done.err
    assert config.load().token == ""


def test_the_terms_of_use_are_shown_and_accepted_or_nothing_happens(aisc, address, at_terminal):
    no = aisc("signup", who="", input=f"{address}\nX\n{PASSWORD}\n{PASSWORD}\nn\n", code=3)
    assert "Terms of use, version 1: " in no.err
    assert "No account was asked for" in no.err


def test_signing_up_in_two_steps_without_a_terminal(aisc, centre, address):
    asked = aisc(
        "signup",
        "--email",
        address,
        "--name",
        "Bot",
        "--password-stdin",
        "--accept-terms",
        "--json",
        who="",
        input=f"{PASSWORD}\n",
    ).json
    code = centre.mailed_code(address)
    done = aisc("signup", "--sign-up", asked["sign_up"], "--code", code, who="")
    assert f"{address} is confirmed. Now run “aisc login”." in done.out
    aisc("login", "--email", address, "--password-stdin", who="", input=PASSWORD)
    assert aisc("whoami", "--json", who="").json["person"]["email"] == address


def test_terms_are_not_accepted_by_nobody(aisc, address):
    given = ("signup", "--email", address, "--name", "B", "--password-stdin")
    done = aisc(*given, who="", input=PASSWORD, code=2)
    assert "Read the terms of use, then say --accept-terms" in done.err


def test_the_first_step_says_what_the_second_is(aisc, address):
    done = aisc(
        "signup", "--email", address, "--name", "B", "--password-stdin", "--accept-terms", who="", input=PASSWORD
    )
    assert "aisc signup --sign-up sgn-" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["signup"], "--email is needed where nobody can be asked"),
        (["signup", "--email", "a@b.example"], "--name is needed"),
        (["signup", "--email", "a@b.example", "--name", "A"], "--password-stdin is needed"),
        (["signup", "--email", "a@b.example", "--name", "A", "--password-stdin"], "nothing on standard input"),
        (["signup", "--code", "X"], "--code needs --sign-up"),
        (["login"], "--email or --token is needed"),
        (["login", "--email", "a@b.example"], "--password-stdin or --token is needed"),
    ],
)
def test_what_is_needed_where_nobody_can_be_asked(aisc, arguments, words):
    assert words in aisc(*arguments, who="", code=2).err


def test_a_password_that_is_too_simple_is_refused(aisc, address):
    done = aisc(
        "signup",
        "--email",
        address,
        "--name",
        "B",
        "--password-stdin",
        "--accept-terms",
        "--json",
        who="",
        input="short",
        code=3,
    )
    assert done.json["errors"][0]["field"] == "password"


def test_signing_in_and_out(aisc, centre):
    who = "newcomer@example.org"
    done = aisc("login", "--email", who, "--password-stdin", "--days", "2", who="", input=live.PASSWORD + "\n")
    assert done.out.startswith(f"Signed in at {centre.url} as {who}, until ")
    token = config.load().token
    assert token not in done.out + done.err
    done = aisc("logout", who="")
    assert (done.out, config.load().token, config.load().url) == ("Signed out.\n", "", centre.url)
    assert "You were not signed in" in aisc("logout", who="").out
    assert "You are not signed in. Run “aisc login”" in aisc("whoami", who="", code=4).err
    # The token is no longer good, for anybody who kept a copy of it.
    done = aisc("whoami", "--json", who="", AISC_TOKEN=token, code=4)
    assert (done.json["exit_code"], done.json["status"]) == (4, 401)


def test_a_wrong_password(aisc):
    done = aisc("login", "--email", "newcomer@example.org", "--password-stdin", who="", input="wrong", code=4)
    assert "wrong" in done.err
    assert "aisc login" not in done.err


@pytest.mark.parametrize("given", ["option", "standard input"])
def test_signing_in_with_a_token(aisc, token_of, given):
    token = token_of("auditor")
    if given == "option":
        aisc("login", "--token", token, who="")
    else:
        aisc("login", "--token", "-", who="", input=token + "\n")
    assert (config.load().token, config.load().email) == (token, "auditor@example.org")
    assert "auditor" in aisc("whoami", who="").out


def test_a_token_that_was_brought_along_is_ended_too(aisc, centre):
    aisc("login", "--email", "newcomer@example.org", "--password-stdin", who="", input=live.PASSWORD)
    token = config.load().token
    aisc("login", "--token", token, who="")
    assert config.load().token_id == 0
    assert aisc("logout", "--json", who="").json == {"signed_out": True, "token_ended": True}
    aisc("whoami", who="", AISC_TOKEN=token, code=4)


def test_a_bad_token_is_not_kept(aisc):
    assert aisc("login", "--token", "aisc_bad", who="", code=4).err.endswith("Run “aisc login”.\n")
    assert config.load().token == ""


@pytest.mark.parametrize(
    ("script", "ended"), [((drop,), False), ((problem(401, "sign_in_needed", "No."),), True), ((answer(204),), True)]
)
def test_signing_out_whatever_the_centre_says(command, faulty, script, ended):
    server = faulty(*script)
    config.save(config.Config(url=server.url, token="aisc_x", token_id=7))
    assert command("logout", "--json").json == {"signed_out": True, "token_ended": ended}
    assert config.load().token == ""


def test_the_address_of_the_centre_is_kept(command, centre):
    command(
        "login", "--url", f"{centre.url}/", "--email", "newcomer@example.org", "--password-stdin", input=live.PASSWORD
    )
    assert "newcomer" in command("whoami").out
    # Another centre does not get this one's token.
    command("login", "--url", "http://127.0.0.1:9", "--token", "aisc_x", code=5)
    assert (config.load().url, config.load().token) == ("http://127.0.0.1:9", "")


def test_an_address_in_the_environment_goes_first(command, centre):
    done = command("login", "--url", "http://elsewhere", "--token", "x", AISC_URL=centre.url, code=2)
    assert f"AISC_URL is set to {centre.url} and goes before --url" in done.err


def test_a_token_in_the_environment_is_mentioned(aisc, token_of):
    assert "AISC_TOKEN is set and goes before" in aisc("login", "--token", token_of("auditor"), who="auditor").err


@pytest.mark.parametrize(
    ("url", "careful"),
    [
        ("http://centre.example", True),
        ("http://10.0.0.5:8000", True),
        ("https://centre.example", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_a_password_in_clear_is_warned_of(home, monkeypatch, capsys, url, careful):
    monkeypatch.setenv("AISC_URL", url)
    account._warn_of_clear_text()
    assert ("without encryption" in capsys.readouterr().err) is careful


def test_who_am_i(aisc):
    out = aisc("whoami").out
    assert "Aarav Sharma" in out
    assert "Harbour Robotics Limited: member (and all its projects)" in out
    assert "none yet: make an organisation" in aisc("whoami", who="operator").out


def test_notices(aisc):
    assert "Harbour Robotics" in aisc("notices", "-n", "100").out
    assert len(aisc("notices", "--unread", "-n", "1", "--json").json) == 1


def test_tokens(aisc, centre):
    aisc("login", "--email", "newcomer@example.org", "--password-stdin", who="", input=live.PASSWORD)
    made = aisc("tokens", "new", "nightly", "--scope", "read", "--password-stdin", who="", input=live.PASSWORD)
    secret = made.out.strip()
    assert "Keep it now" in made.err
    assert aisc("whoami", "--json", who="", AISC_TOKEN=secret).json["scopes"] == ["read"]
    found = next(each for each in aisc("tokens", "--json", who="").json if each["name"] == "nightly")
    assert secret.startswith(found["prefix"])
    assert "nightly" in aisc("tokens", "list", who="").out
    assert aisc("tokens", "revoke", found["id"], who="").out == f"Revoked: {found['id']}.\n"
    assert "revoked" in aisc("tokens", who="").out
    also = aisc("tokens", "new", "x", "--password-stdin", "--json", who="", input=live.PASSWORD).json
    assert also["secret"].startswith("aisc_")
    aisc("tokens", "revoke", also["id"], who="")
    aisc("tokens", "revoke", 999_999_999, who="", code=3)
    aisc("logout", who="")
