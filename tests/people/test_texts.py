"""Approved texts: two persons, one language at a time, versions that never change, receipts of what was accepted."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import translation

from aisc.core import clock
from aisc.core.actions import ANYONE, Actor
from aisc.core.chinese import simplified_only, traditional_only
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound
from aisc.people import actions, texts
from aisc.people.models import ApprovedText, TextAcceptance
from aisc.people.shipped import shipped

pytestmark = pytest.mark.django_db

ENGLISH = {"en": ("Terms", "Be kind.\n\n- To people\n- To machines")}
ALL = ENGLISH | {"zh-hant": ("條款", "請友善。"), "zh-hans": ("条款", "请友善。")}


@pytest.fixture
def staff(noon, make_person):
    """Two of the secretariat, and the administrator."""
    roles = {"writer": "secretariat", "approver": "secretariat", "administrator": "administrator"}
    return {name: Actor(person=make_person(role, name=name)) for name, role in roles.items()}


def draft(staff, wordings=ENGLISH, code="terms", in_days=0, **more):
    day = clock.today() + timedelta(days=in_days)
    return actions.draft_text(staff["writer"], code=code, effective_on=day, wordings=wordings, **more)


def approve(staff, text, by="approver"):
    for wording in text.wordings.filter(approved_by=None):
        actions.approve_text(staff[by], wording=wording)


def publish(staff, wordings=ENGLISH, **more):
    text = draft(staff, wordings, **more)
    approve(staff, text)
    return actions.publish_text(staff["approver"], text=text)


class TestDrafting:
    def test_versions_count_up_for_each_text_by_itself(self, staff):
        assert [draft(staff).version, draft(staff).version, draft(staff, code="privacy").version] == [1, 2, 1]

    def test_the_digest_is_that_of_the_file(self, staff):
        wording = draft(staff, ALL).wordings.get(language="zh-hant")
        assert wording.plain() == "terms, version 1, zh-Hant-HK\n\n條款\n\n請友善。\n"
        assert wording.digest == hashlib.sha256(wording.plain().encode()).hexdigest()

    @pytest.mark.parametrize(
        ("wordings", "field"),
        [
            ({}, "body_en"),
            ({"en": ("  ", "\n")}, "body_en"),
            ({"en": ("Title", "")}, "body_en"),
            ({"zh-hans": ("", "正文")}, "title_zh-hans"),
            ({"fr": ("Titre", "Texte")}, "body_fr"),
        ],
    )
    def test_what_cannot_be_used_changes_nothing(self, staff, wordings, field):
        with pytest.raises(BadInput) as caught:
            draft(staff, wordings)
        assert caught.value.field == field
        assert not ApprovedText.objects.exists()

    def test_only_known_texts(self, staff):
        with pytest.raises(BadInput):
            draft(staff, code="poem")

    def test_who_may(self, staff, make_person):
        day = clock.today()
        for actor in (ANYONE, Actor(person=make_person())):
            with pytest.raises(Exception, match=r"(?i)sign in|may not"):
                actions.draft_text(actor, code="terms", effective_on=day, wordings=ENGLISH)

    def test_a_change_of_words_must_be_approved_again_and_only_that_one(self, staff):
        text = draft(staff, ALL)
        approve(staff, text)
        changed = ALL | {"en": ("Terms", "Be very kind.")}
        actions.edit_text(
            staff["approver"], text=text, effective_on=text.effective_on, wordings=changed, illustrative=True
        )
        text.refresh_from_db()
        assert text.illustrative
        assert list(text.wordings.filter(approved_by=None).values_list("language", flat=True)) == ["en"]
        assert text.wordings.get(language="en").written_by == staff["approver"].person

    def test_a_language_that_is_emptied_leaves_the_draft(self, staff):
        text = draft(staff, ALL)
        actions.edit_text(staff["writer"], text=text, effective_on=text.effective_on, wordings=ENGLISH)
        assert list(text.wordings.values_list("language", flat=True)) == ["en"]

    def test_a_draft_can_be_given_up_and_its_number_is_not_used_again(self, staff):
        actions.discard_text(staff["writer"], text=draft(staff))
        assert draft(staff).version == 2


class TestTwoPersons:
    def test_who_wrote_it_does_not_approve_it(self, staff):
        text = draft(staff)
        with pytest.raises(Forbidden, match="does not approve"):
            actions.approve_text(staff["writer"], wording=text.wordings.get())
        assert text.wordings.get().approved_by is None

    def test_who_drafted_it_does_not_publish_it(self, staff):
        text = draft(staff)
        approve(staff, text)
        with pytest.raises(Forbidden, match="does not publish"):
            actions.publish_text(staff["writer"], text=text)

    def test_each_language_is_approved_first(self, staff):
        text = draft(staff, ALL)
        actions.approve_text(staff["approver"], wording=text.wordings.get(language="en"))
        with pytest.raises(Conflict, match="approved first"):
            actions.publish_text(staff["approver"], text=text)

    def test_it_takes_effect_today_at_the_earliest(self, staff):
        text = draft(staff, in_days=-1)
        approve(staff, text)
        with pytest.raises(Conflict, match="today at the earliest"):
            actions.publish_text(staff["approver"], text=text)

    def test_a_published_version_never_changes(self, staff):
        text = publish(staff)
        for change in (
            lambda: actions.edit_text(staff["writer"], text=text, effective_on=clock.today(), wordings=ALL),
            lambda: actions.approve_text(staff["administrator"], wording=text.wordings.get()),
            lambda: actions.publish_text(staff["administrator"], text=text),
            lambda: actions.discard_text(staff["administrator"], text=text),
        ):
            with pytest.raises(Conflict, match="Only a draft"):
                change()


class TestInForce:
    def test_the_latest_whose_day_has_come(self, staff):
        assert texts.in_force("terms") is None
        first, _second = publish(staff), publish(staff, in_days=10)
        assert texts.in_force("terms") == first
        assert texts.in_force("terms", clock.today() + timedelta(days=10)).version == 2

    def test_withdrawing_brings_the_one_before_back(self, staff):
        first, second = publish(staff), publish(staff)
        assert texts.in_force("terms") == second
        actions.withdraw_text(staff["writer"], text=second, reason="A wrong clause")
        assert texts.in_force("terms") == first
        second.refresh_from_db()
        assert (second.state, second.withdrawn_because) == ("withdrawn", "A wrong clause")

    @pytest.mark.parametrize(
        ("wordings", "reads", "shown", "said"),
        [
            (ALL, "zh-hans", "zh-hans", False),
            (ALL, "en", "en", False),
            (ENGLISH, "zh-hant", "en", True),
            ({"zh-hant": ALL["zh-hant"]}, "zh-hans", "zh-hant", True),
            ({"zh-hans": ALL["zh-hans"]}, "en", "zh-hans", True),
        ],
    )
    def test_a_missing_language_is_not_made_by_a_machine(self, staff, wordings, reads, shown, said):
        publish(staff, wordings)
        with translation.override(reads):
            found = texts.to_accept("terms")
            assert (found.wording.language, found.missing, bool(found.notice)) == (shown, said, said)


class TestAccepting:
    def test_what_was_shown_is_what_is_accepted(self, staff, make_person):
        text = publish(staff, ALL)
        person = Actor(person=make_person(name="reader"))
        wording = texts.accepted_now("terms", text.wordings.get(language="zh-hans").digest)
        receipt = actions.accept_text(person, wording=wording, occasion="application", about="A-2026-0001")
        assert (receipt.wording, receipt.person, receipt.digest) == (wording, person.person, wording.digest)
        assert texts.receipts(about="A-2026-0001").get() == receipt
        assert texts.reference(wording)["url"] == "/texts/terms/1/zh-hans/"
        assert str(receipt) == "reader: terms 1 (zh-hans)"

    def test_another_text_in_force_by_now_is_a_conflict(self, staff):
        old = publish(staff).wordings.get().digest
        publish(staff, {"en": ("Terms", "Be kinder.")})
        for digest in (old, "", "0" * 64):
            with pytest.raises(Conflict, match="not the one in force"):
                texts.accepted_now("terms", digest)


class TestSignUp:
    DETAILS = {"email": "new@example.org", "name": "New", "password": "quiet river stones"}

    def test_without_terms_in_force_nothing_is_asked(self, client):
        assert actions.sign_up(ANYONE, **self.DETAILS)
        assert 'name="accept"' not in client.get("/accounts/signup/").content.decode()

    def test_the_api_asks_for_the_digest_and_keeps_it_for_who_confirms(self, staff, mailoutbox):
        text = publish(staff)
        with pytest.raises(BadInput, match="/texts/terms/") as caught:
            actions.sign_up(ANYONE, **self.DETAILS)
        assert caught.value.field == "terms"
        with pytest.raises(Conflict):
            actions.sign_up(ANYONE, **self.DETAILS, terms="0" * 64)
        uid = actions.sign_up(ANYONE, **self.DETAILS, terms=text.wordings.get().digest)
        receipt = TextAcceptance.objects.get()
        assert (receipt.person, receipt.about) == (None, uid)

    def test_by_the_api(self, staff, client, monkeypatch):
        digest = publish(staff).wordings.get().digest
        monkeypatch.setattr("aisc.people.mails.new_code", lambda: "K7QM-2RXD")
        asked = client.post("/api/v1/signup", self.DETAILS, content_type="application/json")
        assert (asked.status_code, asked.json()["errors"][0]["field"]) == (422, "terms")
        asked = client.post("/api/v1/signup", self.DETAILS | {"terms": digest}, content_type="application/json")
        body = {"sign_up": asked.json()["sign_up"], "code": "K7QM-2RXD"}
        made = client.post("/api/v1/signup/confirm", body, content_type="application/json")
        receipt = TextAcceptance.objects.get()
        assert (made.status_code, receipt.person.email, receipt.digest) == (201, "new@example.org", digest)

    def test_the_page_shows_the_version_and_records_it(self, staff, client):
        publish(staff, ALL)
        page = client.get("/accounts/signup/?lang=zh-hans").content.decode()
        assert 'href="/texts/terms/1/zh-hans/"' in page
        digest = texts.in_force("terms").wordings.get(language="zh-hans").digest
        sent = {"email": "new@example.org", "password1": "quiet river stones", "name": "New", "text": digest}
        refused = client.post("/accounts/signup/?lang=zh-hans", sent)
        assert refused.status_code == 200
        assert not TextAcceptance.objects.exists()
        assert client.post("/accounts/signup/?lang=zh-hans", sent | {"accept": "on"}).status_code == 302
        receipt = TextAcceptance.objects.get()
        assert (receipt.person.email, receipt.occasion, receipt.wording.language) == (
            "new@example.org", "sign-up", "zh-hans",
        )  # fmt: skip

    def test_terms_that_changed_meanwhile_are_shown_again(self, staff, client):
        old = publish(staff).wordings.get().digest
        new = publish(staff, {"en": ("Terms", "Be kinder.")}).wordings.get().digest
        sent = {"email": "new@example.org", "password1": "quiet river stones", "name": "New", "accept": "on"}
        page = client.post("/accounts/signup/", sent | {"text": old}).content.decode()
        assert "not the one in force" in page
        assert f'value="{new}"' in page
        assert not TextAcceptance.objects.exists()


class TestPages:
    def test_everybody_reads_every_published_version_and_nobody_a_draft(self, staff, client):
        publish(staff, ALL, illustrative=True)
        publish(staff)
        draft(staff)
        assert "Terms" in client.get("/texts/").content.decode()
        assert "Be kind." in client.get("/texts/terms/").content.decode()
        assert "请友善。" in client.get("/texts/terms/1/?lang=zh-hans").content.decode()
        assert 'lang="zh-Hant-HK"' in client.get("/texts/terms/1/zh-hant/").content.decode()
        page = client.get("/texts/terms/2/?lang=zh-hant").content.decode()
        assert "English" in page
        plain = client.get("/texts/terms/1/zh-hans.txt")
        assert hashlib.sha256(plain.content).hexdigest() in client.get("/texts/terms/1/zh-hans/").content.decode()
        for gone in ("/texts/privacy/", "/texts/terms/9/", "/texts/terms/2/zh-hant/", "/texts/x/1/"):
            assert client.get(gone).status_code == 404, gone
        for closed in ("/texts/drafts", "/texts/terms/3/"):
            assert client.get(closed).status_code == 302, closed  # to sign in

    def test_from_the_shipped_draft_to_the_text_in_force(self, staff, client):
        client.force_login(staff["writer"].person)
        form = client.get("/texts/new?code=terms").context["form"]
        assert form.initial["title_zh_hans"] == "使用条款"
        given = {name: value for name, value in form.initial.items() if value is not None}
        given["effective_on"] = clock.today().isoformat()
        assert client.post("/texts/new?code=terms", given).status_code == 302
        assert client.post("/texts/terms/1/edit", given | {"title_en": "Terms of this centre"}).status_code == 302
        page = client.get("/texts/drafts").content.decode()
        assert "/texts/terms/1/en/approve" not in page  # they wrote it
        client.force_login(staff["approver"].person)
        for language in ("en", "zh-hant", "zh-hans"):
            assert client.post(f"/texts/terms/1/{language}/approve").status_code == 302
        assert "/texts/terms/1/publish" in client.get("/texts/drafts").content.decode()
        assert client.get("/texts/terms/1/").status_code == 200
        client.post("/texts/terms/1/publish")
        assert texts.in_force("terms").wordings.get(language="en").title == "Terms of this centre"
        assert client.post("/texts/terms/1/withdraw", {"reason": ""}).status_code == 200
        assert client.post("/texts/terms/1/withdraw", {"reason": "Not ours"}).status_code == 302
        assert texts.in_force("terms") is None
        assert client.get("/texts/new?code=poem").status_code == 404
        assert client.post("/texts/terms/1/fr/approve").status_code == 404

    def test_what_is_refused_is_said_beside_the_form(self, staff, client):
        text = draft(staff)
        client.force_login(staff["writer"].person)
        assert client.get("/texts/terms/1/").status_code == 200  # a draft, for those who write it
        assert client.get("/texts/terms/1/edit").status_code == 200
        empty = {"effective_on": clock.today().isoformat()}
        assert "at least one language" in client.post("/texts/terms/1/edit", empty).content.decode()
        assert "at least one language" in client.post("/texts/new?code=terms", empty).content.decode()
        client.post("/texts/terms/1/publish")
        client.post("/texts/terms/1/discard")
        text.refresh_from_db()
        assert text.state == "discarded"
        publish(staff, {"en": ("Terms", "A second.")})
        assert client.get("/texts/new?code=terms").context["form"].initial["body_en"] == "A second."
        page = client.post("/texts/terms/1/withdraw", {"reason": "No"})
        assert page.status_code == 200  # it was never published

    def test_an_auditor_sees_all_and_changes_nothing(self, staff, client, make_person):
        draft(staff)
        client.force_login(make_person("auditor"))
        page = client.get("/texts/drafts").content.decode()
        assert "/texts/terms/1/edit" not in page
        assert "/texts/new" not in page
        assert client.post("/texts/terms/1/en/approve").status_code == 403


class TestApi:
    def test_the_text_in_force_and_any_version(self, staff, client):
        publish(staff, ALL)
        publish(staff)
        now = client.get("/api/v1/texts/terms", headers={"Accept-Language": "zh-Hans"}).json()
        assert (now["version"], now["shown"]) == (2, "en")
        first = client.get("/api/v1/texts/terms/1", headers={"Accept-Language": "zh-Hans"}).json()
        assert first["shown"] == "zh-hans"
        assert [each["language"] for each in first["wordings"]] == ["en", "zh-hant", "zh-hans"]
        assert client.get("/api/v1/texts/privacy").status_code == 404

    def test_a_draft_is_not_there(self, staff, client, make_person):
        draft(staff)
        assert client.get("/api/v1/texts/terms/1").status_code == 401
        with pytest.raises(NotFound):
            texts.version(Actor(person=make_person()), "terms", 1)


def test_the_shipped_texts_can_be_put_into_force_at_once(staff):
    made = actions.publish_shipped(staff["writer"], staff["approver"])
    assert [text.code for text in made] == ApprovedText.Code.values
    assert all(text.illustrative and text.wordings.count() == 3 for text in made)
    assert texts.digest_given({"text": "a" * 99}) == "a" * 64


@pytest.mark.parametrize("code", ApprovedText.Code.values)
def test_a_text_is_shipped_in_each_language_and_script(code):
    found = shipped(code)
    assert sorted(found) == ["en", "zh-hans", "zh-hant"]
    assert simplified_only().isdisjoint("".join(found["zh-hant"]))
    assert traditional_only().isdisjoint("".join(found["zh-hans"]))
    # The same clauses in each: what one language has, the others have.
    assert len({body.count("\n") for _title, body in found.values()}) == 1


def test_nothing_is_shipped_for_an_unknown_text():
    assert shipped("poem") == {}
