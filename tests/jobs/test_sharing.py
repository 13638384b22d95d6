"""Links to files: what opens, for whom, until when, and what never does."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound, SignInNeeded
from aisc.core.models import AuditEvent
from aisc.jobs import actions, sharing, workspaces
from aisc.jobs.models import FileLink
from aisc.people.models import Membership


@pytest.fixture
def report(team):
    root = workspaces.root_of(team.project)
    (root / "out").mkdir()
    (root / "out" / "報告.html").write_text("<html><script>alert(1)</script>")
    return root / "out" / "報告.html"


@pytest.fixture
def link(team, report):
    return actions.share_file(team.actor, project=team.project, path="out/報告.html", days=3)


def fetch(client, link, **headers):
    return client.get(f"{sharing.address(link)}/x", headers=headers)


def refused(client, link):
    """Page and file say the same; the words of the page, without markup."""
    page, file = client.get(sharing.address(link)), fetch(client, link)
    assert page.status_code == file.status_code
    assert "does not work" in page.content.decode()
    return page.status_code, page.content.decode()


def test_anybody_with_the_link_gets_the_file_as_a_download_and_each_use_is_counted(client, link, team):
    page = client.get(sharing.address(link))
    assert (page.status_code, page["Referrer-Policy"]) == (200, "no-referrer")
    assert "text/html" in page.content.decode()
    assert FileLink.objects.get().uses == 0
    answer = fetch(client, link)
    assert b"".join(answer.streaming_content) == b"<html><script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    part = fetch(client, link, range="bytes=1-4")
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"html")
    found = FileLink.objects.get()
    assert (found.uses, found.used_at is not None) == (2, True)
    rows = AuditEvent.objects.filter(action="jobs.use_link")
    assert [(row.object_id, row.person) for row in rows] == [(link.uid, None)] * 2


def test_every_part_of_the_address_is_signed(client, link, team):
    good = sharing.signature(link)
    swapped = good.swapcase()
    for bad in (good[:-1], good + "A", swapped, "x"):
        assert client.get(f"/shared/{link.uid}/{bad}").status_code == 404
        assert client.get(f"/shared/{link.uid}/{bad}/x").status_code == 404
    assert client.get(f"/shared/lnk-000000000000/{good}").status_code == 404
    for field, value in {
        "path": "secret.txt",
        "size": 1,
        "changed_ns": 1,
        "expires_at": link.expires_at + timedelta(days=1),
        "email": team.person.email,
    }.items():
        altered = FileLink.objects.get()
        setattr(altered, field, value)
        assert sharing.signature(altered) != good, field
    FileLink.objects.update(expires_at=link.expires_at + timedelta(days=300))
    assert client.get(f"/shared/{link.uid}/{good}").status_code == 404


def test_expired_revoked_changed_and_deleted_each_say_so(client, link, report, team, make_person):
    now = clock.now()
    assert client.get(sharing.address(link)).status_code == 200
    report.write_text("another")
    assert refused(client, link)[0] == 410
    report.unlink()
    assert "deleted or moved" in refused(client, link)[1]
    os.symlink("/etc/passwd", report)
    assert refused(client, link)[0] == 410
    report.unlink()
    report.write_text("again")
    link = actions.share_file(team.actor, project=team.project, path="out/報告.html")
    actions.revoke_link(team.actor, link=link)
    first = FileLink.objects.get(pk=link.pk).revoked_at
    actions.revoke_link(team.actor, link=link)
    assert FileLink.objects.get(pk=link.pk).revoked_at == first
    assert "taken back" in refused(client, link)[1]
    old = actions.share_file(team.actor, project=team.project, path="out/報告.html")
    old.expires_at = now
    old.save()
    assert "expired" in refused(client, old)[1]
    assert AuditEvent.objects.filter(action="jobs.use_link").count() == 0


def test_a_link_ends_when_its_maker_may_no_longer_read(client, link, team, make_person):
    Membership.objects.filter(person=team.person).delete()
    assert "left the project" in refused(client, link)[1]


def test_a_link_for_one_person(client, team, report, make_person):
    friend, stranger = make_person(), make_person()
    address = "Friend@Work.example"
    link = actions.share_file(team.actor, project=team.project, path="out/報告.html", email=address)
    assert client.get(sharing.address(link)).status_code == 302  # to sign in
    added = EmailAddress.objects.create(user=friend, email=address.lower(), verified=False)
    EmailAddress.objects.create(user=stranger, email=address.lower(), verified=False)
    for somebody in (stranger, friend):
        client.force_login(somebody)
        assert refused(client, link)[0] == 403
    added.set_verified()
    assert client.get(sharing.address(link)).status_code == 200
    assert fetch(client, link).status_code == 200
    assert AuditEvent.objects.get(action="jobs.use_link").person == friend


def test_making_a_link_tells_nobody_who_has_an_account(client, team, report, make_person):
    friend = make_person()
    client.force_login(team.person)
    here = f"/projects/{team.project.uid}/share/out/報告.html"
    told = []
    for address in (friend.email, "nobody@example.org"):
        FileLink.objects.all().delete()
        made = client.post(here, {"days": "5", "email": address})
        link = FileLink.objects.get()
        page = client.get(here).content.decode()
        told.append((made.status_code, made.url, page.count(address), friend.name in page))
        answer = client.post(
            f"/api/v1/projects/{team.project.uid}/links",
            {"path": "out/報告.html", "email": address},
            content_type="application/json",
        )
        told[-1] += (answer.status_code, answer.json()["only_for"] == address, link.email == address)
    assert told[0] == told[1]
    assert told[0] == (302, made.url, 1, False, 201, True, True)


def test_who_may_make_and_take_back(team, report, member, acting, make_person, make_team):
    reader, writer = make_person(), make_person()
    member(reader, team.project, "read_only")
    member(writer, team.project, "member")
    reader, writer = acting(reader), acting(writer)
    mine = actions.share_file(reader, project=team.project, path="out/報告.html")
    other = actions.share_file(writer, project=team.project, path="out/報告.html")
    with pytest.raises((Forbidden, NotFound)):
        actions.revoke_link(reader, link=other)
    actions.revoke_link(reader, link=mine)
    actions.revoke_link(team.actor, link=other)
    with pytest.raises(NotFound):
        actions.share_file(make_team().actor, project=team.project, path="out/報告.html")
    with pytest.raises(SignInNeeded):
        actions.share_file(Actor(), project=team.project, path="out/報告.html")


@pytest.mark.parametrize(
    ("asked", "field"), [({"days": 0}, "days"), ({"days": 91}, "days"), ({"email": "nobody"}, "email")]
)
def test_what_cannot_be_made(team, report, asked, field):
    with pytest.raises(BadInput) as refusal:
        actions.share_file(team.actor, project=team.project, path="out/報告.html", **asked)
    assert refusal.value.field == field
    assert not FileLink.objects.exists()


def test_a_folder_and_too_many_links_are_refused(team, report, monkeypatch):
    with pytest.raises(NotFound):
        actions.share_file(team.actor, project=team.project, path="out")
    monkeypatch.setattr(sharing, "MOST_LINKS", 1)
    actions.share_file(team.actor, project=team.project, path="out/報告.html")
    with pytest.raises(Conflict):
        actions.share_file(team.actor, project=team.project, path="out/報告.html")


def test_nobody_signs_for_the_system(team, report):
    from aisc.core.actions import system

    with pytest.raises(SignInNeeded):
        actions.share_file(system("test"), project=team.project, path="out/報告.html")


def test_the_page_of_a_file(client, team, report, make_person):
    client.force_login(team.person)
    here = f"/projects/{team.project.uid}/share/out/報告.html"
    assert "none yet" in client.get(here).content.decode()
    assert client.post(here, {"days": "0", "email": ""}).status_code == 422
    assert client.post(here, {"days": "5", "email": ""}).status_code == 302
    link = FileLink.objects.get()
    text = client.get(here).content.decode()
    assert sharing.address(link) in text
    assert client.get(f"/projects/{team.project.uid}/share/out").status_code == 404
    assert client.post(f"/links/{link.uid}/revoke").status_code == 302
    assert "taken back" in client.get(here).content.decode()
    client.force_login(make_person())
    assert client.get(here).status_code == 404
    assert client.post(f"/links/{link.uid}/revoke").status_code in (403, 404)
    assert client.post("/links/lnk-000000000000/revoke").status_code == 404
    client.logout()
    assert client.post("/links/lnk-000000000000/revoke").status_code == 302


def test_the_api(client, team, report):
    client.force_login(team.person)
    base = f"/api/v1/projects/{team.project.uid}/links"
    made = client.post(base, {"path": "out/報告.html", "days": 2}, content_type="application/json")
    assert made.status_code == 201, made.content
    found = made.json()
    assert (found["path"], found["uses"], found["only_for"]) == ("out/報告.html", 0, "")
    assert client.get(found["url"].split("8000")[-1] if "8000" in found["url"] else found["url"]).status_code == 200
    assert [each["uid"] for each in client.get(base).json()["items"]] == [found["uid"]]
    assert client.delete(f"/api/v1/links/{found['uid']}").status_code == 204
    assert client.get(base).json()["items"][0]["url"] == ""
