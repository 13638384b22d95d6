"""An application from the draft to the award, by everybody's own client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aisc.client import BadInput, NotFound

WHOLE = {
    "name_en": "Tides",
    "name_zh": "潮汐",
    "summary_en": "Forecasting tides.",
    "summary_zh": "預測潮汐。",
    "justification": "Measured on one core.",
    "other_funding": False,
    "team": [{"name": "陳家欣", "role": "PI", "email": "applicant@example.org"}],
    "resources": [{"accelerator": "cpu", "count": 2, "months": 1}],
}


@pytest.fixture
def call(client_of):
    client = client_of()
    return next(each for each in client.calls.list() if each.phase == "open")


@pytest.fixture
def draft(client_of, call):
    applicant = client_of("applicant")
    organisation = next(iter(applicant.organisations.list()))
    return applicant.applications.start(call=call, organisation=organisation)


def test_calls(client_of, call):
    found = client_of().calls.get(call)
    assert sum(each.weight for each in found.criteria) == 100
    assert found.figures.received >= 3
    assert len(found.declaration) == 4
    now = datetime.now(UTC)
    made = client_of("secretariat").calls.create(
        opens_at=now + timedelta(days=5),
        closes_at=now + timedelta(days=9),
        price_list=found.price_list,
        name_en="Next call",
        acceptance_days=14,
    )
    assert (made.phase, made.acceptance_days, made.name) == ("coming", 14, "Next call")


def test_from_the_draft_to_the_award(centre, client_of, draft):
    applicant, secretariat = client_of("applicant"), client_of("secretariat")
    assessor = client_of("assessor")
    assert (draft.state, draft.label, len(draft.draft.missing) > 5) == ("draft", draft.uid, True)
    with pytest.raises(BadInput) as caught:
        applicant.applications.submit(draft, declared=True)
    assert {"field": "name_en"}.items() <= caught.value.problem["missing"][0].items()

    saved = applicant.applications.save(draft, starts_on=centre.today() + timedelta(days=9), **WHOLE)
    assert saved.cost.list_cents == saved.cost.scheme_cents + saved.cost.applicant_cents > 0
    sent = applicant.applications.submit(draft, declared=True)
    assert (sent.state, sent.submitted["name_zh"], len(sent.receipts)) == ("submitted", "潮汐", 1)
    assert sent.label == sent.number

    back = secretariat.applications.return_for_completion(sent, missing="A second person")
    assert (back.state, back.returned_for) == ("returned", "A second person")
    applicant.applications.submit(sent, declared=True)

    chosen = next(each for each in secretariat.applications.assessors(sent) if "Okafor" in each.name)
    secretariat.applications.assign(sent, chosen.uid)
    secretariat.applications.take_back(sent, reason="Away")
    with pytest.raises(NotFound):
        assessor.applications.get(sent)


def test_a_decision(centre, client_of, draft):
    applicant, secretariat = client_of("applicant"), client_of("secretariat")
    assessor, committee = client_of("assessor"), client_of("committee")
    applicant.applications.save(draft, starts_on=centre.today(), **WHOLE)
    applicant.applications.submit(draft, declared=True)
    chosen = next(each for each in secretariat.applications.assessors(draft) if "Okafor" in each.name)
    secretariat.applications.assign(draft, chosen.uid)
    scores = {each.code: 7 for each in assessor.calls.get(draft.call).criteria}
    kept = assessor.applications.review(draft, scores={"alignment": 7}, submit=False)
    assert (kept.total, kept.submitted_at) == (None, None)
    given = assessor.applications.review(draft, scores=scores, comment="Good.", recommended_bps=6000)
    assert given.total == "70.0"
    decided = committee.applications.decide(
        draft, outcome="approved", reasons="Useful.", scheme_bps=6500, ceiling_cents=50_000, months=1
    )
    assert (decided.state, decided.decision.scheme_bps, decided.award.accepted_at) == ("approved", 6500, None)
    assert applicant.applications.letter(draft).startswith(b"%PDF-")
    accepted = applicant.applications.accept(draft)
    budget = applicant.budgets.get(accepted.award.budget)
    assert (budget.ceiling_cents, budget.scheme_bps, budget.project) == (50_000, 6500, accepted.award.project)
    assert draft.uid in {each.uid for each in applicant.applications.list(state="accepted", call=draft.call)}


def test_what_ends_otherwise(centre, client_of, draft):
    applicant, secretariat = client_of("applicant"), client_of("secretariat")
    assessor, committee = client_of("assessor"), client_of("committee")
    organisation = draft.organisation
    other = applicant.applications.start(call=draft.call, organisation=organisation)
    assert applicant.applications.withdraw(other, reason="Not needed").state == "withdrawn"

    applicant.applications.save(draft, starts_on=centre.today(), **WHOLE)
    applicant.applications.submit(draft, declared=True)
    chosen = next(each for each in secretariat.applications.assessors(draft) if "Okafor" in each.name)
    secretariat.applications.assign(draft, chosen.uid)
    assessor.applications.declare_conflict(draft, conflict="I advise them.")
    with pytest.raises(NotFound):
        assessor.applications.get(draft)

    third = applicant.applications.start(call=draft.call, organisation=organisation)
    applicant.applications.save(third, starts_on=centre.today(), **WHOLE)
    applicant.applications.submit(third, declared=True)
    secretariat.applications.assign(third, chosen.uid)
    scores = {each.code: 9 for each in assessor.calls.get(third.call).criteria}
    assessor.applications.review(third, scores=scores, comment="Very good.", recommended_bps=7000)
    committee.applications.decide(third, outcome="approved", reasons="Yes.", scheme_bps=7000)
    assert applicant.applications.decline(third, reason="Moved").state == "declined"
