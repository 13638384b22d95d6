"""``aisc signup``, ``login``, ``logout``, ``whoami``, ``notices``."""

from __future__ import annotations

import os
import platform
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from aisc.cli.output import Exit, Json, add, facts, fail, say, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import ask, config, words
from aisc.cli.user.session import centre, refuse

if TYPE_CHECKING:
    from aisc.client import Client

Url = Annotated[str, typer.Option("--url", help="Address of the centre, kept for later commands.", metavar="URL")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Days = Annotated[int, typer.Option("--days", min=1, max=365, help="How long this machine stays signed in.")]


def signup(
    email: Annotated[str, typer.Option(help="Your e-mail address.")] = "",
    name: Annotated[str, typer.Option(help="Your name, in any script.")] = "",
    password_stdin: PasswordStdin = False,
    sign_up: Annotated[str, typer.Option(help="With --code: which sign-up, from the first step's answer.")] = "",
    code: Annotated[str, typer.Option(help="The code from the mail.")] = "",
    accept_terms: Annotated[bool, typer.Option(help="Accept the centre's terms of use without being asked.")] = False,
    url: Url = "",
    days: Days = 90,
    json: Json = False,
) -> None:
    """Make an account, and sign in on this machine.

    A code is mailed to your address. Where nobody can be asked, it takes two steps: the first
    answers with a sign-up number, the second is “aisc signup --sign-up NUMBER --code CODE”.
    """
    if url:
        _keep_url(url)
    if code:
        if not sign_up:
            fail(_("--code needs --sign-up, the number from the first step's answer."), Exit.USAGE)
        with centre(signed_in=False) as client:
            person = client.accounts.confirm(sign_up, code)
        show(person, _("{email} is confirmed. Now run “aisc login”.").format(email=words.plain(person.email)))
        return
    email = email or ask.text(_("E-mail address"), "--email")
    name = name or ask.text(_("Your name"), "--name")
    password = (
        ask.from_stdin()
        if password_stdin
        else ask.secret(pgettext("terminal", "Password"), "--password-stdin", confirm=True)
    )
    with centre(signed_in=False) as client:
        terms = _accept_terms(client, agreed=accept_terms)
        asked = client.accounts.sign_up(email=email, name=name, password=password, terms=terms)
        if not ask.interactive():
            show(
                asked,
                f"{words.plain(asked.next)}\naisc signup --sign-up {asked.sign_up} --code CODE",
            )
            return
        say(_("A code was mailed to {email}. It works for 15 minutes.").format(email=asked.email))
        _confirm(client, asked.sign_up)
        _sign_in(client, email, password, days)


def _accept_terms(client: Client, *, agreed: bool) -> str:
    """The digest of the terms that were accepted; “” where the centre has none. Ends the command at a no."""
    terms = client.accounts.terms()
    if terms is None:
        return ""
    wording = terms.wording
    say(_("{title}, version {version}: {url}").format(title=wording.title, version=terms.version, url=wording.url))
    if not agreed:
        if not ask.interactive():
            fail(_("Read the terms of use, then say --accept-terms."), Exit.USAGE)
        if not ask.yes(_("Do you accept them?")):
            fail(_("No account was asked for."), Exit.REFUSED)
    return wording.sha256


def _confirm(client: Client, sign_up: str) -> None:
    from aisc.client import BadInput

    while True:
        try:
            client.accounts.confirm(sign_up, ask.text(_("Code from the mail"), "--code"))
        except BadInput as error:
            say(error.detail)
            if not ask.yes(_("Try another code?"), default=True):
                refuse(error)
        else:
            return


def login(
    email: Annotated[str, typer.Option(help="Your e-mail address.")] = "",
    password_stdin: PasswordStdin = False,
    token: Annotated[str, typer.Option(help="A token you have already; “-” reads it from standard input.")] = "",
    url: Url = "",
    days: Days = 90,
    json: Json = False,
) -> None:
    """Sign in on this machine: with e-mail address and password, or with a token.

    The token is kept in ~/.config/aisc/config.toml (or AISC_CONFIG), readable by you alone.
    """
    if url:
        _keep_url(url)
    _warn_of_clear_text()
    if token:
        _keep_token(ask.from_stdin() if token == "-" else token)  # noqa: S105 - a dash is no secret
        return
    email = email or ask.text(_("E-mail address"), "--email or --token", default=config.load().email or None)
    password = (
        ask.from_stdin()
        if password_stdin
        else ask.secret(pgettext("terminal", "Password"), "--password-stdin or --token")
    )
    with centre(signed_in=False) as client:
        _sign_in(client, email, password, days)


def _sign_in(client: Client, email: str, password: str, days: int) -> None:
    made = client.tokens.issue(email=email, password=password, name=f"aisc on {platform.node()}"[:100], days=days)
    settings = config.load()
    settings.url, settings.email = client.url, email
    settings.token, settings.token_id = made.secret, made.id
    path = config.save(settings)
    answer = {"email": email, "url": client.url, "token": made.id, "expires_at": made.expires_at, "config": str(path)}
    show(
        answer,
        _("Signed in at {url} as {email}, until {expires_at}.").format(
            url=client.url, email=words.plain(email), expires_at=words.when(made.expires_at)
        ),
    )
    _warn_of_environment()


def _keep_token(token: str) -> None:
    from aisc.client import CentreError, Client

    settings = config.load()
    url = config.url_of(settings)
    try:
        with Client(url, token, language=config.language_of(settings)) as client:
            me = client.accounts.whoami()
    except CentreError as error:
        refuse(error)
    settings.url, settings.email = url, me.person.email
    settings.token, settings.token_id = token, 0
    path = config.save(settings)
    answer = {"email": me.person.email, "url": url, "scopes": me.scopes, "config": str(path)}
    show(answer, _("Signed in at {url} as {email}.").format(url=url, email=words.plain(me.person.email)))
    _warn_of_environment()


def _keep_url(url: str) -> None:
    """From now on this is the centre. Another centre's token is not for it."""
    settings = config.load()
    url = url.rstrip("/")
    if url != settings.url:
        settings.url, settings.token, settings.token_id, settings.email = url, "", 0, ""
        config.save(settings)
    if os.environ.get("AISC_URL", url).rstrip("/") != url:
        fail(
            _("AISC_URL is set to {url} and goes before --url. Unset it first.").format(url=os.environ["AISC_URL"]),
            Exit.USAGE,
        )


def _warn_of_clear_text() -> None:
    parts = urlsplit(config.url_of(config.load()))
    host = parts.hostname or ""
    try:
        local = ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
    if parts.scheme == "http" and not local:
        say(
            _("Careful: {host} is reached without encryption, so others on the way can read your password.").format(
                host=host
            )
        )


def _warn_of_environment() -> None:
    if "AISC_TOKEN" in os.environ:
        say(_("AISC_TOKEN is set and goes before what was kept now."))


def logout(json: Json = False) -> None:
    """Forget this machine's token, and end it at the centre."""
    settings = config.load()
    if not settings.token:
        show({"signed_out": False}, _("You were not signed in."))
        return
    ended = _end_token(settings)
    settings.token, settings.token_id = "", 0
    config.save(settings)
    show({"signed_out": True, "token_ended": ended}, _("Signed out."))
    if not ended:
        say(_("The centre could not be told. The token is forgotten here and ends by itself; see “aisc tokens”."))
    _warn_of_environment()


def _end_token(settings: config.Config) -> bool:
    from aisc.client import CentreError, Client, NotSignedIn

    try:
        with Client(settings.url or config.DEFAULT_URL, settings.token, patience_s=0) as client:
            # A token that was brought along is found by how it begins.
            number = settings.token_id or next(
                each.id for each in client.tokens.list() if settings.token.startswith(each.prefix)
            )
            client.tokens.revoke(number)
    except NotSignedIn:  # it had ended already
        return True
    except (CentreError, StopIteration):
        return False
    return True


def whoami(json: Json = False) -> None:
    """Show who you are here, and your roles."""
    with centre() as client:
        me = client.accounts.whoami()
    roles = [
        f"{each.name}: {each.role}" + ("" if each.project else " " + _("(and all its projects)")) for each in me.roles
    ]
    show(
        me,
        facts(
            (pgettext("terminal", "Name"), me.person.name),
            (pgettext("terminal", "E-mail"), me.person.email),
            (pgettext("terminal", "Centre"), client.url),
            (
                pgettext("terminal", "Roles"),
                "\n".join(roles) or _("none yet: make an organisation with “aisc orgs new”"),
            ),
            (_("Of the centre"), ", ".join(me.centre_roles)),
            (_("Token may"), None if me.scopes is None else ", ".join(me.scopes)),
        ),
    )


def notices(
    unread: Annotated[bool, typer.Option("--unread", help="Only those not read yet.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    json: Json = False,
) -> None:
    """What the centre has told you, newest first."""
    from itertools import islice

    with centre() as client:
        found = list(islice(client.accounts.notices(unread=unread), limit))
    rows = table(pgettext("terminal", "when"), "", pgettext("terminal", "notice"))
    for each in found:
        add(rows, words.ago(each.at), "" if each.read_at else "new", each.text)
    show(found, rows if found else _("No notices."))
