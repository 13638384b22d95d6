"""The protocols of identity providers; django-allauth looks for them here, by this name."""

from __future__ import annotations

from aisc.people.iam_smart.provider import IamSmart
from aisc.people.institutions.oidc import Oidc
from aisc.people.institutions.saml import SamlProvider

provider_classes = [Oidc, SamlProvider, IamSmart]
