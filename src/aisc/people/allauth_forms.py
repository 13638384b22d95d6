"""allauth's forms without placeholders: labels stay visible while one types."""

from __future__ import annotations

from allauth.account import forms as given
from django.utils.translation import gettext_lazy as _


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
