"""Addresses that institutions' own configurations name: they never change. Below ``/accounts/``."""

from __future__ import annotations

from django.urls import path

from aisc.people.institutions import oidc, saml

urlpatterns = [
    path("oidc/<slug:slug>/callback/", oidc.callback, name="oidc_callback"),
    path("saml/<slug:slug>/acs/", saml.acs, name="saml_acs"),
    path("saml/<slug:slug>/acs/finish/", saml.finish, name="saml_finish_acs"),
    path("saml/<slug:slug>/metadata/", saml.metadata, name="saml_metadata"),
]
