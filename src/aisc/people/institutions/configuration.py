"""What an operator types about an identity provider, checked; and a row as django-allauth wants to see it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialApp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils.translation import gettext as _
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Saml
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as MetadataParser

from aisc.core import clock
from aisc.core.errors import BadInput
from aisc.people.models import Institution
from aisc.people.sealing import unseal
from aisc.people.text import clean_line

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
# Names of the protocols: an account linked to an institution of that name could not be told from them.
_TAKEN = {"oidc", "saml", "iam-smart", "iam_smart"}
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_METADATA_LIMIT = 1_000_000  # characters
_KEY_WORKS_FOR = timedelta(days=3650)


def clean_slug(text: str) -> str:
    """A short name for addresses. Raises BadInput."""
    slug = text.strip().lower()
    if not _SLUG.fullmatch(slug) or slug in _TAKEN:
        raise BadInput(
            _("Write a short name of small letters, digits and hyphens, such as hku. It cannot be changed later."),
            field="slug",
        )
    return slug


def clean_domain(text: str, *, field: str = "domain") -> str:
    """An e-mail domain as it is compared: lower case, in its ASCII form. Raises BadInput."""
    try:
        domain = text.strip().lower().removeprefix("@").encode("idna").decode()
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise BadInput(_("Write a domain such as cs.hku.hk."), field=field)
    return domain


def clean_domains(text: str) -> list[str]:
    """Several domains, separated by commas, spaces or lines; none is allowed. Raises BadInput."""
    return sorted({clean_domain(part, field="domains") for part in re.split(r"[\s,;]+", text) if part})


def clean_oidc(*, issuer: str, client_id: str) -> dict[str, Any]:
    """Settings of an OpenID provider. Raises BadInput for an issuer that is not https (except on this machine)."""
    issuer = issuer.strip().rstrip("/").removesuffix("/.well-known/openid-configuration")
    parts = urlsplit(issuer)
    plain = parts.scheme == "http" and parts.hostname in settings.IDENTITY_PROVIDERS_WITHOUT_TLS
    if not parts.netloc or parts.username or parts.query or (parts.scheme != "https" and not plain):
        raise BadInput(_("Write the issuer's address, such as https://login.hku.hk."), field="issuer")
    return {"issuer": issuer, "client_id": clean_line(client_id, field="client_id", limit=200)}


def clean_saml(*, metadata: str, id_attribute: str = "") -> dict[str, Any]:
    """Settings of a SAML identity provider, from its metadata (XML). Raises BadInput when they lack what is needed."""
    if len(metadata) > _METADATA_LIMIT or "<!DOCTYPE" in metadata or "<!ENTITY" in metadata:
        raise BadInput(_("This is not the metadata of one identity provider."), field="metadata")
    try:
        found = MetadataParser.parse(metadata.strip().encode(), required_sso_binding=Saml.BINDING_HTTP_REDIRECT)
        idp = found["idp"]
        keys = idp.get("x509certMulti", {}).get("signing") or [idp["x509cert"]]
        known = {"entity_id": idp["entityId"], "sso_url": idp["singleSignOnService"]["url"], "certificates": keys}
    except (KeyError, ValueError, etree.XMLSyntaxError, etree.XPathError) as error:
        raise BadInput(
            _(
                "This metadata lacks what is needed: an entityID, a SingleSignOnService with the HTTP-Redirect "
                "binding, and a signing certificate."
            ),
            field="metadata",
        ) from error
    parts = urlsplit(known["sso_url"])
    if parts.scheme != "https" and parts.hostname not in settings.IDENTITY_PROVIDERS_WITHOUT_TLS:
        raise BadInput(_("The sign-in address in this metadata is not https."), field="metadata")
    known["id_attribute"] = clean_line(id_attribute, field="id_attribute", limit=200, required=False)
    return known


def new_key_pair(name: str) -> tuple[str, str]:
    """A private key (PEM) and a certificate for it (PEM) that signs requests and opens encrypted answers."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _KEY_WORKS_FOR)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def expires_at(certificate: str) -> datetime:
    """When a certificate, with or without the lines around it, ends."""
    body = re.sub(r"-----[A-Z ]+-----", "", certificate)
    pem = f"-----BEGIN CERTIFICATE-----\n{''.join(body.split())}\n-----END CERTIFICATE-----\n"
    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc.astimezone(UTC)


def app_of(institution: Institution) -> SocialApp:
    """The institution as django-allauth's app; never saved. Its secret is opened here and nowhere else."""
    known = institution.settings
    return SocialApp(
        provider=institution.kind,
        provider_id=institution.slug,
        name=institution.name,
        client_id=known["client_id"] if institution.kind == Institution.Kind.OIDC else institution.slug,
        secret=unseal(institution.secret),
        settings=known | {"domains": institution.domains},
    )
