"""Which rule guards which page and operation of this room; ``core.routes`` says how to add a row."""

from __future__ import annotations

from aisc.core.access import PUBLIC, SIGNED_IN, by, guard, register_routes
from aisc.people.models import Organisation
from aisc.scheme.models import Application, Award, Call

APPLICATION, CALL = by(Application), by(Call)

_application = guard("scheme.view_application", on=APPLICATION)


def _on(*rules: str):
    return _application + guard(*rules, on=APPLICATION)


register_routes(
    {
        "scheme:calls": PUBLIC,
        "scheme:call": PUBLIC,
        "scheme:call-new": guard("scheme.create_call"),
        "scheme:call-edit": guard("scheme.edit_call", on=CALL),
        "scheme:apply": SIGNED_IN,
        "scheme:applications": guard("scheme.view_applications"),
        "scheme:application": _application,
        "scheme:form": _on("scheme.save_draft"),
        "scheme:section": _on("scheme.save_draft"),
        "scheme:cost": _on("scheme.save_draft"),
        "scheme:check": _on("scheme.save_draft"),
        "scheme:submitted": _on("scheme.save_draft"),
        "scheme:withdraw": _on("scheme.withdraw"),
        "scheme:return": _on("scheme.return_application"),
        "scheme:assign": _on("scheme.assign_assessor"),
        "scheme:take-back": _on("scheme.take_back"),
        "scheme:conflict": _on("scheme.declare_conflict"),
        "scheme:review": _on("scheme.save_review"),
        "scheme:decision": _on("scheme.decide"),
        "scheme:award": _on("scheme.view_letter"),
        "scheme:award-accept": _on("scheme.view_letter", "scheme.accept_award"),
        "scheme:award-decline": _on("scheme.view_letter", "scheme.decline_award"),
        "scheme:letter": _on("scheme.view_letter"),
        "scheme:award-letter": guard("scheme.view_application", "scheme.view_letter", on=by(Award, "number")),
        # the API
        "GET /calls": PUBLIC,
        "POST /calls": guard("scheme.create_call"),
        "GET /calls/{uid}": PUBLIC,
        "PATCH /calls/{uid}": guard("scheme.edit_call", on=CALL),
        "GET /applications": guard("scheme.view_applications"),
        "POST /applications": guard(
            "people.view_organisation",
            "scheme.start_draft",
            on=by(Organisation, "organisation", field="uid", sent=True),
        ),
        "GET /applications/{uid}": _application,
        "PATCH /applications/{uid}": _on("scheme.save_draft"),
        "POST /applications/{uid}/submit": _on("scheme.submit_application"),
        "POST /applications/{uid}/withdraw": _on("scheme.withdraw"),
        "POST /applications/{uid}/return": _on("scheme.return_application"),
        "GET /applications/{uid}/assessors": _on("scheme.assign_assessor"),
        "POST /applications/{uid}/assign": _on("scheme.assign_assessor"),
        "POST /applications/{uid}/take-back": _on("scheme.take_back"),
        "POST /applications/{uid}/conflict": _on("scheme.declare_conflict"),
        "POST /applications/{uid}/review": _on("scheme.save_review"),
        "POST /applications/{uid}/decision": _on("scheme.decide"),
        "POST /applications/{uid}/accept": _on("scheme.accept_award"),
        "POST /applications/{uid}/decline": _on("scheme.decline_award"),
        "GET /applications/{uid}/letter.pdf": _on("scheme.view_letter"),
    }
)
