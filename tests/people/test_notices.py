"""Notices and their mail."""

from datetime import timedelta

import pytest
from django.utils.translation import gettext_noop, override

from aisc.core import clock
from aisc.core.actions import ANYONE, Actor
from aisc.people import notices, queries
from aisc.people.models import Notice, Organisation


def test_a_notice_is_shown_in_the_readers_language(make_person, noon):
    organisation = Organisation(name_en="Harbour", name_zh="海港")
    values = {"place": notices.names(organisation), "role": notices.word("owner"), "count": 3}
    notice = notices.notify(make_person(), gettext_noop("%(place)s %(role)s %(count)s"), values, url="/x/")
    notice.refresh_from_db()
    assert (str(notice), notice.at, notice.url, notice.read_at) == ("Harbour owner 3", noon, "/x/", None)
    with override("zh-hant"):
        assert str(notice).startswith("海港 ")
    lone = notices.notify(make_person(), "%(place)s", {"place": {"en": "", "zh": "海港"}})
    assert str(lone) == "海港"
    with override("zh-hant"):
        assert str(notices.notify(make_person(), "%(place)s", {"place": {"en": "Harbour", "zh": ""}})) == "Harbour"


def test_mail_goes_out_once_the_transaction_is_committed(
    make_person, mailoutbox, django_capture_on_commit_callbacks, settings
):
    settings.PUBLIC_URL = "https://aisc.example.org/"
    ada = make_person(name="Ada")
    with django_capture_on_commit_callbacks() as callbacks:
        notices.notify(ada, "Line one\nline two", url="/jobs/", email=True)
        notices.notify(ada, "quiet")
    assert mailoutbox == []
    assert len(callbacks) == 1
    callbacks[0]()
    [mail] = mailoutbox
    assert (mail.to, mail.subject) == ([ada.email], "Line one line two")
    assert mail.body == (
        "Dear Ada,\n\nLine one\nline two\n\nhttps://aisc.example.org/jobs/\n\n"
        "You get this mail because you have an account at AISC demonstration centre.\n"
    )


def test_mail_is_in_the_persons_language(make_person, mailoutbox, django_capture_on_commit_callbacks):
    ada = make_person()
    ada.language = "zh-hant"
    ada.save()
    with django_capture_on_commit_callbacks(execute=True):
        notices.notify(ada, "%(place)s", {"place": {"en": "Harbour", "zh": "海港"}}, email=True)
    assert mailoutbox[0].subject == "海港"
    assert "AISC 示範中心" in mailoutbox[0].body


def test_a_mail_server_that_is_away_stops_nothing(make_person, monkeypatch, caplog, django_capture_on_commit_callbacks):
    def away(_message):
        raise ConnectionRefusedError("no server")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
    with django_capture_on_commit_callbacks(execute=True):
        rows = notices.notify_all([make_person(), make_person()], "Hello", email=True)
    assert Notice.objects.count() == 2
    assert [f"notice {row.pk} was not mailed: no server" for row in rows] == caplog.messages


def test_many_are_told_at_once(make_person, django_assert_num_queries):
    people = [make_person() for _ in range(5)]
    with django_assert_num_queries(1):
        rows = notices.notify_all(people, "Hello")
    assert [row.person for row in rows] == people
    assert notices.notify_all([], "Hello") == []


def test_reading(make_person, noon):
    ada, bob = make_person(), make_person()
    first, second = notices.notify(ada, "1"), notices.notify(ada, "2")
    others = notices.notify(bob, "3")
    assert notices.unread_count(ada) == 2
    assert notices.mark_read(ada, others.pk) == 0
    assert notices.mark_read(ada, first.pk) == 1
    with clock.fixed(noon + timedelta(hours=1)):
        assert notices.mark_read(ada) == 1
        assert notices.mark_read(ada) == 0
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.read_at, second.read_at) == (noon, noon + timedelta(hours=1))
    assert (notices.unread_count(ada), notices.unread_count(bob)) == (0, 1)
    assert list(queries.notices_of(Actor(person=bob))) == [others]
    assert list(queries.notices_of(ANYONE)) == []


@pytest.mark.parametrize(("language", "name"), [("en", "AISC demonstration centre"), ("zh-hant", "AISC 示範中心")])
def test_the_centres_name(language, name):
    with override(language):
        assert notices.centre_name() == name
    assert set(notices.centre_names()) == {"name_en", "name_zh"}
