"""Signing in through SAML: SimpleSAMLphp, started here; its answers changed, late, twice, or meant for others."""

import base64
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from identity_providers import saml
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from aisc.core import clock
from aisc.core.actions import system
from aisc.core.errors import BadInput
from aisc.people import actions
from aisc.people.institutions import saml as module
from aisc.people.models import Institution, Person
from aisc.people.sealing import unseal

pytestmark = pytest.mark.django_db
MAIL, NAME = "urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.16.840.1.113730.3.1.241"
SUBJECT = "urn:oasis:names:tc:SAML:attribute:subject-id"
PEOPLE = {
    "ada": {SUBJECT: "ada-1@hku.example", MAIL: "Ada@hku.example", NAME: "陳大文"},
    "bob": {SUBJECT: "bob-1@hku.example", MAIL: "bob@elsewhere.example", NAME: "Bob"},
    "nobody": {MAIL: "nobody@hku.example"},
}
NS = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion", "ds": "http://www.w3.org/2000/09/xmldsig#"}


@pytest.fixture(scope="module")
def idp():
    with saml(PEOPLE) as running:
        running.described = running.metadata()
        yield running


def connect(idp, slug, **more):
    return actions.connect_institution(
        system("test"), slug=slug, kind="saml", name_en=f"University {slug}", metadata=idp.described, **more
    )


def known(*institutions):
    """The services as the identity provider has to know them; the first gets its answers encrypted."""
    return {
        module._url("saml_metadata", each.slug): {
            "acs": module._url("saml_acs", each.slug),
            "certificate": each.settings["certificate"],
            "encrypted": number == 0,
        }
        for number, each in enumerate(institutions)
    }


@pytest.fixture
def world(idp, db, monkeypatch):
    """Two institutions with keys of their own (made once: making them is slow), both at the same provider."""
    if not hasattr(idp, "pairs"):
        from aisc.people.institutions.configuration import new_key_pair

        idp.pairs = {f"AISC {slug}": new_key_pair(slug) for slug in ("hku", "cityu")}
    monkeypatch.setattr("aisc.people.institutions.configuration.new_key_pair", lambda name: idp.pairs[name])
    hku, cityu = connect(idp, "hku", domains="hku.example"), connect(idp, "cityu")
    idp.know(known(hku, cityu))
    return SimpleNamespace(idp=idp, hku=hku, cityu=cityu)


@pytest.fixture
def answer(client, world):
    """``answer("ada")``: what the provider's page would post for somebody, to which address."""

    def get(person, slug="hku", browser=client, **sent):
        away = browser.post(f"/sign-in/{slug}/", sent)
        assert away.status_code == 302, away.content
        return world.idp.sign_in(away.url, person)

    return get


def post(browser, where, form):
    """As a browser does it: the post comes from elsewhere, without our session; then it follows the redirect."""
    aside = Client()
    answer = aside.post(urlsplit(where).path, form)
    assert answer.status_code == 302
    browser.cookies["saml-acs-session"] = aside.cookies["saml-acs-session"].value
    return browser.get(answer.url)


def test_signing_up_and_in_again(client, answer, mailoutbox):
    where, form = answer("ada", next="/account/")
    assert b"EncryptedAssertion" in base64.b64decode(form["SAMLResponse"])
    done = post(client, where, form)
    assert done.url == "/accounts/3rdparty/signup/"
    assert "陳大文" in client.get(done.url).content.decode()
    assert client.post(done.url, {"name": "陳大文"}).url == "/account/"
    ada = Person.objects.get()
    assert (ada.email, mailoutbox) == ("ada@hku.example", [])
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == ("hku", "ada-1@hku.example")
    again = Client()
    assert post(again, *answer("ada", browser=again, next="/account/")).url == "/account/"
    assert again.get("/account/").status_code == 200
    assert Person.objects.count() == 1


def test_an_address_of_another_domain_is_confirmed_by_a_code(client, answer, mailoutbox):
    done = post(client, *answer("bob"))
    client.post(done.url, {"name": "Bob", "email": "bob@elsewhere.example"})
    assert mailoutbox[0].to == ["bob@elsewhere.example"]
    assert client.get("/account/").status_code == 302


def test_one_persons_name_at_two_institutions_is_two_people(client, answer):
    client.post(post(client, *answer("ada")).url, {"name": "Ada"})
    other = Client()
    assert post(other, *answer("ada", slug="cityu", browser=other)).url == "/accounts/3rdparty/signup/"


def test_an_address_with_an_account_never_signs_in_to_it(client, answer, make_person):
    make_person(email="ada@hku.example")
    assert post(client, *answer("ada")).url == "/account/sign-in/link-first"
    assert client.get("/account/").status_code == 302


def opened(form):
    return etree.fromstring(base64.b64decode(form["SAMLResponse"]))


def closed(tree):
    return {"SAMLResponse": base64.b64encode(etree.tostring(tree)).decode()}


def another_name(form):
    tree = opened(form)
    value = tree.find(f".//saml:Attribute[@Name='{SUBJECT}']/saml:AttributeValue", NS)
    value.text = "bob-1@hku.example"
    return closed(tree)


def unsigned(form):
    tree = opened(form)
    for each in tree.findall(".//ds:Signature", NS):
        each.getparent().remove(each)
    return closed(tree)


def only_the_response_signed(form):
    tree = opened(form)
    signature = tree.find("saml:Assertion/ds:Signature", NS)
    signature.getparent().remove(signature)
    return closed(tree)


def wrapped(form):
    """Another assertion put before the signed one, the attack called signature wrapping."""
    tree = opened(form)
    signed = tree.find("saml:Assertion", NS)
    forged = etree.fromstring(etree.tostring(signed))
    forged.remove(forged.find("ds:Signature", NS))
    forged.set("ID", "_forged")
    forged.find(f".//saml:Attribute[@Name='{SUBJECT}']/saml:AttributeValue", NS).text = "bob-1@hku.example"
    tree.insert(list(tree).index(signed), forged)
    return closed(tree)


def no_answer(_form):
    return {"SAMLResponse": "abc"}


def no_xml(_form):
    return {"SAMLResponse": base64.b64encode(b"hello").decode()}


def nothing(_form):
    return {}


@pytest.mark.parametrize(
    "change", [another_name, unsigned, only_the_response_signed, wrapped, no_answer, no_xml, nothing]
)
def test_an_answer_that_was_changed_is_refused(change, client, answer):
    where, form = answer("ada", slug="cityu")
    refused = post(client, where, change(form))
    assert refused.status_code == 401
    assert "This sign-in was not accepted" in refused.content.decode()
    assert not Person.objects.exists()
    assert "socialaccount_sociallogin" not in client.session


def test_an_answer_for_somebody_else_is_refused(client, answer):
    _where, form = answer("ada", slug="cityu")
    assert post(client, "/accounts/saml/hku/acs/", form).status_code == 401


def test_an_old_answer_is_refused(client, answer, monkeypatch):
    where, form = answer("ada")
    real = OneLogin_Saml2_Utils.now()
    monkeypatch.setattr(OneLogin_Saml2_Utils, "now", staticmethod(lambda: real + 3600))
    assert post(client, where, form).status_code == 401


def test_an_answer_works_once_and_only_where_it_was_asked_for(client, answer):
    where, form = answer("ada")
    assert post(Client(), where, form).status_code == 401
    assert post(client, where, form).url == "/accounts/3rdparty/signup/"
    assert post(client, where, form).status_code == 401


def test_an_answer_that_nobody_asked_for_is_refused(client, world):
    entity = module._url("saml_metadata", "hku")
    where, form = world.idp.sign_in(f"{world.idp.url}/saml2/idp/SSOService.php?spentityid={entity}", "ada")
    assert post(client, where, form).status_code == 401


def test_an_answer_that_names_nobody_for_good_is_refused(client, answer, world):
    # SimpleSAMLphp then gives a transient NameID: another one each time.
    assert post(client, *answer("nobody")).status_code == 401
    Institution.objects.filter(slug="hku").update(settings=world.hku.settings | {"id_attribute": MAIL})
    assert post(client, *answer("nobody")).url == "/accounts/3rdparty/signup/"


def test_a_request_that_is_not_ours_is_refused_there(world, client):
    """Our requests are signed; the provider checks it."""
    away = client.post("/sign-in/hku/").url
    assert "Signature=" in away
    with pytest.raises(AssertionError):
        world.idp.sign_in(away.replace("Signature=", "Signature=AAAA"), "ada")


def test_confirming_through_the_institution(client, answer, make_person, monkeypatch):
    ada = make_person()
    SocialAccount.objects.create(user=ada, provider="hku", uid="ada-1@hku.example")
    client.force_login(ada)
    session = client.session
    session["aisc_proved_at"] = 0
    session.save()
    where, form = answer("ada", purpose="confirm")
    assert post(client, where, form).url == "/account/confirm/go-on"
    assert client.session["aisc_proved_at"] > 0
    assert client.get("/account/").status_code == 200
    monkeypatch.setattr(module, "JUST_NOW_S", -600)
    assert post(client, *answer("ada", purpose="confirm")).url == "/account/confirm/"


@pytest.mark.parametrize("at", ["", "yesterday"])
def test_when_somebody_signed_in_there_has_to_be_said(at):
    login = SimpleNamespace(account=SimpleNamespace(extra_data={"authn_instant": at}))
    assert module.SamlProvider.signed_in_just_now(None, login) is False


def test_our_metadata(client, world):
    answer = client.get("/accounts/saml/hku/metadata/")
    tree = etree.fromstring(answer.content)
    assert tree.get("entityID").endswith("/accounts/saml/hku/metadata/")
    assert "PRIVATE" not in answer.content.decode()
    assert client.get("/accounts/saml/nobody/metadata/").status_code == 404
    assert "PRIVATE KEY" not in world.hku.secret
    assert "PRIVATE KEY" in unseal(world.hku.secret)


@pytest.mark.parametrize(
    "metadata", ["", "hello", "<a/>", "<!DOCTYPE x><a/>", "x" * 1_000_001], ids=["empty", "text", "xml", "dtd", "long"]
)
def test_metadata_that_lack_what_is_needed(metadata, db):
    with pytest.raises(BadInput) as refused:
        actions.connect_institution(system("test"), slug="x", kind="saml", name_en="X", metadata=metadata)
    assert refused.value.field == "metadata"


def test_metadata_without_tls_elsewhere(idp, db):
    plain = idp.described.replace("http://127.0.0.1", "http://idp.example.org")
    with pytest.raises(BadInput, match="not https"):
        actions.connect_institution(system("test"), slug="x", kind="saml", name_en="X", metadata=plain)


def test_changing_it(idp, world, make_person):
    changed = actions.update_institution(
        system("test"), institution=world.hku, metadata=idp.described, id_attribute=MAIL, domains="", active=False
    )
    assert changed.settings["id_attribute"] == MAIL
    kept = actions.update_institution(system("test"), institution=world.hku, name_zh="港大")
    assert (kept.name_zh, kept.settings) == ("港大", changed.settings)
    assert changed.settings["certificate"] == world.hku.settings["certificate"]
    SocialAccount.objects.create(user=make_person(), provider="hku", uid="1")
    with pytest.raises(BadInput) as refused:
        actions.update_institution(system("test"), institution=world.hku, id_attribute="")
    assert refused.value.field == "id_attribute"
    other = idp.described.replace("https://idp.example.org/", "https://other.example.org/")
    with pytest.raises(BadInput) as refused:
        actions.update_institution(system("test"), institution=world.hku, metadata=other)
    assert refused.value.field == "metadata"


def test_certificates_say_when_they_end(world):
    from aisc.people.institutions.configuration import expires_at

    assert all(expires_at(each) > clock.now() for each in world.hku.settings["certificates"])
    assert expires_at(world.hku.settings["certificate"]) > clock.now()
