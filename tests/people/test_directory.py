"""The public directory: nothing is shown that nobody agreed to, and nothing stays that somebody withdrew."""

import io
import json
import re

import pytest
from django.utils import translation
from PIL import Image

from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound, SignInNeeded, TooLarge
from aisc.people import actions, consent, directory
from aisc.people.models import Listing, TextAcceptance


def agreed() -> dict[str, str]:
    """Agreeing to the text that is on the page now."""
    return {"agreed_text": consent.current().wording.digest}


def png(mode="RGBA", size=(2000, 900)) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, (200, 30, 30, 128)[: len(mode)]).save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def shown(cast, noon):
    """The cast's organisation with a published project and one of its people."""
    organisation = actions.list_organisation(
        cast.actor("owner"), organisation=cast.organisation, summary_en="Robots that see",
        summary_zh="會看的機械人", link="https://robots.example.org", **agreed(),
    )  # fmt: skip
    project = actions.list_project(
        cast.actor("manager"), project=cast.project, name_en="Grasping </script><b>", name_zh="視覺抓取",
        summary_en="Hands", picture=png(), picture_en="A red hand", **agreed(),
    )  # fmt: skip
    person = actions.list_oneself(cast.actor("guest"), organisation=cast.organisation, name_en="Engineer", **agreed())
    return organisation, project, person


def test_nothing_is_shown_before_somebody_agrees(client, cast):
    assert cast.organisation.name_en not in client.get("/directory/").content.decode()
    assert client.get(f"/directory/{cast.organisation.uid}/").status_code == 404
    assert client.get(f"/directory/projects/{cast.project.uid}/").status_code == 404
    assert client.get("/api/v1/directory").json() == {"items": [], "next": None}
    for digest in ("", "0" * 64):
        with pytest.raises(BadInput, match="agree"):
            actions.list_organisation(cast.actor("owner"), organisation=cast.organisation, agreed_text=digest)
    with pytest.raises(Conflict, match="not in the directory"):
        actions.list_project(cast.actor("owner"), project=cast.project, name_en="x", **agreed())
    assert not Listing.objects.exists()


def test_everybody_sees_what_was_agreed_to_and_no_more(client, cast, shown, noon):
    pages = [
        client.get(path).content.decode()
        for path in ("/directory/", f"/directory/{cast.organisation.uid}/", f"/directory/projects/{cast.project.uid}/")
    ]
    assert "Robots that see" in pages[0]
    assert "Engineer" in pages[1]
    assert "A red hand" in pages[2]
    for page in pages:
        assert "</script><b>" not in page
        assert cast.guest.email not in page
        assert cast.project.name_en not in page
        assert cast.member.name + "<" not in page
    answer = client.get(f"/api/v1/directory/{cast.organisation.uid}").json()
    assert answer["people"] == [{"name": "Guest", "role_en": "Engineer", "role_zh": "", "link": ""}]
    assert [each["name_zh"] for each in answer["projects"]] == ["視覺抓取"]
    assert client.get("/api/v1/directory?category=startup").json()["items"][0]["people"] is None
    listing = shown[0]
    assert (listing.agreed_by, listing.agreed_at) == (cast.owner, noon)
    assert (listing.text_code, listing.text_version, listing.text_language) == ("directory-consent", "2026-1", "en")
    assert listing.text_sha256 == consent.current().wording.digest


@pytest.fixture
def publish(cast, noon):
    """``publish(body)``: the next version of the centre's own consent text, in two languages."""
    writer, approver = cast.actor("centre_secretariat"), cast.actor("centre_administrator")

    def run(body):
        wordings = {"en": ("Being shown", body), "zh-hant": ("展示", f"{body}。")}
        code = "directory-consent"
        text = actions.draft_text(writer, code=code, effective_on=clock.today(), wordings=wordings)
        for wording in text.wordings.all():
            actions.approve_text(approver, wording=wording)
        return actions.publish_text(approver, text=text)

    return run


def test_the_approved_text_is_what_is_agreed_to_and_there_is_a_receipt(cast, publish):
    shipped = agreed()
    first = publish("We show you")
    with pytest.raises(BadInput, match="If it has changed"):
        actions.list_organisation(cast.actor("owner"), organisation=cast.organisation, **shipped)
    with translation.override("zh-hans"):
        assert consent.current().wording.language == "zh-hant"
        assert consent.current().notice
        listing = actions.list_organisation(cast.actor("owner"), organisation=cast.organisation, **agreed())
    wording = first.wordings.get(language="zh-hant")
    assert (listing.text_version, listing.text_language) == ("1", "zh-hant")
    assert listing.text_sha256 == wording.digest
    receipt = TextAcceptance.objects.get()
    assert (receipt.wording, receipt.person, receipt.occasion) == (wording, cast.owner, "directory")
    assert (receipt.about, receipt.digest) == (listing.uid, wording.digest)

    # Changing what is shown, in another language too, is the same consent; under a new version it is agreed to anew.
    actions.list_organisation(cast.actor("owner"), organisation=cast.organisation, summary_en="Robots", **agreed())
    assert TextAcceptance.objects.count() == 1
    second = publish("We show you to everybody")
    listing.refresh_from_db()
    assert listing.text_version == "1"
    actions.list_organisation(cast.actor("owner"), organisation=cast.organisation, **agreed())
    listing.refresh_from_db()
    assert listing.text_sha256 == second.wordings.get(language="en").digest
    assert [each.about for each in TextAcceptance.objects.all()] == [listing.uid] * 2


def test_data_for_search_engines(client, cast, shown):
    for path, kind in (
        (f"{cast.organisation.uid}/", "Organization"),
        (f"projects/{cast.project.uid}/", "CreativeWork"),
    ):
        page = client.get(f"/directory/{path}").content.decode()
        about = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page).group(1))
        assert (about["@context"], about["@type"]) == ("https://schema.org", kind)
    assert about["name"] == "Grasping </script><b>"
    assert about["image"].endswith("/picture.jpg")
    site = client.get("/sitemap.xml")
    assert site["Content-Type"] == "application/xml"
    assert f"/directory/{cast.organisation.uid}/" in site.content.decode()
    assert 'hreflang="zh-hant"' in site.content.decode()


def test_the_picture_is_pixels_alone(client, cast, shown):
    path = f"/directory/projects/{cast.project.uid}/picture.jpg"
    answer = client.get(path)
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 540))
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    make = lambda **values: actions.list_project(  # noqa: E731
        cast.actor("owner"), project=cast.project, name_en="T", **agreed(), **values
    )
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\nrubbish", b"GIF89a", png()[:200]):
        with pytest.raises(BadInput, match="not a JPEG"):
            make(picture=data, picture_en="x")
    with pytest.raises(BadInput, match="what the picture shows"):
        make(picture=png(size=(4, 4)))
    with pytest.raises(TooLarge):
        make(picture=b"x" * (8 * 1024 * 1024 + 1), picture_en="x")
    assert directory.project(cast.project.uid).has_picture
    make(picture=b"")
    assert client.get(path).status_code == 404


def test_pictures_that_unpack_into_too_much(monkeypatch, cast, shown):
    monkeypatch.setattr("aisc.people.pictures.MOST_PIXELS", 100)
    with pytest.raises(BadInput, match="too many pixels"):
        actions.list_project(
            cast.actor("owner"), project=cast.project, name_en="T", picture=png("RGB", (20, 20)), **agreed()
        )


def test_withdrawing_ends_it_at_once(client, cast, shown):
    organisation, project, person = shown
    for part in ("finance", "stranger", "centre_operator", "anonymous"):
        for listing in shown:
            with pytest.raises(SignInNeeded if part == "anonymous" else NotFound):
                actions.withdraw_listing(cast.actor(part), listing=listing)
    actions.withdraw_listing(cast.actor("guest"), listing=person)
    assert not directory.people(cast.organisation)
    actions.withdraw_listing(cast.actor("owner"), listing=organisation)
    actions.withdraw_listing(cast.actor("owner"), listing=organisation)
    for path in (
        f"{cast.organisation.uid}/",
        f"projects/{cast.project.uid}/",
        f"projects/{cast.project.uid}/picture.jpg",
    ):
        assert client.get(f"/directory/{path}").status_code == 404
    assert client.get("/api/v1/directory").json()["items"] == []
    # Agreeing again is another consent; the project's own still stands.
    actions.list_organisation(cast.actor("owner"), organisation=cast.organisation, **agreed())
    assert Listing.objects.filter(organisation=cast.organisation, project=None, person=None).count() == 2
    assert client.get(f"/directory/projects/{cast.project.uid}/").status_code == 200
    assert project.withdrawn_at is None


def test_searching_and_categories_stay_in_the_address(client, cast, shown):
    def found(query):
        return [row["uid"] for row in client.get(f"/api/v1/directory?{query}").json()["items"]]

    uid = cast.organisation.uid
    for query in ("q=grasping", "q=視覺", f"q={cast.organisation.name_zh}", "q=robots+that", "category=startup"):
        assert found(query) == [uid], query
        assert uid in client.get(f"/directory/?{query}").content.decode()
    for query in ("q=nothing", "category=university", f"q={cast.other.name_en}"):
        assert found(query) == []
    page = client.get("/directory/?q=grasping&category=startup").content.decode()
    assert 'value="grasping"' in page
    assert 'value="startup" selected' in page


def test_who_agrees_for_whom_and_what_links_may_be(cast, shown):
    with pytest.raises(Forbidden):
        actions.list_organisation(cast.actor("manager"), organisation=cast.organisation, **agreed())
    with pytest.raises(Forbidden):
        actions.list_project(cast.actor("member"), project=cast.project, name_en="x", **agreed())
    with pytest.raises(NotFound):
        actions.list_oneself(cast.actor("stranger"), organisation=cast.organisation, **agreed())
    for act in (
        lambda: actions.list_oneself(system("x"), organisation=cast.organisation, **agreed()),
        lambda: actions.list_organisation(system("x"), organisation=cast.organisation, **agreed()),
    ):
        with pytest.raises(SignInNeeded):
            act()
    for link in ("javascript:alert(1)", "robots", "https://a:b@example.org", "ftp://example.org"):
        with pytest.raises(BadInput, match="web address"):
            actions.list_oneself(cast.actor("guest"), organisation=cast.organisation, link=link, **agreed())


def test_a_merged_duplicate_leads_on(client, cast, shown):
    cast.other.merged_into = cast.organisation
    cast.other.save()
    answer = client.get(f"/directory/{cast.other.uid}/")
    assert (answer.status_code, answer.url) == (301, f"/directory/{cast.organisation.uid}/")
    client.force_login(cast.owner)
    answer = client.get(f"/organisations/{cast.other.uid}/")
    assert (answer.status_code, answer.url) == (301, f"/organisations/{cast.organisation.uid}/")


def test_the_number_of_queries_does_not_grow(
    client, cast, shown, django_assert_num_queries, make_organisation, make_project
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(path):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    before = cost("/directory/")
    for number in range(3):
        organisation = make_organisation(owner=cast.owner, name_en=f"More {number}")
        actions.list_organisation(Actor(person=cast.owner), organisation=organisation, **agreed())
        actions.list_project(Actor(person=cast.owner), project=make_project(organisation), name_en="P", **agreed())
    assert cost("/directory/") == before
