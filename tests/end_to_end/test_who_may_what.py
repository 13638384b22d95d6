"""Every page and every operation of the API, asked for by everybody: the answers are what the tables of routes say.

One test for each person (or token): it walks all routes, with what exists and with what does not, reading and
writing, and compares each answer with the row of the route. Each request is undone before the next. What a person of
another organisation is answered is searched for a word that all of this organisation's data contains.
"""

from __future__ import annotations

import difflib
import io
import json
import re
import subprocess
import sys
from contextlib import contextmanager
from functools import cache, reduce
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from access_world import FILE, MARKER, PART, World, whole_world
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client, override_settings
from fixtures import NOON
from routes_table import Page, operations, pages

from aisc.core import access, clock
from aisc.core.actions import ANYONE, Actor
from aisc.core.routes import By, Guard
from aisc.people.access import SCOPES

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))

from memory_engine import MemoryEngine

# Also what makes the test database: the world is made in it once, before the first test.
pytestmark = pytest.mark.django_db

ORGANISATION = ("owner", "manager", "member", "finance", "read_only")
PROJECT = tuple(f"project_{role}" for role in ORGANISATION)
CENTRE = tuple(
    f"centre_{role}"
    for role in ("secretariat", "assessor", "committee", "operator", "finance", "auditor", "administrator")
)
OUTSIDE = ("stranger", "newcomer", "anonymous")
TOKENS = tuple(f"token:{scope}" for scope in SCOPES)
PEOPLE = (*ORGANISATION, *PROJECT, "facilitator", *CENTRE, "other_assessor", *OUTSIDE)

# Those who only read; what they may send all the same is about their own account, or changes nothing.
READERS = ("centre_auditor", "read_only", "project_read_only")
HARMLESS = {
    "PATCH /whoami",
    "POST /tokens",
    "POST /signup",
    "POST /signup/confirm",
    "DELETE /tokens/{token_id}",
    "POST /notices/read",
    "POST /organisations",
    "POST /estimates",
    "POST /ledger/proof",
    "POST /projects/{uid}/links",  # whoever may read a file may show it, by an audited link that can be taken back
}
# These send every form empty as well as filled in.
THOROUGH = ("owner", "stranger", "anonymous", "centre_auditor")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
# Addresses that are secrets: whoever holds a document's code, or an invitation's link, is told what it says.
BY_SECRET = {"portal:verify_code", "people:invitation"}
# The one operation that answers 401 by itself: the address or the password in the body is wrong.
SIGNS_IN = "POST /tokens"
# The address does not take this method, whoever asks.
NOT_TAKEN = 405
REFUSALS = {401, 403, 404}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """One world for all the tests of this file; no test changes it."""
    # Being asked to confirm who one is, has tests of its own: here everybody has just signed in.
    fresh = override_settings(STEP_UP_AFTER_MS=0)
    with django_db_blocker.unblock(), fresh, clock.fixed(NOON), transaction.atomic():
        with whole_world(MemoryEngine()) as made:
            yield made
        transaction.set_rollback(True)


@contextmanager
def undone():
    """Nothing that happens inside lasts."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Caller:
    """Somebody who sends requests, each undone before the next."""

    def __init__(self, world: World, who: str) -> None:
        from aisc.people import actions

        self.world, self.who = world, who
        self.client = Client(raise_request_exception=False)
        self.scopes: frozenset[str] | None = None
        self._headers: dict[str, str] = {}
        kind, _colon, scope = who.partition(":")
        self.person = None if who == "anonymous" else world.people["owner" if kind == "token" else kind]
        if kind == "token":
            self.scopes = frozenset({scope})
            _token, secret = actions.issue_token(Actor(person=self.person), name="walk", scopes=[scope])
            self._headers = {"Authorization": f"Bearer {secret}"}
        elif self.person is not None:
            self.client.force_login(self.person)
        self._cookies = self.client.cookies.output(header="", sep=";")

    def actor(self) -> Actor:
        """A fresh one: what was read about a person in an earlier request is not remembered."""
        if self.person is None:
            return ANYONE
        return Actor(person=get_user_model().objects.get(pk=self.person.pk), scopes=self.scopes)

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, str, Any]:
        """The status, everything in the answer as text, and the answer."""
        kwargs: dict[str, Any] = {"headers": self._headers}
        if isinstance(body, bytes):
            kwargs |= {"data": body, "content_type": "application/octet-stream"}
        elif body is not None and path.startswith("/api/"):
            kwargs |= {"data": json.dumps(body), "content_type": "application/json"}
        elif body is not None:
            kwargs["data"] = body
        self.client.cookies = SimpleCookie(self._cookies)
        with undone():
            answer = getattr(self.client, method.lower())(path, **kwargs)
            text = text_of(answer)
        if method in WRITES and ("/files" in path or "/jobs:" in path or "/projects/" in path):
            self.world.restore_files()
        return answer.status_code, text, answer


def text_of(answer: Any) -> str:
    """Headers and body as one text; a PDF as the text on its pages."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    if answer.streaming:
        if answer.is_async:
            body = async_to_sync(_whole)(answer.streaming_content)
        else:
            body = b"".join(answer.streaming_content)
    else:
        body = answer.content
    if answer.headers.get("Content-Type", "").startswith("application/pdf"):
        body = subprocess.run(["pdftotext", "-", "-"], input=body, capture_output=True, check=True).stdout
    return f"{head}\n{body.decode(errors='replace')}"


async def _whole(pieces: Any) -> bytes:
    return b"".join([piece async for piece in pieces])


# What stands in an address, and what is sent


STATE_OF = {
    "scheme:form": "draft",
    "scheme:section": "draft",
    "scheme:cost": "draft",
    "scheme:check": "draft",
    "scheme:withdraw": "draft",
    "scheme:return": "submitted",
    "scheme:assign": "submitted",
    "scheme:decision": "reviewed",
    "scheme:award": "approved",
    "scheme:award-accept": "approved",
    "scheme:award-decline": "approved",
    "scheme:letter": "approved",
    "PATCH /applications/{uid}": "draft",
    "POST /applications/{uid}/submit": "draft",
    "POST /applications/{uid}/return": "submitted",
    "POST /applications/{uid}/assign": "submitted",
    "GET /applications/{uid}/assessors": "submitted",
    "POST /applications/{uid}/decision": "reviewed",
    "POST /applications/{uid}/accept": "approved",
    "POST /applications/{uid}/decline": "approved",
    "GET /applications/{uid}/letter.pdf": "approved",
}


# Parts of addresses that name something of one's own which nobody here has: absent, for everybody.
NAMELESS = (*("pk", "account_id", "passkey_id", "session_id", "business_id", "domain_id", "signature", "token_id"),)


# Buttons whose form names something that this organisation does not have.
NAMED_IN_FORM = {"people:drop_domain", "people:new_text"}
# Of the pages and operations that are open to all, these have something to show.
MUST_OPEN = {
    *("portal:front", "portal:home", "portal:verify", "account_login", "account_signup", "ledger:prices"),
    *("scheme:calls", "scheme:call", "centre:overview", "/healthz"),
    *("GET /centre", "GET /accelerators", "GET /prices", "GET /calls"),
}


def object_of(world: World, route: str, model: Any, own: dict[Any, Any]) -> Any:
    from aisc.scheme.models import Application

    if model in own:
        return own[model]
    if model is Application and route in STATE_OF:
        return world.applications[STATE_OF[route]]
    found = world.objects.get(model) or model.objects.first()
    assert found is not None, f"{route}: make a {model.__name__} in tests/access_world.py, so that it can be asked for"
    return found


def given(world: World, route: str, parts: tuple[str, ...], row: Guard, own: dict[Any, Any]) -> dict[str, Any]:
    """A value for every part of the address, and for what the rules look for in what is sent."""
    values: dict[str, Any] = {}
    for step in row.steps:
        if not isinstance(step.on, By):
            continue
        found = object_of(world, route, step.on.model, own)
        values[step.on.given] = reduce(getattr, (step.on.field or step.on.given).split("__"), found)
    from aisc.ledger.models import Entry, Hold, Statement, UsageRecord
    from aisc.people.models import ApprovedText, Project
    from aisc.scheme.models import Call

    of = {**world.objects, **own}
    usual: dict[str, Any] = {
        "uid": of[Call].uid,
        "path": FILE,
        "hold_uid": of[Hold].uid,
        "seq": of[Entry].seq,
        "source": of[UsageRecord].source,
        "section": "project",
        "step": "project" if "budget" in route else "list",
        "kind": "oidc" if "institution" in route else "command",
        "person": world.membership.person.uid,
        "role": "auditor",
        "code": of[Statement].code,
        "version": "WALK-1",
        "grant": f"{world.people['centre_auditor'].uid}:auditor",
        "uidb36": "1",
        "key": "none",
        "slug": "harbour",
        "language": "en",
        "name": "plan.txt",
        **dict.fromkeys(NAMELESS, "1"),
    }
    if "text" in route:
        text = of[ApprovedText]
        values |= {"code": text.code, "version": text.version}
    if route in ("portal:history", "GET /audit/{kind}/{uid}"):
        values |= {"slug": "project", "kind": "project", "uid": of[Project].uid}
    if route == "people:revoke_centre_role":
        values["grant"] = usual["grant"]
    if "/centre/roles/" in route:
        usual["person"] = values["person"] = world.people["centre_auditor"].uid
    return {name: usual[name] for name in parts if name not in values and name in usual} | values


def body_of(description: dict[str, Any], values: dict[str, Any], world: World) -> Any:
    """What the operation's own examples say, with the objects of this world in place of theirs."""
    from aisc.scheme.models import Call

    sent = description.get("requestBody", {}).get("content", {})
    if "application/octet-stream" in sent:
        return b"new bytes"
    if "application/json" not in sent:
        return None
    reference = sent["application/json"]["schema"].get("$ref", "")
    schema = schemas()[reference.rpartition("/")[2]]
    usual = {
        "organisation": values.get("organisation"),
        "project": values.get("project"),
        "budget": values.get("budget"),
        "call": world.own[Call].uid,
        "email": world.people["newcomer"].email,
        "path": FILE,
        "to": "notes/other.txt",
        "assessor": world.people["other_assessor"].uid,
        "price_list": "WALK-1",
        "password": "correct horse battery staple",
    }
    if "uid" in values:  # a role in an organisation or project that every manager may give; else one in the centre
        usual["role"] = "member"
    body = {}
    for name, field in schema.get("properties", {}).items():
        if usual.get(name) is not None:
            body[name] = usual[name]
        elif "examples" in field:
            body[name] = field["examples"][0]
        elif name in schema.get("required", []):
            body[name] = {"string": "approved", "integer": 1, "boolean": True}[field.get("type", "string")]
    return body


@cache
def open_operations() -> frozenset[str]:
    return frozenset(f"{method} {path}" for method, path, about in operations() if not about.get("security"))


@cache
def schemas() -> dict[str, Any]:
    from aisc.portal.api import api

    return api.get_openapi_schema(path_prefix="")["components"]["schemas"]


# What the tables say


def expected(actor: Actor, row: Guard, values: dict[str, Any], *, sending: bool) -> int:
    """200 where the table lets ``actor`` through, else the status of the refusal."""
    if row.who == "public":
        return 200
    if row.who == "signed in" and actor.person is None:
        return 401
    if row.who in ("demonstration", "nobody"):
        return 404
    for step in row.rules(sending=sending):
        target = None
        if step.on is not None:
            target = step.on.find(values)
        if actor.person is None and not for_all(step.rule):
            return 401
        if step.on is not None and target is None:
            return 422 if step.on.sent else 404
        if not access.may(actor, step.rule, target):
            rule = access.table()[step.rule]
            if actor.scopes is not None and rule.scope not in actor.scopes:
                return 403
            return 404 if rule.hide else 403
    return 200


def for_all(rule: str) -> bool:
    """Whether a rule asks for nothing, not even for being signed in."""
    return str(access.table()[rule].who) == "everybody"


def seen(route: str, status: int, answer: Any) -> int:
    """The answer as one of the table's words: 401 for being asked to sign in, 200 for having been let through."""
    if route == SIGNS_IN and status == 401:
        return 200
    if status in (301, 302) and answer.headers["Location"].startswith("/accounts/login/?next="):
        return 401
    return status if status in REFUSALS else 500 if status >= 500 and status != 503 else 200


def same(wanted: int, got: int, status: int, *, empty: bool, sent: bool) -> bool:
    """Whether an answer is what the table says.

    What is not even well-formed may be refused as such before anybody asks who sent it; an object that is only named
    in what was sent may be refused as a wrong name instead of as absent.
    """
    if status == NOT_TAKEN or (status == 422 and (empty or (sent and wanted in (404, 422)))):
        return True
    if empty and sent and got == 404:
        return True
    if wanted == 422:
        return got in (404, 200)
    return wanted == got


def asks(world: World, *, own: bool = False):
    """``(route, method, path, body, values, row)`` of every request that the walk makes."""
    objects = world.own if own else {}
    rows = access.routes()
    for page in pages():
        row = rows[page.route]
        values = given(world, page.route, page.parts, row, objects)
        path = address(page, values)
        yield page.route, "GET", path, None, values, row
        if not page.route.startswith(("/", "api-v1:")):
            yield page.route, "POST", path, {}, values, row
            yield page.route, "POST", path, form(world, values), values, row
    for method, path, description in operations():
        route = f"{method} {path}"
        row = rows[route]
        values = given(world, route, tuple(re.findall(r"{(\w+)}", path)), row, objects)
        where = "/api/v1" + re.sub(r"{(\w+)}", lambda part: str(values[part.group(1)]), path)  # noqa: B023
        if method == "GET":
            yield route, method, where, None, values, row
            if query := query_of(description, world):
                yield route, method, f"{where}?{query}", None, values, row
            continue
        body = body_of(description, values, world)
        yield route, method, where, body, values, row
        if isinstance(body, dict):
            yield route, method, where, {}, values, row


def address(page: Page, values: dict[str, Any]) -> str:
    from django.urls import reverse

    if page.route.startswith("/"):
        return page.route
    path = reverse(page.route, kwargs={name: values[name] for name in page.parts})
    named = [f"{name}={values[name]}" for name in ("project",) if name in values and name not in page.parts]
    return f"{path}?{'&'.join(named)}" if named else path


def form(world: World, values: dict[str, Any]) -> dict[str, Any]:
    """Something plausible for any form of the portal: what a form does not know, it does not read."""
    return {
        "reason": "because",
        "email": world.people["newcomer"].email,
        "role": "member",
        "name": "a name",
        "grant": f"{world.people['centre_auditor'].uid}:auditor",
        "name_en": "A name",
        "category": "startup",
        "note": "a note",
        "folder": "notes",
        "language": "en",
        "files": io.BytesIO(b"some bytes"),
        "project": values.get("project", ""),
    }


def query_of(description: dict[str, Any], world: World) -> str:
    """Every filter of a list at once, asking for what belongs to the first organisation."""
    from aisc.ledger.models import Budget
    from aisc.people.models import Organisation, Project

    usual = {
        "q": PART,
        "project": world.objects[Project].uid,
        "organisation": world.objects[Organisation].uid,
        "source_id": "1",
    }
    names = [each["name"] for each in description.get("parameters", []) if each["in"] == "query"]
    asked = [f"{name}={usual[name]}" for name in names if name in usual]
    if "budget" in names and not asked:
        asked = [f"budget={world.objects[Budget].uid}"]
    return "&".join(asked)


def told(world: World, text: str, path: str) -> list[str]:
    """What an answer gives away of the first organisation: its word, or one of its identifiers not asked for."""
    text = text.replace(path, "").replace(quote(path, safe=""), "").replace(quote(path), "")
    secrets = [MARKER, MARKER.lower()]
    secrets += [uid for uid in map(str, _identifiers(world)) if uid not in path]
    return [secret for secret in secrets if secret in text]


def _identifiers(world: World) -> list[str]:
    from aisc.ledger.models import Statement
    from aisc.scheme.models import Call

    shown_to_all = (Call,)
    rows = [row for model, row in world.objects.items() if model not in shown_to_all and hasattr(row, "uid")]
    rows += world.applications.values()
    return [*(row.uid for row in rows), world.objects[Statement].number, world.objects[Statement].code]


@pytest.mark.parametrize("who", [*PEOPLE, *TOKENS])
def test_every_answer_is_what_the_tables_say(world, who):
    """And nobody from outside is told anything of the organisation, whatever they ask for."""
    caller = Caller(world, who)
    wrong = []
    for route, method, path, body, values, row in asks(world):
        page = not path.startswith("/api/v1/")
        if page and (caller.scopes is not None or (body == {} and who not in THOROUGH)):
            continue
        # What is open to all is the same for all: a few look at it for everybody.
        if row.who != "steps" and who not in THOROUGH:
            continue
        # An operation that is open to all does not read tokens.
        actor = ANYONE if caller.scopes is not None and route in open_operations() else caller.actor()
        wanted = expected(actor, row, values, sending=method != "GET")
        status, text, answer = caller.send(method, path, body)
        sent = any(step.on is not None and getattr(step.on, "sent", False) for step in row.steps)
        filtered = method == "GET" and "?" in path and path.startswith("/api/")
        # A filter may name something that this caller may not see.
        # Open to all, or to all who are signed in, does not mean that there is anything: a second factor, a listing.
        empty = status in (400, 401, 404) and wanted in (200, 403) and route not in MUST_OPEN
        nameless = empty and (row.who != "steps" or route in NAMED_IN_FORM or re.search(r"/(1|harbour)(/|$)", path))
        if (
            not nameless
            and not (filtered and status in REFUSALS and wanted == 200)
            and not same(wanted, seen(route, status, answer), status, empty=body in ({}, b""), sent=sent)
        ):
            wrong.append(f"{route}: {method} {path} → {status}, the table says {wanted}")
        wrong += [f"{route}: {method} {path} → {status}: {fault}" for fault in unsafe(route, answer, text)]
        refused = seen(route, status, answer) in REFUSALS or status in (NOT_TAKEN, 422)
        if who in OUTSIDE and route not in BY_SECRET and (leaked := told(world, text, path)):
            wrong.append(f"{route}: {method} {path} → {status} tells {leaked}")
        # Asked of no table: what names an object of an organisation is refused to all who are not of it.
        if who in OUTSIDE and named(row) and not refused and route not in BY_SECRET:
            wrong.append(f"{route}: {method} {path} → {status}, to somebody from outside")
        if who in READERS and method != "GET" and path.startswith("/api/") and route not in HARMLESS and not refused:
            wrong.append(f"{route}: {method} {path} → {status}, to somebody who only reads")
    assert not wrong, "\n".join(["", *wrong])


OWN_POLICY = {"jobs:files", "jobs:log", "GET /projects/{uid}/files/{path}"}


def unsafe(route: str, answer: Any, text: str) -> list[str]:
    """What a scanner would find in the headers, the cookies and the page of an answer."""
    head, found = answer.headers, []
    policy = head.get("Content-Security-Policy", "")
    if route not in OWN_POLICY and any(part not in policy for part in POLICY):
        found.append(f"content security policy: {policy}")
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    found += [f"{name}: {head.get(name)}" for name, value in wanted.items() if head.get(name) != value]
    found += [name for name in ("Permissions-Policy", "Cache-Control") if not head.get(name)]
    found += [name for name in ("Server", "X-Powered-By") if name in head]
    for cookie in answer.cookies.values():
        if cookie["max-age"] == 0:  # taken away
            continue
        if not (cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"):
            found.append(f"cookie {cookie.OutputString()}")
    if head.get("Content-Type", "").startswith("text/html"):
        inline = re.findall(r"<style\b|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(?:\bsrc=|application/))", text)
        found += [f"inline: {each}" for each in inline]
    return found


POLICY = (
    *("default-src 'none'", "script-src 'self';", "style-src 'self';", "object-src 'none'", "base-uri 'none'"),
    *("form-action 'self'", "frame-ancestors 'none'"),
)


def named(row: Guard) -> bool:
    """Whether a row is about objects that belong to somebody."""
    from aisc.centre.models import AcceleratorType
    from aisc.scheme.models import Call

    models = {getattr(step.on, "model", None) for step in row.steps if step.on is not None}
    return bool(models) and not models & {AcceleratorType, Call}


def test_a_stranger_sees_all_of_their_own_and_nothing_of_others(world):
    """Lists, searches, exports, files, logs and streams of the stranger's own, and what a stranger's errors say."""
    caller = Caller(world, "stranger")
    wrong, answered = [], set()
    for route, method, path, body, values, row in asks(world, own=True):
        wanted = expected(caller.actor(), row, values, sending=method != "GET")
        status, text, _answer = caller.send(method, path, body)
        answered.add((route, status))
        if status >= 500 and status != 503:
            wrong.append(f"{route}: {method} {path} → {status}")
        nameless = row.who != "steps" or route in NAMED_IN_FORM or re.search(r"/(1|harbour|project)(/|$)", path)
        if wanted == 200 and status in REFUSALS and route != SIGNS_IN and body != {} and not nameless:
            wrong.append(f"{route}: {method} {path} → {status}, though it is theirs")
        if route not in BY_SECRET and (leaked := told(world, text, path)):
            wrong.append(f"{route}: {method} {path} → {status} tells {leaked}")
    assert not wrong, "\n".join(["", *wrong])
    for route in ("ledger:statement-pdf", "ledger:statement-csv", "jobs:log", "jobs:files", "GET /jobs/{uid}/events"):
        assert (route, 200) in answered, route


def test_what_others_have_looks_like_what_is_not_there(world):
    """Where a rule hides, a stranger gets the same answer for an object of others as for one that never was."""
    caller = Caller(world, "stranger")
    wrong = []
    for route, method, path, body, values, row in asks(world):
        hidden = [step for step in row.steps if step.on is not None and not getattr(step.on, "sent", False)]
        if not hidden or not access.table()[hidden[0].rule].hide:
            continue
        name = getattr(hidden[0].on, "given", "uid")
        if name not in values:
            continue
        value = str(values[name])
        other = f"{value[:4]}{'z' * (len(value) - 4)}" if not value.isdigit() else "999999"
        first = caller.send(method, path, body)
        second = caller.send(method, re.sub(rf"(?<=/){value}(?=[/.?]|$)", other, path), body)
        if plain(first, value) != plain(second, other):
            lines = difflib.unified_diff(
                plain(first, value)[1].splitlines(), plain(second, other)[1].splitlines(), lineterm="", n=0
            )
            wrong.append("\n".join([f"{route}: {method} {path} → {first[0]}, {second[0]}", *lines]))
    assert not wrong, "\n".join(["", *wrong])


def plain(answer: tuple[int, str, Any], value: str) -> tuple[int, str]:
    """An answer without what is different each time: the id of the request, tokens against forgery, the address."""
    status, text, _response = answer
    each_time = r'(?im)(^(x-request-id|content-length|vary): .*$|"request_id": "\w+"|<code>\w+</code>|\b\w{64}\b)'
    return status, re.sub(each_time, "", text).replace(f"/{value}", "/").replace(f"%2F{value}", "%2F")
