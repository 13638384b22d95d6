"""Calls and applications, from the draft to the award."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from aisc.client.models import Ref, uid_of
from aisc.client.models.scheme import Application, ApplicationDetail, Assessor, Call, Review
from aisc.client.resources.base import Resource, at, given


class Calls(Resource):
    def list(self) -> Iterator[Call]:
        """Every announced call, newest first. Public."""
        return self._pages(Call, "/calls")

    def get(self, call: Ref) -> Call:
        """A call with its rubric and its figures. Public."""
        return Call.read(self._t.get(at("/calls/{}", uid_of(call))))

    def create(
        self, *, opens_at: datetime, closes_at: datetime, price_list: str, key: str | None = None, **more: Any
    ) -> Call:
        """Announce a call. ``more``: name_en, name_zh, summary_en, summary_zh, criteria, acceptance_days."""
        body = given(opens_at=opens_at, closes_at=closes_at, price_list=price_list, **more)
        return Call.read(self._t.post("/calls", body, key=key))


class Applications(Resource):
    def list(self, *, state: str = "", call: Ref | None = None) -> Iterator[Application]:
        """Applications one may see, newest first."""
        return self._pages(Application, "/applications", state=state, call=uid_of(call) if call else "")

    def get(self, application: Ref) -> ApplicationDetail:
        return ApplicationDetail.read(self._t.get(at("/applications/{}", uid_of(application))))

    def start(self, *, call: Ref, organisation: Ref, key: str | None = None) -> ApplicationDetail:
        """Begin a draft in an open call."""
        body = {"call": uid_of(call), "organisation": uid_of(organisation)}
        return ApplicationDetail.read(self._t.post("/applications", body, key=key))

    def save(self, application: Ref, *, key: str | None = None, **parts: Any) -> ApplicationDetail:
        """Save parts of a draft, finished or not; what is not given stays.

        ``parts``: name_en, name_zh, summary_en, summary_zh, starts_on (date), justification, other_funding (bool),
        funding_note, organisation (uid), team: ``{name, role, email}`` each, resources: ``{accelerator, count,
        months}`` each.
        """
        path = at("/applications/{}", uid_of(application))
        return ApplicationDetail.read(self._t.write("PATCH", path, given(**parts), key=key))

    def submit(
        self, application: Ref, *, declared: bool, declaration: str = "", key: str | None = None
    ) -> ApplicationDetail:
        """Submit a draft, making the call's declaration; ``declaration`` is the ``declaration_sha256`` that was read.

        Raises BadInput with what is missing, and Conflict when another declaration is in force by now.
        """
        return self._act("submit", application, given(declared=declared, declaration=declaration or None), key)

    def withdraw(self, application: Ref, *, reason: str = "", key: str | None = None) -> ApplicationDetail:
        """Take an application back before it is decided; for good."""
        return self._act("withdraw", application, {"reason": reason}, key)

    def accept(self, application: Ref, *, key: str | None = None) -> ApplicationDetail:
        """Accept the award: its project and its budget are opened."""
        return self._act("accept", application, None, key)

    def decline(self, application: Ref, *, reason: str = "", key: str | None = None) -> ApplicationDetail:
        return self._act("decline", application, {"reason": reason}, key)

    def letter(self, application: Ref) -> bytes:
        """The decision letter as PDF."""
        return self._t.get_bytes(at("/applications/{}/letter.pdf", uid_of(application)))

    # The centre's steps

    def return_for_completion(self, application: Ref, *, missing: str, key: str | None = None) -> ApplicationDetail:
        """For the secretariat; once at most, so name everything that is missing."""
        return self._act("return", application, {"missing": missing}, key)

    def assessors(self, application: Ref) -> Iterator[Assessor]:
        """Whom the secretariat may assign."""
        found = self._t.get(at("/applications/{}/assessors", uid_of(application)))
        return (Assessor.read(each) for each in found)

    def assign(self, application: Ref, assessor: Ref, *, key: str | None = None) -> ApplicationDetail:
        return self._act("assign", application, {"assessor": uid_of(assessor)}, key)

    def take_back(self, application: Ref, *, reason: str, key: str | None = None) -> ApplicationDetail:
        """End an assignment."""
        return self._act("take-back", application, {"reason": reason}, key)

    def declare_conflict(self, application: Ref, *, conflict: str, key: str | None = None) -> None:
        """For the assessor; afterwards it is as if the application did not exist."""
        self._t.post(at("/applications/{}/conflict", uid_of(application)), {"conflict": conflict}, key=key)

    def review(
        self,
        application: Ref,
        *,
        scores: Mapping[str, int],
        comment: str = "",
        recommended_bps: int | None = None,
        submit: bool = True,
        key: str | None = None,
    ) -> Review:
        """Submit one's review, or only keep it. ``scores``: criterion's code → 0 to 10."""
        body = {
            "scores": dict(scores),
            "comment": comment,
            "recommended_bps": recommended_bps,
            "submit": submit,
        }
        return Review.read(self._t.post(at("/applications/{}/review", uid_of(application)), body, key=key))

    def decide(
        self,
        application: Ref,
        *,
        outcome: str,
        reasons: str,
        scheme_bps: int = 0,
        exceptional_reason: str = "",
        ceiling_cents: int | None = None,
        months: int | None = None,
        key: str | None = None,
    ) -> ApplicationDetail:
        """``outcome``: approved or rejected. Ceiling and months left out: what was asked for. For the committee."""
        body = {
            "outcome": outcome,
            "reasons": reasons,
            "scheme_bps": scheme_bps,
            "exceptional_reason": exceptional_reason,
            "ceiling_cents": ceiling_cents,
            "months": months,
        }
        return self._act("decision", application, body, key)

    def _act(self, verb: str, application: Ref, body: Any, key: str | None) -> ApplicationDetail:
        path = at(f"/applications/{{}}/{verb}", uid_of(application))
        return ApplicationDetail.read(self._t.post(path, body, key=key))
