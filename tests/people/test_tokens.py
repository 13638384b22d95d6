"""API tokens: issued, recognised, limited, revoked."""

import hashlib
from datetime import timedelta

import pytest

from aisc.core import clock
from aisc.core.actions import ANYONE, Actor, system
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound, SignInNeeded
from aisc.core.models import AuditEvent
from aisc.people import actions
from aisc.people.models import ApiToken, Notice
from aisc.people.tokens import actor_from_token


def issue(person, **values):
    return actions.issue_token(Actor(person=person), **{"name": "laptop", "scopes": ["read"]} | values)


def test_only_the_digest_of_a_secret_is_kept(make_person, noon):
    ada = make_person()
    token, secret = issue(ada, scopes={"jobs", "read"}, days=30)
    assert secret.startswith("aisc_")
    assert len(secret) == 5 + 52
    row = ApiToken.objects.values().get()
    assert row == {
        "id": token.pk,
        "person_id": ada.pk,
        "name": "laptop",
        "prefix": secret[:12],
        "digest": hashlib.sha256(secret.encode()).hexdigest(),
        "scopes": ["read", "jobs"],
        "created_at": noon,
        "expires_at": noon + timedelta(days=30),
        "last_used_at": None,
        "revoked_at": None,
        "issued_by_id": None,
    }
    assert secret not in str(list(AuditEvent.objects.values()))
    assert str(Notice.objects.get()) == "The API token “laptop” was made."
    assert str(token) == f"laptop ({secret[:12]}…)"
    assert issue(ada)[0].expires_at == noon + timedelta(days=90)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read", "root"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
    ],
)
def test_bad_tokens_are_not_made(values, field, make_person):
    with pytest.raises(BadInput) as refused:
        issue(make_person(), **values)
    assert refused.value.field == field
    assert not ApiToken.objects.exists()


def test_somebody_must_be_signed_in(db):
    for actor in (ANYONE, system("x")):
        with pytest.raises(SignInNeeded):
            actions.issue_token(actor, name="x", scopes=["read"])


def test_a_token_makes_none_that_may_do_more(make_person):
    actor = Actor(person=make_person(), scopes=frozenset({"account", "read"}))
    token, _secret = actions.issue_token(actor, name="x", scopes=["read"])
    assert token.scopes == ["read"]
    with pytest.raises(Forbidden, match="more than itself"):
        actions.issue_token(actor, name="x", scopes=["read", "jobs"])
    with pytest.raises(Forbidden, match="lacks the scope “account”"):
        actions.issue_token(Actor(person=actor.person, scopes=frozenset({"read"})), name="x", scopes=["read"])


def test_fifty_tokens_are_enough(make_person, monkeypatch):
    monkeypatch.setattr("aisc.people.actions.tokens.MOST_TOKENS", 2)
    ada = make_person()
    first, _secret = issue(ada)
    issue(ada)
    issue(make_person())
    with pytest.raises(Conflict, match="You have 2 tokens"):
        issue(ada)
    actions.revoke_token(Actor(person=ada), token=first)
    assert issue(ada)
    with clock.fixed(clock.now() + timedelta(days=91)):
        assert issue(ada)


def test_a_secret_acts_for_its_person_within_its_scopes(make_person, rf):
    ada = make_person(name="Ada")
    _token, secret = issue(ada, scopes=["read", "jobs"])
    actor = actor_from_token(secret, rf.get("/", REMOTE_ADDR="10.1.2.3"))
    assert (actor.person, actor.scopes, actor.address) == (ada, frozenset({"read", "jobs"}), "10.1.2.3")
    assert str(actor) == f"Ada · {secret[:12]}…"


def test_other_secrets_act_for_nobody(make_person, rf, noon):
    ada = make_person()
    token, secret = issue(ada, days=1)
    request = rf.get("/")
    for wrong in ("", "aisc_", secret[:-1], secret + "a", secret.upper(), secret.removeprefix("aisc_"), token.digest):
        assert actor_from_token(wrong, request) is None
    assert actor_from_token(secret, request).person == ada
    with clock.fixed(noon + timedelta(days=1)):
        assert actor_from_token(secret, request) is None
    ada.is_active = False
    ada.save()
    assert actor_from_token(secret, request) is None
    ada.is_active = True
    ada.save()
    actions.revoke_token(Actor(person=ada), token=token)
    assert actor_from_token(secret, request) is None


def test_use_is_noted_once_a_minute(make_person, rf, noon, django_assert_num_queries):
    token, secret = issue(make_person())
    request = rf.get("/")
    for seconds, queries, noted in ((0, 2, 0), (59, 1, 0), (60, 2, 60), (61, 1, 60)):
        with clock.fixed(noon + timedelta(seconds=seconds)), django_assert_num_queries(queries):
            actor_from_token(secret, request)
        token.refresh_from_db()
        assert token.last_used_at == noon + timedelta(seconds=noted)


def test_revoking(make_person, noon):
    ada = make_person()
    token, _secret = issue(ada)
    with pytest.raises(NotFound):
        actions.revoke_token(Actor(person=make_person()), token=token)
    assert actions.revoke_token(Actor(person=ada), token=token).revoked_at == noon
    with clock.fixed(noon + timedelta(hours=1)):
        assert actions.revoke_token(Actor(person=ada), token=token).revoked_at == noon
