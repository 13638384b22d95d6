"""The caller's account and tokens, organisations, projects and members."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from aisc.client.errors import NotFound
from aisc.client.models import Ref, uid_of
from aisc.client.models.people import (
    ApprovedText,
    Member,
    NewToken,
    Notice,
    Organisation,
    Person,
    Project,
    SignUp,
    Token,
    Whoami,
)
from aisc.client.resources.base import Resource, at, given


class Accounts(Resource):
    """Signing up, and who one is."""

    def terms(self) -> ApprovedText | None:
        """The terms of use in force, in the client's language; None where the centre has published none."""
        try:
            return ApprovedText.read(self._t.get("/texts/terms"))
        except NotFound:
            return None

    def sign_up(self, *, email: str, name: str, password: str, language: str = "", terms: str = "") -> SignUp:
        """Ask for an account. A code is mailed to the address; give it to :meth:`confirm`.

        ``terms`` is the ``sha256`` of the wording of :meth:`terms` that was accepted, where there are any.
        """
        body = given(email=email, name=name, password=password, language=language or None, terms=terms or None)
        return SignUp.read(self._t.post("/signup", body, repeat=False))

    def confirm(self, sign_up: str, code: str) -> Person:
        return Person.read(self._t.post("/signup/confirm", {"sign_up": sign_up, "code": code}, repeat=False))

    def whoami(self) -> Whoami:
        return Whoami.read(self._t.get("/whoami"))

    def update(self, *, name: str | None = None, language: str | None = None, key: str | None = None) -> Whoami:
        """Change one's own name or language; what is None stays."""
        return Whoami.read(self._t.write("PATCH", "/whoami", given(name=name, language=language), key=key))

    def notices(self, *, unread: bool = False) -> Iterator[Notice]:
        """One's own notices, newest first."""
        return self._pages(Notice, "/notices", unread=unread or None)


class Tokens(Resource):
    """One's own API tokens."""

    def issue(
        self, *, email: str, password: str, name: str, scopes: Collection[str] | None = None, days: int = 90
    ) -> NewToken:
        """Make a token by e-mail address and password. ``scopes`` None: all; ``days``: how long it works, 1 to 365."""
        body = given(
            email=email, password=password, name=name, days=days, scopes=None if scopes is None else list(scopes)
        )
        # A second one would be another token: it is not asked for again when its answer was lost.
        return NewToken.read(self._t.post("/tokens", body, repeat=False))

    def list(self) -> Iterator[Token]:
        return self._pages(Token, "/tokens")

    def revoke(self, token: int | Token) -> None:
        """End a token at once."""
        self._t.write("DELETE", at("/tokens/{}", token if isinstance(token, int) else token.id))


class _Places(Resource):
    """Organisations and projects have members in the same way."""

    _path: str

    def members(self, place: Ref) -> Iterator[Member]:
        return self._pages(Member, at(self._path + "/{}/members", uid_of(place)))

    def add_member(self, place: Ref, *, email: str, role: str, key: str | None = None) -> Member:
        """Add somebody who has an account: ``role`` is owner, manager, member, finance or read_only."""
        path = at(self._path + "/{}/members", uid_of(place))
        return Member.read(self._t.post(path, {"email": email, "role": role}, key=key))

    def change_role(self, place: Ref, person: Ref, *, role: str, key: str | None = None) -> Member:
        path = at(self._path + "/{}/members/{}", uid_of(place), uid_of(person))
        return Member.read(self._t.write("PATCH", path, {"role": role}, key=key))

    def remove_member(self, place: Ref, person: Ref) -> None:
        """Remove somebody, or leave oneself."""
        self._t.write("DELETE", at(self._path + "/{}/members/{}", uid_of(place), uid_of(person)))


class Organisations(_Places):
    _path = "/organisations"

    def list(self) -> Iterator[Organisation]:
        return self._pages(Organisation, "/organisations")

    def get(self, organisation: Ref) -> Organisation:
        return Organisation.read(self._t.get(at("/organisations/{}", uid_of(organisation))))

    def create(
        self,
        *,
        name_en: str = "",
        name_zh: str = "",
        category: str,
        registry_number: str = "",
        address: str = "",
        key: str | None = None,
    ) -> Organisation:
        """Register an organisation and own it.

        ``category``: university, research, enterprise, startup, government or other.
        """
        body = {
            "name_en": name_en,
            "name_zh": name_zh,
            "category": category,
            "registry_number": registry_number,
            "address": address,
        }
        return Organisation.read(self._t.post("/organisations", body, key=key))

    def update(self, organisation: Ref, *, key: str | None = None, **changes: str) -> Organisation:
        """Change ``name_en``, ``name_zh``, ``category``, ``registry_number`` or ``address``."""
        path = at("/organisations/{}", uid_of(organisation))
        return Organisation.read(self._t.write("PATCH", path, changes, key=key))


class Projects(_Places):
    _path = "/projects"

    def list(self, *, organisation: Ref | None = None) -> Iterator[Project]:
        return self._pages(Project, "/projects", organisation=uid_of(organisation) if organisation else None)

    def get(self, project: Ref) -> Project:
        return Project.read(self._t.get(at("/projects/{}", uid_of(project))))

    def create(
        self,
        *,
        organisation: Ref,
        name_en: str = "",
        name_zh: str = "",
        summary_en: str = "",
        summary_zh: str = "",
        key: str | None = None,
    ) -> Project:
        body = {
            "organisation": uid_of(organisation),
            "name_en": name_en,
            "name_zh": name_zh,
            "summary_en": summary_en,
            "summary_zh": summary_zh,
        }
        return Project.read(self._t.post("/projects", body, key=key))

    def update(self, project: Ref, *, key: str | None = None, **changes: str) -> Project:
        """Change ``name_en``, ``name_zh``, ``summary_en`` or ``summary_zh``."""
        path = at("/projects/{}", uid_of(project))
        return Project.read(self._t.write("PATCH", path, changes, key=key))

    def close(self, project: Ref, *, key: str | None = None) -> Project:
        return Project.read(self._t.post(at("/projects/{}/close", uid_of(project)), key=key))

    def reopen(self, project: Ref, *, key: str | None = None) -> Project:
        return Project.read(self._t.post(at("/projects/{}/reopen", uid_of(project)), key=key))
