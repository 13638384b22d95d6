"""allauth's forms without placeholders: labels stay visible while one types."""

from __future__ import annotations

from allauth.account import forms as given
from allauth.mfa.base import forms as given_mfa
from allauth.mfa.totp import forms as given_totp
from allauth.mfa.webauthn import forms as given_webauthn
from allauth.socialaccount import forms as given_social
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from aisc.core.errors import BadInput
from aisc.people import domains


class Plain:
    """Takes placeholders and built-in help (which would be a list inside a paragraph) off the widgets."""

    labels: dict[str, object] = {}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.help_text = ""
            if name in self.labels:
                field.label = self.labels[name]


class SignUp(Plain, given.SignupForm):
    labels = {"email": _("E-mail address"), "password1": _("Password"), "name": _("Your name")}

    def clean_email(self) -> str:
        email = super().clean_email()
        try:
            domains.refuse_a_password(email)
        except BadInput as error:
            raise ValidationError(str(error)) from error
        return email


class SignUpByInstitution(Plain, given_social.SignupForm):
    """The first time that somebody comes from an institution. An address that it vouches for is not typed again."""

    labels = {"email": _("E-mail address"), "name": _("Your name")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.sociallogin.email_addresses:
            # Disabled: what the browser sends for it is ignored, so that nobody brings another's address along.
            self.fields["email"].disabled = True
            self.initial["email"] = self.sociallogin.email_addresses[0].email


class SignIn(Plain, given.LoginForm):
    labels = {
        "login": _("E-mail address"),
        "password": _("Password"),
        "remember": _("Stay signed in on this device"),
    }


class ChangeEmail(Plain, given.AddEmailForm):
    labels = {"email": _("New e-mail address")}


class ChangePassword(Plain, given.ChangePasswordForm):
    labels = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password again"),
    }


class SetPassword(Plain, given.SetPasswordForm):
    labels = {"password1": _("New password"), "password2": _("New password again")}


class ResetPassword(Plain, given.ResetPasswordForm):
    labels = {"email": _("E-mail address")}


class ResetPasswordFromKey(Plain, given.ResetPasswordKeyForm):
    labels = {"password1": _("New password"), "password2": _("New password again")}


class Reauthenticate(Plain, given.ReauthenticateForm):
    labels = {"password": _("Password")}


class ConfirmAddress(Plain, given.ConfirmEmailVerificationCodeForm):
    labels = {"code": _("Code from the mail")}


_CODE = _("Code")


class SecondFactor(Plain, given_mfa.AuthenticateForm):
    labels = {"code": _CODE}


class ConfirmByCode(Plain, given_mfa.ReauthenticateForm):
    labels = {"code": _CODE}


class ActivateTotp(Plain, given_totp.ActivateTOTPForm):
    labels = {"code": _("Code from the app")}


class AddPasskey(Plain, given_webauthn.AddWebAuthnForm):
    labels = {"name": _("Name"), "passwordless": _("Sign in with it alone, without my password")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].initial = True


class RenamePasskey(Plain, given_webauthn.EditWebAuthnForm):
    labels = {"name": _("Name")}
