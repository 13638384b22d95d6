"""Taking second factors off somebody's account who lost them."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core.actions import Actor, action, note
from aisc.core.errors import Conflict
from aisc.people.models import Person
from aisc.people.notices import notify
from aisc.people.sessions import end_all
from aisc.people.text import clean_line


@action("people.reset_second_factor", on="person")
def reset_second_factor(actor: Actor, *, person: Person, reason: str) -> int:
    """Remove app, passkeys and recovery codes, and end every session; the person is told. Answers how many there were.

    Raises Conflict when there is nothing to remove, or when it would leave no way in.
    """
    reason = clean_line(reason, field="reason", limit=500)
    if not person.has_usable_password() and not person.socialaccount_set.exists():
        raise Conflict(_("A passkey is the only way in of this account. Let the person set a password by mail first."))
    removed, _rows = Authenticator.objects.filter(user=person).delete()
    if not removed:
        raise Conflict(_("This account has no second factor."))
    end_all(person)
    note(target=person, reason=reason, removed=removed)
    notify(
        person,
        gettext_noop("Your second factors were removed by the centre. Sign in and set up new ones."),
        url="/account/sign-in/",
        email=True,
    )
    return removed
