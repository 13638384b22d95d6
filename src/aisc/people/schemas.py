"""What the API of this room takes and gives."""

from __future__ import annotations

from datetime import datetime

from ninja import Field, Schema

from aisc.people.models import ApiToken, CentreRole, Membership, Notice, Organisation, Person, Project

_EMAIL = "chan.tai.man@example.org"


class PersonOut(Schema):
    """Somebody with an account."""

    uid: str = Field(examples=["per-7k2m9x4t1zq8"])
    name: str = Field(examples=["陳大文"])
    email: str = Field(examples=[_EMAIL])

    @classmethod
    def of(cls, person: Person) -> PersonOut:
        return cls(uid=person.uid, name=person.name, email=person.email)


class RoleOut(Schema):
    """One of the caller's roles: in an organisation (`project` null: in all its projects) or in one project."""

    organisation: str = Field(description="uid", examples=["org-3f8k2m9x7t1z"])
    project: str | None = Field(None, description="uid", examples=["prj-9x7t1zq84k2m"])
    name: str = Field(description="of the organisation or project, in the caller's language")
    role: str = Field(examples=["owner"])


class WhoamiOut(Schema):
    """The caller."""

    person: PersonOut
    language: str = Field(examples=["zh-hant"])
    roles: list[RoleOut]
    centre_roles: list[str] = Field(examples=[["secretariat"]])
    scopes: list[str] | None = Field(description="of the token that was used; null for a browser's session")


class WhoamiIn(Schema):
    """What to change; what is left out stays."""

    name: str | None = Field(None, description="1 to 150 characters of any script", examples=["陳大文"])
    language: str | None = Field(None, examples=["zh-hant"])


class SignUpIn(Schema):
    email: str = Field(examples=[_EMAIL])
    name: str = Field(description="1 to 150 characters of any script", examples=["陳大文"])
    password: str = Field(description="at least 10 characters, not a common one")
    language: str = Field(
        "", description="`en`, `zh-hant` or `zh-hans`; left out: as `Accept-Language`", examples=["zh-hant"]
    )
    terms: str = Field("", description="`sha256` of the terms of use (`GET /texts/terms`), where some are in force")


class SignUpOut(Schema):
    """The same for an address that has an account already: its owner is told by mail instead."""

    sign_up: str = Field(description="give it back with the mailed code", examples=["sgn-4t1zq87k2m9x"])
    email: str = Field(examples=[_EMAIL])
    next: str = Field(examples=["A code was mailed to this address. Send it to /signup/confirm within 15 minutes."])


class ConfirmIn(Schema):
    sign_up: str = Field(description="from the answer of `/signup`", examples=["sgn-4t1zq87k2m9x"])
    code: str = Field(description="from the mail; case and hyphen do not matter", examples=["K7QM-2RXD"])


class TokenIn(Schema):
    email: str = Field(examples=[_EMAIL])
    password: str
    name: str = Field("API", description="to know it by, 1 to 100 characters", examples=["laptop"])
    scopes: list[str] | None = Field(None, description="left out: all of them", examples=[["read", "jobs"]])
    days: int = Field(90, description="how long it works, 1 to 365", examples=[90])


class TokenOut(Schema):
    id: int
    name: str = Field(examples=["laptop"])
    prefix: str = Field(description="how the secret begins", examples=["aisc_k2m9x7t"])
    scopes: list[str] = Field(examples=[["read", "jobs"]])
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: ApiToken, **more: str) -> TokenOut:
        values = {name: getattr(token, name) for name in TokenOut.model_fields}
        return cls(**values, **more)


class NewTokenOut(TokenOut):
    secret: str = Field(description="shown this once and kept nowhere", examples=["aisc_…"])


class OrganisationIn(Schema):
    """At least one of the two names."""

    name_en: str = Field("", examples=["Harbour Robotics Limited"])
    name_zh: str = Field("", examples=["海港機械人有限公司"])
    category: str = Field(
        description="university, research, enterprise, startup, government or other", examples=["startup"]
    )
    registry_number: str = Field("", description="such as the Business Registration number", examples=["12345678"])
    address: str = Field("", examples=["Cyberport 1, 100 Cyberport Road, Hong Kong"])


class OrganisationPatch(Schema):
    """What to change; what is left out stays."""

    name_en: str | None = None
    name_zh: str | None = None
    category: str | None = None
    registry_number: str | None = None
    address: str | None = None


class OrganisationOut(Schema):
    uid: str = Field(examples=["org-3f8k2m9x7t1z"])
    name_en: str = Field(examples=["Harbour Robotics Limited"])
    name_zh: str = Field(examples=["海港機械人有限公司"])
    category: str = Field(examples=["startup"])
    registry_number: str = Field(examples=["12345678"])
    address: str
    created_at: datetime

    @classmethod
    def of(cls, organisation: Organisation) -> OrganisationOut:
        return cls(**{name: getattr(organisation, name) for name in cls.model_fields})


class ProjectIn(Schema):
    """At least one of the two names."""

    organisation: str = Field(description="uid", examples=["org-3f8k2m9x7t1z"])
    name_en: str = Field("", examples=["Grasping by sight"])
    name_zh: str = Field("", examples=["視覺抓取"])
    summary_en: str = ""
    summary_zh: str = ""


class ProjectPatch(Schema):
    """What to change; what is left out stays."""

    name_en: str | None = None
    name_zh: str | None = None
    summary_en: str | None = None
    summary_zh: str | None = None


class SharesIn(Schema):
    shares: int = Field(description="weight in the fair-share, 1 to 10,000; 100 is usual", examples=[200])
    reason: str = Field(examples=["Deadline of the city's flood model"])


class ProjectOut(Schema):
    uid: str = Field(examples=["prj-9x7t1zq84k2m"])
    organisation: str = Field(description="uid", examples=["org-3f8k2m9x7t1z"])
    name_en: str = Field(examples=["Grasping by sight"])
    name_zh: str = Field(examples=["視覺抓取"])
    summary_en: str
    summary_zh: str
    shares: int = Field(description="weight in the fair-share", examples=[100])
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, project: Project) -> ProjectOut:
        values = {name: getattr(project, name) for name in cls.model_fields}
        return cls(**values | {"organisation": project.organisation.uid})


class MemberIn(Schema):
    email: str = Field(description="of somebody who has confirmed it here", examples=[_EMAIL])
    role: str = Field(description="owner, manager, member, finance or read_only", examples=["member"])


class MemberPatch(Schema):
    role: str = Field(examples=["manager"])


class MemberOut(Schema):
    person: PersonOut
    role: str = Field(examples=["member"])
    since: datetime

    @classmethod
    def of(cls, membership: Membership) -> MemberOut:
        return cls(person=PersonOut.of(membership.person), role=membership.role, since=membership.created_at)


class CentreRoleIn(Schema):
    email: str = Field(description="of somebody who has confirmed it here", examples=[_EMAIL])
    role: str = Field(
        description="secretariat, assessor, committee, operator, finance, auditor or administrator",
        examples=["assessor"],
    )


class CentreRoleOut(Schema):
    person: PersonOut
    role: str = Field(examples=["assessor"])
    since: datetime

    @classmethod
    def of(cls, granted: CentreRole) -> CentreRoleOut:
        return cls(person=PersonOut.of(granted.person), role=granted.role, since=granted.granted_at)


class NoticeOut(Schema):
    id: int
    at: datetime
    text: str = Field(description="in the caller's language")
    url: str = Field(description="path of the page that it is about, or empty", examples=["/projects/prj-…/"])
    read_at: datetime | None

    @classmethod
    def of(cls, notice: Notice) -> NoticeOut:
        return cls(id=notice.pk, at=notice.at, text=str(notice), url=notice.url, read_at=notice.read_at)


class ReadOut(Schema):
    marked: int = Field(description="how many were unread until now", examples=[3])
