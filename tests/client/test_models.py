"""The client's types and the API's own description agree, field by field."""

from __future__ import annotations

from typing import get_args

import httpx
import pytest

from aisc.client.models import base, centre, jobs, ledger, people, scheme

# What the API calls each of the client's types.
SAME = {
    people.Person: "PersonOut",
    people.Role: "RoleOut",
    people.Whoami: "WhoamiOut",
    people.SignUp: "SignUpOut",
    people.Token: "TokenOut",
    people.NewToken: "NewTokenOut",
    people.Organisation: "OrganisationOut",
    people.Project: "ProjectOut",
    people.Member: "MemberOut",
    people.Notice: "NoticeOut",
    people.Wording: "WordingOut",
    people.ApprovedText: "TextOut",
    centre.TypeLoad: "TypeLoadOut",
    centre.Phase: "PhaseOut",
    centre.Centre: "CentreOut",
    centre.Accelerator: "AcceleratorOut",
    centre.NodeAccelerator: "NodeAcceleratorOut",
    centre.Node: "NodeOut",
    ledger.Price: "PriceOut",
    ledger.PriceVersion: "PriceListOut",
    ledger.PriceList: "PricesOut",
    ledger.Prices: "AllPricesOut",
    ledger.Budget: "BudgetOut",
    ledger.Entry: "EntryOut",
    ledger.Hold: "HoldOut",
    ledger.Estimate: "EstimateOut",
    ledger.Statement: "StatementOut",
    ledger.PriceSum: "PriceSumOut",
    ledger.Bill: "BillOut",
    ledger.Rating: "RatingOut",
    ledger.Usage: "UsageOut",
    ledger.UsageDetail: "UsageDetailOut",
    ledger.Seal: "SealOut",
    ledger.Proof: "ProofOut",
    jobs.Parameter: "ParameterOut",
    jobs.Template: "TemplateOut",
    jobs.Progress: "ProgressOut",
    jobs.Cost: "CostOut",
    jobs.Job: "JobOut",
    jobs.JobDetail: "JobDetailOut",
    jobs.Run: "RunOut",
    jobs.LogPiece: "LogOut",
    jobs.File: "FileOut",
    jobs.Folder: "FolderOut",
    jobs.Result: "ResultOut",
    jobs.FileLink: "LinkOut",
    scheme.Criterion: "Criterion",
    scheme.Figures: "Figures",
    scheme.Call: "CallDetail",
    scheme.TeamMember: "Person",
    scheme.ResourceLine: "Resource",
    scheme.ApplicationCost: "ApplicationCostOut",
    scheme.CostLine: "CostLine",
    scheme.Next: "NextOut",
    scheme.Decision: "DecisionOut",
    scheme.Award: "AwardOut",
    scheme.Review: "ReviewOut",
    scheme.Receipt: "ReceiptOut",
    scheme.Change: "ChangeOut",
    scheme.Letter: "LetterOut",
    scheme.Assessor: "AssessorOut",
    scheme.Application: "ApplicationOut",
    scheme.Draft: "Draft",
    scheme.ApplicationDetail: "ApplicationDetail",
}


@pytest.fixture(scope="module")
def schemas(centre):
    return httpx.get(f"{centre.url}/api/v1/openapi.json").json()["components"]["schemas"]


def test_every_type_is_compared():
    known = set()
    waiting = [base.Model]
    while waiting:
        for each in waiting.pop().__subclasses__():
            known.add(each)
            waiting.append(each)
    assert known - set(SAME) == {people.Named}


@pytest.mark.parametrize(("model", "name"), SAME.items(), ids=SAME.values())
def test_the_fields_are_the_same(schemas, model, name):
    assert set(model.model_fields) == set(schemas[name]["properties"])


@pytest.mark.parametrize(("model", "name"), SAME.items(), ids=SAME.values())
def test_what_the_client_needs_is_always_there(schemas, model, name):
    needed = {field for field, about in model.model_fields.items() if about.is_required()}
    assert needed <= set(schemas[name].get("required", [])) | {
        field for field, about in schemas[name]["properties"].items() if "default" in about
    }


@pytest.mark.parametrize(("model", "name"), SAME.items(), ids=SAME.values())
def test_what_may_be_null_is_expected(schemas, model, name):
    for field, about in schemas[name]["properties"].items():
        if {"type": "null"} in about.get("anyOf", []):
            assert type(None) in get_args(model.model_fields[field].annotation), f"{name}.{field} may be null"
