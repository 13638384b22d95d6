"""Second factors: authenticator app, passkeys, recovery codes; what django-allauth does with them here."""

from __future__ import annotations

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext as _

from aisc.people import ways_in
from aisc.people.models import Person
from aisc.people.notices import centre_name
from aisc.people.sealing import seal, unseal

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(person: Person) -> bool:
    """Whether an authenticator app or a passkey is set up. Recovery codes alone are none."""
    return Authenticator.objects.filter(user=person, type__in=FACTORS).exists()


def roles_without_factor(person: Person) -> set[str]:
    """Roles of the centre that the person holds, but that count only once they have set up a second factor."""
    if not settings.SECOND_FACTOR_FOR:
        return set()
    held = set(person.centre_roles.filter(role__in=settings.SECOND_FACTOR_FOR).values_list("role", flat=True))
    return held if held and not has_second_factor(person) else set()


class MfaAdapter(DefaultMFAAdapter):
    """Named by ``settings.MFA_ADAPTER``."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def _get_site_name(self) -> str:
        return centre_name()

    def build_totp_svg(self, url: str) -> str:
        """The QR code as an SVG that needs neither style nor script, dark on white in both palettes."""
        code = qrcode.QRCode(border=3)
        code.add_data(url)
        rows = code.get_matrix()
        squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
        return format_html(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" width="224" height="224" role="img" '
            'aria-label="{1}" shape-rendering="crispEdges"><rect width="{0}" height="{0}" fill="#fff"/>'
            '<path d="{2}" fill="#000"/></svg>',
            len(rows),
            _("QR code"),
            squares,
        )

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """A passkey stays while it is the only way in."""
        if authenticator.type != Authenticator.Type.WEBAUTHN:
            return True
        return ways_in.remain(authenticator.user, without_passkey=authenticator.pk)

    def generate_authenticator_name(self, user: Person, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey %(number)s") % {"number": number}
