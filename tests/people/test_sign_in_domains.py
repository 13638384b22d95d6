"""E-mail domains of organisations, who may join by them, and the pages of both."""

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.test import Client

from aisc.core import access
from aisc.core.actions import Actor, system
from aisc.core.errors import BadInput, Conflict, NotFound
from aisc.people import actions, domains
from aisc.people.institutions.configuration import clean_domain, clean_slug
from aisc.people.models import EmailDomain, Institution, JoinPolicy, Membership, Notice

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
OIDC = {"kind": "oidc", "issuer": "https://login.hku.hk/", "client_id": "aisc", "client_secret": "s3cret"}


@pytest.fixture
def hku(cast):
    return cast.organisation


@pytest.fixture
def verified(cast, hku):
    claimed = actions.claim_domain(cast.actor("owner"), organisation=hku, domain=" @HKU.hk ")
    return actions.verify_domain(cast.actor("centre_administrator"), domain=claimed)


def connect(**more):
    return actions.connect_institution(system("test"), **({"slug": "hku", "name_en": "HKU"} | OIDC | more))


def in_it(person, organisation):
    return Membership.objects.filter(person=person, organisation=organisation, project=None).first()


def test_claiming_and_verifying(cast, hku):
    claimed = actions.claim_domain(cast.actor("owner"), organisation=hku, domain="HKU.hk")
    assert (claimed.domain, claimed.verified_at) == ("hku.hk", None)
    boss = cast.people["centre_administrator"]
    assert "hku.hk" in str(Notice.objects.get(person=boss))
    with pytest.raises(Conflict, match="on your list"):
        actions.claim_domain(cast.actor("owner"), organisation=hku, domain="hku.hk")
    other = actions.claim_domain(cast.actor("stranger"), organisation=cast.other, domain="hku.hk")
    actions.verify_domain(Actor(person=boss), domain=claimed)
    assert "verified" in str(Notice.objects.filter(person=cast.owner).first())
    first = actions.verify_domain(Actor(person=boss), domain=claimed).verified_at
    assert EmailDomain.objects.get(pk=claimed.pk).verified_at == first
    with pytest.raises(Conflict, match="another organisation"):
        actions.verify_domain(Actor(person=boss), domain=other)
    with pytest.raises(Conflict, match="another organisation"):
        actions.claim_domain(cast.actor("stranger"), organisation=cast.other, domain="HKU.hk")
    actions.drop_domain(cast.actor("owner"), organisation=hku, domain="hku.hk")
    actions.verify_domain(Actor(person=boss), domain=other)
    with pytest.raises(NotFound):
        actions.drop_domain(cast.actor("owner"), organisation=hku, domain="hku.hk")


def test_two_verified_at_once(cast, hku, monkeypatch):
    mine = actions.claim_domain(cast.actor("owner"), organisation=hku, domain="hku.hk")
    theirs = actions.claim_domain(system("test"), organisation=cast.other, domain="hku.hk")
    actions.verify_domain(system("test"), domain=theirs)
    monkeypatch.setattr("aisc.people.actions.domains._free", lambda *_args: None)
    with pytest.raises(Conflict, match="another organisation"):
        actions.verify_domain(system("test"), domain=mine)


@pytest.mark.parametrize("bad", ["", "hku", "gmail.com", "a b.hk", "-x.hk", "127.0.0.1", "x" * 250 + ".hk", "é" * 70])
def test_what_is_no_domain(bad, cast, hku):
    with pytest.raises(BadInput) as refused:
        actions.claim_domain(cast.actor("owner"), organisation=hku, domain=bad)
    assert refused.value.field == "domain"


def test_domains_and_short_names_as_they_are_compared():
    assert clean_domain("@大學.HK") == "xn--pssu7c.hk"
    assert clean_slug(" HKU-1 ") == "hku-1"
    for bad in ("", "oidc", "a_b", "-a", "a" * 41, "iam-smart"):
        with pytest.raises(BadInput):
            clean_slug(bad)


def test_policies(cast, hku, verified):
    owner = cast.actor("owner")
    assert domains.policy_of(hku) == "ask"
    assert domains.may_ask(hku)
    for policy, needs in (("provider", "identity provider"), ("nonsense", "one of the answers")):
        with pytest.raises(BadInput, match=needs):
            actions.set_join_policy(owner, organisation=hku, policy=policy)
    with pytest.raises(BadInput, match="No e-mail domain"):
        actions.set_join_policy(system("test"), organisation=cast.other, policy="domain")
    actions.set_join_policy(owner, organisation=hku, policy="invited")
    assert not domains.may_ask(hku)
    actions.set_join_policy(owner, organisation=hku, policy="domain")
    assert JoinPolicy.objects.get().get_policy_display() in str(JoinPolicy.objects.get())


def test_joining_by_address_happens_once(cast, hku, verified, make_person):
    actions.set_join_policy(cast.actor("owner"), organisation=hku, policy="domain")
    ada, bob = make_person(email="ada@hku.hk"), make_person(email="bob@cs.hku.hk")
    for person in (ada, bob):
        Client().post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert in_it(ada, hku).role == "member"
    assert in_it(bob, hku) is None
    in_it(ada, hku).delete()
    Client().post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert in_it(ada, hku) is None


def test_who_is_in_already_stays_what_they_are(cast, hku, verified):
    actions.set_join_policy(cast.actor("owner"), organisation=hku, policy="domain")
    assert actions.join_by_policy(system("test"), person=cast.finance, organisation=hku) is None
    assert in_it(cast.finance, hku).role == "finance"


def test_an_unverified_domain_takes_nobody_in(cast, hku, make_person):
    actions.claim_domain(cast.actor("owner"), organisation=hku, domain="hku.hk")
    JoinPolicy.objects.create(organisation=hku, policy="domain")
    ada = make_person(email="ada@hku.hk")
    domains.join_what_is_due(ada)
    assert in_it(ada, hku) is None


def test_joining_by_the_provider_only(cast, hku, verified, make_person, client, mailoutbox):
    connect(organisation=hku)
    actions.set_join_policy(cast.actor("owner"), organisation=hku, policy="provider")
    ada = make_person(email="ada@hku.hk")
    domains.join_what_is_due(ada)
    domains.join_what_is_due(ada, institution="other")
    assert in_it(ada, hku) is None
    domains.join_what_is_due(ada, institution="hku")
    assert in_it(ada, hku).role == "member"
    # An address of theirs makes no account with a password, in a page or through the API.
    new = {"email": "new@hku.hk", "password1": PASSWORD, "name": "New"}
    assert "sign up through “HKU”" in client.post("/accounts/signup/", new).content.decode()
    assert client.post("/accounts/signup/", new | {"email": "new@hku.org"}).status_code == 302
    Institution.objects.update(active=False)
    assert client.post("/accounts/signup/", new | {"email": "two@hku.hk"}).status_code == 302


def test_institutions_are_checked(db):
    made = connect(domains="hku.hk, CS.hku.hk\n")
    assert made.settings == {"issuer": "https://login.hku.hk", "client_id": "aisc"}
    assert made.domains == ["cs.hku.hk", "hku.hk"]
    with pytest.raises(Conflict, match="in use"):
        connect()
    for field, wrong in {
        "slug": "A B",
        "kind": "ldap",
        "issuer": "http://login.hku.hk",
        "client_id": "",
        "client_secret": "",
        "domains": "hku",
        "name_en": "",
    }.items():
        with pytest.raises(BadInput) as refused:
            connect(**({"slug": "new"} | {field: wrong}))
        assert refused.value.field == field
    assert Institution.objects.count() == 1


def test_changing_an_openid_provider(db, make_person):
    made = connect()
    before = made.secret
    changed = actions.update_institution(
        system("test"), institution=made, name_zh="港大", domains="hku.hk", issuer="https://new.hku.hk", active=False
    )
    assert (changed.name_en, changed.name_zh, changed.active) == ("HKU", "港大", False)
    assert changed.settings == {"issuer": "https://new.hku.hk", "client_id": "aisc"}
    assert changed.secret == before
    changed = actions.update_institution(system("test"), institution=made, client_secret="another")
    assert changed.secret != before
    SocialAccount.objects.create(user=make_person(), provider="hku", uid="1")
    with pytest.raises(BadInput, match="linked"):
        actions.update_institution(system("test"), institution=made, issuer="https://third.hku.hk")
    actions.update_institution(system("test"), institution=made, issuer="https://new.hku.hk", client_id="two")
    made.refresh_from_db()
    assert made.settings["client_id"] == "two"


def test_undoing_a_link_that_is_gone(make_person):
    person = make_person()
    account = SocialAccount.objects.create(user=person, provider="gone", uid="1")
    actions.unlink_institution(Actor(person=person), account=account)
    with pytest.raises(NotFound):
        actions.unlink_institution(Actor(person=person), account=SocialAccount(pk=1, user=person))


def test_the_administrators_pages(client, cast, hku):
    actions.claim_domain(cast.actor("owner"), organisation=hku, domain="hku.hk")
    claimed = EmailDomain.objects.get()
    for part, status in (("owner", 403), ("centre_auditor", 200), ("centre_administrator", 200)):
        client.force_login(cast.people[part])
        assert client.get("/centre/sign-in/").status_code == status
        assert client.get("/centre/sign-in/connect/oidc").status_code == (200 if "admin" in part else 403)
    values = OIDC | {"slug": "hku", "name_en": "HKU", "name_zh": "", "domains": "hku.hk", "organisation": hku.uid}
    assert client.post("/centre/sign-in/connect/oidc", values | {"issuer": "ftp://x"}).context["form"].errors["issuer"]
    made = client.post("/centre/sign-in/connect/oidc", values)
    assert made.url == "/centre/sign-in/hku/"
    page = client.get(made.url).content.decode()
    assert "/accounts/oidc/hku/callback/" in page
    assert "s3cret" not in page
    client.post(made.url, values | {"client_secret": "", "name_zh": "港大", "active": "on"})
    assert Institution.objects.get().name_zh == "港大"
    assert client.post(made.url, values | {"domains": "x"}).context["form"].errors["domains"]
    assert "港大" in client.get("/centre/sign-in/?lang=zh-hant").content.decode()
    assert client.get("/centre/sign-in/connect/saml").status_code == 200
    client.post(f"/centre/sign-in/domains/{claimed.pk}")
    claimed.refresh_from_db()
    assert claimed.verified_at
    client.post(f"/centre/sign-in/domains/{claimed.pk}", {"answer": "refuse"})
    assert not EmailDomain.objects.exists()


def test_the_owners_page(client, cast, hku):
    at = f"/organisations/{hku.uid}/joining"
    for part, status in (("stranger", 404), ("member", 403), ("manager", 200), ("owner", 200)):
        client.force_login(cast.people[part])
        assert client.get(at).status_code == status
    assert client.post(f"{at}/domains", {"domain": "gmail.com"}).context["form"].errors["domain"]
    assert client.post(f"{at}/domains", {"domain": ""}).status_code == 200
    assert client.post(f"{at}/domains", {"domain": "hku.hk"}).url == at
    assert client.post(f"{at}/policy", {"policy": "domain"}).context["policy_form"].errors["policy"]
    assert client.post(f"{at}/policy", {"policy": ""}).status_code == 200
    assert client.post(f"{at}/policy", {"policy": "invited"}).url == at
    assert "hku.hk" in client.get(at).content.decode()
    client.post(f"{at}/drop", {"domain": "hku.hk"})
    assert not EmailDomain.objects.exists()
    client.force_login(cast.people["manager"])
    assert client.post(f"{at}/policy", {"policy": "ask"}).status_code == 403


STAFF = {"centre_secretariat", "centre_operator", "centre_finance", "centre_auditor", "centre_administrator"}
ADMINISTRATOR = {"centre_administrator"}
WHO = {
    "people.view_sign_in_settings": {"centre_operator", "centre_auditor"} | ADMINISTRATOR,
    "people.connect_institution": ADMINISTRATOR,
    "people.update_institution": ADMINISTRATOR,
    "people.verify_domain": ADMINISTRATOR,
    "people.view_joining": {"owner", "manager"} | STAFF,
    "people.claim_domain": {"owner"},
    "people.drop_domain": {"owner"} | ADMINISTRATOR,
    "people.set_join_policy": {"owner"},
    "people.join_by_policy": set(),
    "people.reset_second_factor": set(),
    "people.answer_iam_smart": set(),
}


@pytest.mark.parametrize("name", WHO)
def test_who_may(name, cast, hku):
    assert {part for part in cast.everybody if access.may(cast.actor(part), name, hku)} == WHO[name]


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("people.end_session", lambda person: UserSession(user=person)),
        ("people.unlink_institution", lambda person: SocialAccount(user=person)),
    ],
)
def test_what_is_ones_own(name, of, cast):
    assert {part for part in cast.everybody if access.may(cast.actor(part), name, of(cast.owner))} == {"owner"}


def test_asking_is_refused_where_nobody_may_ask(cast, hku):
    actions.set_join_policy(cast.actor("owner"), organisation=hku, policy="invited")
    with pytest.raises(Conflict, match="only people whom it invites"):
        actions.ask_to_join(cast.actor("stranger"), organisation=hku.uid)
