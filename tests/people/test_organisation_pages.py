"""Pages and API of invitations, requests, service accounts, facilitators, merging and the directory, in use."""

import pytest
from django.urls import reverse

from aisc.people import actions, consent
from aisc.people.models import Invitation, JoinRequest, Listing, Membership, Organisation


@pytest.fixture
def go(client, cast):
    def visit(part, path, body=None, **options):
        client.logout()
        if part != "anonymous":
            client.force_login(cast.people[part])
        return client.get(path, **options) if body is None else client.post(path, body, **options)

    return visit


def text(answer):
    return answer.content.decode()


def test_inviting_by_page(go, cast):
    path = f"/organisations/{cast.organisation.uid}/invite"
    assert go("owner", path, {"email": cast.stranger.email, "role": "member"}).status_code == 302
    invitation = Invitation.objects.get()
    here = f"/invitations/{invitation.uid}/"
    assert "o…@" not in text(go("stranger", here))
    assert "Accept" in text(go("stranger", here))
    other = text(go("guest", here))
    assert "sent to another address" in other
    assert cast.stranger.email not in other
    anonymous = text(go("anonymous", here))
    assert f"/accounts/login/?next={here}" in anonymous
    assert cast.stranger.email not in anonymous
    assert "Invitations to you" in text(go("stranger", "/organisations/"))
    assert cast.stranger.email in text(go("manager", f"/organisations/{cast.organisation.uid}/"))
    assert cast.stranger.email not in text(go("member", f"/organisations/{cast.organisation.uid}/"))
    assert list(go("owner", path, {"email": cast.stranger.email, "role": "member"}).context["form"].errors) == ["email"]
    assert go("owner", f"{here}resend", {}).status_code in (302, 429)
    assert go("guest", f"{here}accept", {}).status_code == 403
    assert go("stranger", f"{here}accept", {}).url == f"/organisations/{cast.organisation.uid}/"
    assert "You have accepted" in text(go("stranger", here))
    assert "no longer works" in text(go("guest", here))
    go("owner", f"/projects/{cast.project.uid}/invite", {"email": "new@example.org", "role": "member"})
    second = Invitation.objects.first()
    assert go("owner", f"/invitations/{second.uid}/revoke", {}).url == f"/projects/{cast.project.uid}/"
    assert go("owner", "/invitations/inv-none/").status_code == 404
    third = actions.invite(cast.actor("owner"), place=cast.project, email=cast.stranger.email, role="member")
    assert go("stranger", f"/invitations/{third.uid}/decline", {}).url == "/home"
    assert Invitation.objects.get(pk=third.pk).state == "declined"


def test_ownership_and_joining_by_page(go, cast):
    path = f"/organisations/{cast.organisation.uid}/ownership"
    assert go("owner", path, {"email": cast.member.email, "role_after": "manager"}).status_code == 302
    assert Invitation.objects.get().transfer
    assert list(go("owner", path, {"email": "x", "role_after": "manager"}).context["form"].errors) == ["email"]
    body = {"organisation": cast.organisation.uid, "message": "Hello"}
    assert go("stranger", "/organisations/join", body).url == "/organisations/"
    assert list(go("stranger", "/organisations/join", body).context["form"].errors) == ["organisation"]
    asked = JoinRequest.objects.get()
    assert "You asked to join" in text(go("stranger", "/organisations/"))
    assert "Hello" in text(go("manager", f"/organisations/{cast.organisation.uid}/"))
    assert go("stranger", f"/join-requests/{asked.uid}/answer", {"role": "owner"}).status_code == 404
    go("owner", f"/join-requests/{asked.uid}/answer", {"role": "member"})
    assert Membership.objects.get(person=cast.stranger, organisation=cast.organisation).role == "member"
    again = actions.ask_to_join(cast.actor("guest"), organisation=cast.other.uid)
    go("stranger", f"/join-requests/{again.uid}/answer", {"answer": "decline"})
    third = actions.ask_to_join(cast.actor("guest"), organisation=cast.other.uid)
    assert go("guest", f"/join-requests/{third.uid}/withdraw", {}).url == "/organisations/"
    assert go("guest", "/join-requests/jnr-none/withdraw", {}).status_code == 404
    assert set(JoinRequest.objects.values_list("state", flat=True)) == {"accepted", "declined", "withdrawn"}


@pytest.mark.parametrize("kind", ["organisations", "projects"])
def test_service_accounts_by_page(kind, go, cast):
    place = cast.organisation if kind == "organisations" else cast.project
    base = f"/{kind}/{place.uid}/services"
    made = go("owner", base, {"name": "Nightly", "role": "member"})
    assert made.status_code == 302
    assert "Nightly" in text(go("owner", base))
    assert go("owner", base, {"name": "", "role": "member"}).context["form"].errors
    answer = go("owner", made.url, {"name": "ci", "scopes": ["read"], "days": "7"})
    assert "aisc_" in text(answer)
    assert answer["Cache-Control"].startswith("max-age=0")
    token = answer.context["tokens"][0]
    assert go("member", made.url).status_code == 404
    assert go("owner", f"{made.url}tokens/{token.pk}/revoke", {}).status_code == 302
    assert go("owner", f"{made.url}tokens/999999/revoke", {}).status_code == 404
    assert go("owner", f"{made.url}close", {}).url == base
    assert go("owner", made.url).status_code == 404


def test_facilitators_by_page(go, cast):
    path = f"/projects/{cast.project.uid}/facilitators"
    body = {"email": cast.stranger.email, "days": "14", "reason": "First run"}
    assert go("centre_administrator", path, body | {"email": "no@example.org"}).context["form"].errors
    assert go("centre_administrator", path, body).url == f"/projects/{cast.project.uid}/"
    assert go("centre_administrator", path, body).context["form"].errors
    assert "First run" in text(go("owner", f"/projects/{cast.project.uid}/"))
    assert go("stranger", f"/projects/{cast.project.uid}/").status_code == 200
    membership = Membership.objects.get(role="facilitator")
    assert go("owner", f"/memberships/{membership.pk}/end", {}).url == f"/projects/{cast.project.uid}/"
    assert go("owner", f"/memberships/{membership.pk}/end", {}).status_code == 404
    assert go("stranger", f"/projects/{cast.project.uid}/").status_code == 404


def test_merging_by_page(go, cast, make_person):
    path = f"{reverse('people:merge_organisations')}?o-survivor={cast.organisation.uid}&o-duplicate={cast.other.uid}"
    assert cast.other_project.name_en in text(go("centre_administrator", path))
    wrong = go("centre_administrator", path, {"confirmation": "x", "reason": "same"})
    assert list(wrong.context["form"].errors) == ["confirmation"]
    done = go("centre_administrator", path, {"confirmation": cast.other.uid, "reason": "same"})
    assert done.url == f"/organisations/{cast.organisation.uid}/"
    for query in ("", "?survivor=org-none&duplicate=org-none", f"?survivor={cast.organisation.uid}"):
        assert go("centre_administrator", reverse("people:merge_organisations") + query).url == "/centre/merging/"
    twin = make_person(name="Twin")
    path = f"{reverse('people:merge_persons')}?p-survivor={cast.member.email}&p-duplicate={twin.uid}"
    assert twin.email in text(go("centre_administrator", path))
    done = go("centre_administrator", path, {"confirmation": twin.uid, "reason": "same"})
    assert done.url == "/centre/merging/"
    assert go("owner", path).status_code == 403
    assert Organisation.objects.get(pk=cast.other.pk).merged_into == cast.organisation


def test_agreeing_by_page(go, cast):
    base = f"/organisations/{cast.organisation.uid}/directory"
    agreed = {"agree": "on", "agreed_text": consent.current().wording.digest}
    assert "not in the directory" in text(go("guest", f"{base}/me"))
    assert list(go("owner", base, {"summary_en": "Robots"}).context["form"].errors) == ["agree"]
    refused = go("owner", base, agreed | {"agreed_text": "old", "summary_en": "Kept"}).context["form"]
    assert list(refused.errors) == ["agree"]
    assert (refused["agreed_text"].value(), refused["summary_en"].value()) == (agreed["agreed_text"], "Kept")
    assert not refused["agree"].value()
    assert go("owner", base, agreed | {"summary_en": "Robots"}).url == f"/directory/{cast.organisation.uid}/"
    assert go("guest", f"{base}/me", agreed | {"name_en": "Engineer"}).status_code == 302
    path = f"/projects/{cast.project.uid}/directory"
    assert go("manager", path, agreed | {"name_en": "Title"}).url == f"/directory/projects/{cast.project.uid}/"
    assert "Engineer" in text(go("anonymous", f"/directory/{cast.organisation.uid}/"))
    assert "agreed on" in text(go("owner", base))
    assert "Title" in text(go("owner", base))
    assert go("manager", path, agreed | {"name_en": "New title"}).status_code == 302
    listing = Listing.objects.get(person=cast.guest)
    assert go("member", f"/listings/{listing.uid}/withdraw", {}).status_code == 404
    assert go("guest", f"/listings/{listing.uid}/withdraw", {}).status_code == 302
    assert go("guest", "/listings/dir-none/withdraw", {}).status_code == 404
    assert Listing.objects.get(project=cast.project).name_en == "New title"


def test_the_api(cast, call, secret_of, make_person):
    owner, stranger = secret_of(cast.owner), secret_of(cast.stranger)
    admin = secret_of(cast.people["centre_administrator"])
    at, project = f"/organisations/{cast.organisation.uid}", f"/projects/{cast.project.uid}"
    made = call("POST", f"{at}/invitations", {"email": cast.stranger.email, "role": "member"}, secret=owner)
    assert made.status_code == 201
    uid = made.json()["uid"]
    assert [each["uid"] for each in call("GET", f"{at}/invitations", secret=owner).json()["items"]] == [uid]
    assert [each["uid"] for each in call("GET", "/invitations", secret=stranger).json()["items"]] == [uid]
    assert call("POST", f"/invitations/{uid}/resend", secret=owner).status_code == 429
    assert call("POST", f"/invitations/{uid}/accept", secret=owner).status_code == 403
    assert call("POST", f"/invitations/{uid}/accept", secret=stranger).json()["role"] == "member"
    second = call(
        "POST", f"{project}/invitations", {"email": cast.stranger.email, "role": "member"}, secret=owner
    ).json()
    assert len(call("GET", f"{project}/invitations", secret=owner).json()["items"]) == 1
    assert call("POST", f"/invitations/{second['uid']}/decline", secret=stranger).json()["state"] == "declined"
    third = call("POST", f"{at}/ownership", {"email": "new@example.org"}, secret=owner).json()
    assert third["transfer"]
    assert call("DELETE", f"/invitations/{third['uid']}", secret=owner).status_code == 204

    newcomer = secret_of(make_person())
    asked = call("POST", "/requests", {"organisation": cast.organisation.uid}, secret=newcomer).json()
    assert len(call("GET", f"{at}/requests", secret=owner).json()["items"]) == 1
    answered = call("POST", f"/requests/{asked['uid']}/answer", {"role": "member"}, secret=owner).json()
    assert answered["state"] == "accepted"
    other = call("POST", "/requests", {"organisation": cast.other.uid}, secret=newcomer).json()
    assert call("DELETE", f"/requests/{other['uid']}", secret=newcomer).status_code == 204
    assert call("DELETE", "/requests/jnr-none", secret=newcomer).status_code == 404

    for place in (at, project):
        service = call("POST", f"{place}/services", {"name": "Bot", "role": "member"}, secret=owner).json()["uid"]
        assert [each["uid"] for each in call("GET", f"{place}/services", secret=owner).json()["items"]] == [service]
        token = call("POST", f"/services/{service}/tokens", {"name": "ci", "scopes": ["read"]}, secret=owner).json()
        assert call("GET", project, secret=token["secret"]).status_code == 200
        assert call("DELETE", f"/services/{service}/tokens/{token['id']}", secret=owner).status_code == 204
        assert call("DELETE", f"/services/{service}/tokens/999999", secret=owner).status_code == 404
        assert call("GET", project, secret=token["secret"]).status_code == 401
        assert call("DELETE", f"/services/{service}", secret=owner).status_code == 204

    helper = make_person()
    body = {"email": helper.email, "days": 3, "reason": "Help"}
    assert call("POST", f"{project}/facilitators", body | {"email": "no@example.org"}, secret=admin).status_code == 422
    assert call("POST", f"{project}/facilitators", body, secret=admin).json()["uid"] == helper.uid
    assert len(call("GET", f"{project}/facilitators", secret=owner).json()["items"]) == 1

    gone = f"{at}/members/{cast.member.uid}"
    assert call("DELETE", f"{gone}?successor=per-none", secret=owner).status_code == 422
    assert call("DELETE", f"{gone}?successor={cast.finance.uid}&cancel_jobs=true", secret=owner).status_code == 204
    assert call("POST", f"{project}/close?cancel_jobs=true", secret=owner).status_code == 200
