"""Which rule guards which page of signing in; ``core.routes`` says how to add a row."""

from __future__ import annotations

from aisc.core.access import PUBLIC, SIGNED_IN, by, guard, register_routes
from aisc.people.models import Institution, Organisation

_ORGANISATION = by(Organisation)
_organisation = guard("people.view_organisation", on=_ORGANISATION)

register_routes(
    {
        # django-allauth's pages of second factors
        "mfa_authenticate": PUBLIC,
        "mfa_login_webauthn": PUBLIC,
        "mfa_index": SIGNED_IN,
        "mfa_reauthenticate": SIGNED_IN,
        "mfa_reauthenticate_webauthn": SIGNED_IN,
        "mfa_activate_totp": SIGNED_IN,
        "mfa_deactivate_totp": SIGNED_IN,
        "mfa_list_webauthn": SIGNED_IN,
        "mfa_add_webauthn": SIGNED_IN,
        "mfa_edit_webauthn": SIGNED_IN,
        "mfa_remove_webauthn": SIGNED_IN,
        "mfa_view_recovery_codes": SIGNED_IN,
        "mfa_generate_recovery_codes": SIGNED_IN,
        "mfa_download_recovery_codes": SIGNED_IN,
        # and of institutions
        "socialaccount_login_cancelled": PUBLIC,
        "socialaccount_login_error": PUBLIC,
        "socialaccount_signup": PUBLIC,
        "socialaccount_connections": SIGNED_IN,
        "usersessions_list": SIGNED_IN,
        "oidc_callback": PUBLIC,
        "saml_acs": PUBLIC,
        "saml_finish_acs": PUBLIC,
        "saml_metadata": PUBLIC,
        # our own
        "people:sign_in_through": PUBLIC,
        "people:link_first": PUBLIC,
        "people:link": guard("people.view_account"),
        "people:confirm": guard("people.view_account"),
        "people:go_on": guard("people.view_account"),
        "people:ways_in": guard("people.view_account"),
        "people:link_institution": guard("people.view_account"),
        "people:unlink_institution": guard("people.view_account"),
        "people:remove_passkey": guard("people.view_account"),
        "people:sessions": guard("people.view_account"),
        "people:end_session": guard("people.view_account"),
        "people:end_other_sessions": guard("people.view_account", sending="people.end_other_sessions"),
        "people:iam_smart_callback": PUBLIC,
        "people:iam_smart_answered": PUBLIC,
        "people:iam_smart_waiting": guard("people.view_account"),
        "people:iam_smart_fill_in": guard("people.update_account"),
        "people:sign_in_settings": guard("people.view_sign_in_settings"),
        "people:connect_institution": guard("people.view_sign_in_settings", "people.connect_institution"),
        "people:institution": guard("people.view_sign_in_settings")
        + guard("people.update_institution", on=by(Institution, "slug")),
        "people:verify_domain": guard("people.verify_domain"),
        "people:joining": _organisation + guard("people.view_joining", on=_ORGANISATION),
        "people:claim_domain": _organisation + guard("people.claim_domain", on=_ORGANISATION),
        "people:drop_domain": _organisation + guard("people.drop_domain", on=_ORGANISATION),
        "people:set_join_policy": _organisation + guard("people.set_join_policy", on=_ORGANISATION),
    }
)
