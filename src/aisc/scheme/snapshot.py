"""The frozen copy of an application: everything it says on the day it is submitted, and under which rules."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from aisc.core import clock
from aisc.people.models import Person
from aisc.scheme.costs import cost_of
from aisc.scheme.declaration import Declaration
from aisc.scheme.models import Application
from aisc.scheme.rules import HOURS_PER_MONTH, ORDINARY_BPS


def take(application: Application, by: Person, declared: Declaration) -> dict[str, Any]:
    """What ``application`` says now, as JSON can say it. It is complete: see ``completeness``.

    ``declared`` is what ``by`` declared with it.
    """
    organisation, call = application.organisation, application.call
    cost = cost_of(
        [(row.accelerator.code, row.count, row.months) for row in application.resources.select_related("accelerator")],
        call.price_list,
    )
    return {
        "version": 1,
        "number": application.number,
        "call": {
            "uid": call.uid,
            "name_en": call.name_en,
            "name_zh": call.name_zh,
            "criteria": call.criteria,
            "illustrative": call.illustrative,
        },
        "organisation": {
            "uid": organisation.uid,
            "name_en": organisation.name_en,
            "name_zh": organisation.name_zh,
            "category": organisation.category,
            "registry_number": organisation.registry_number,
            "address": organisation.address,
        },
        "name_en": application.name_en,
        "name_zh": application.name_zh,
        "summary_en": application.summary_en,
        "summary_zh": application.summary_zh,
        "team": [{"name": row.name, "role": row.role, "email": row.email} for row in application.team.all()],
        "resources": [asdict(line) for line in cost.lines],
        "price_list": call.price_list.version,
        "currency": cost.currency,
        "hours_per_month": HOURS_PER_MONTH,
        "list_cents": cost.list_cents,
        "ordinary_bps": ORDINARY_BPS,
        "starts_on": application.starts_on.isoformat(),
        "justification": application.justification,
        "other_funding": application.other_funding,
        "funding_note": application.funding_note,
        "declaration": {**declared.frozen(), "by": by.name, "by_email": by.email, "at": clock.now().isoformat()},
    }


def digest(snapshot: dict[str, Any]) -> str:
    """SHA-256 of the snapshot's canonical JSON (sorted keys, no spaces, UTF-8), in hex."""
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
