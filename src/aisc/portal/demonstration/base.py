"""A small demonstration centre, made by the same actions that people use.

Two organisations, a call that is open, an award that pays, one application at each desk, own money, and two jobs
that really run. Everything is made at once or not at all, so an interrupted start leaves nothing half-made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.jobs.actions import submit_job
from aisc.ledger.actions import open_own_budget, release_tranche
from aisc.ledger.models import Budget, PriceList
from aisc.people.actions import add_member, create_organisation, create_project, publish_shipped
from aisc.people.models import Organisation
from aisc.portal.demonstration.signing_in import ACTOR, acting_as, everybody
from aisc.scheme import actions as scheme
from aisc.scheme.models import Application, Call


def make() -> None:
    """Make all of it, in the caller's transaction."""
    persons = everybody()
    acting = acting_as(persons)
    publish_shipped(acting["secretariat"], acting["administrator"])
    robotics = create_organisation(
        acting["applicant"],
        category="startup",
        name_en="Harbour Robotics Limited",
        name_zh="海港機械人有限公司",
        registry_number="DEMO-2914006",
        address="Unit 5, Demonstration Building, Hong Kong",
    )
    add_member(acting["applicant"], organisation=robotics, email=persons["researcher"].email, role="member")
    institute = create_organisation(
        acting["applicant"],
        category="research",
        name_en="Institute of Marine Computing",
        name_zh="海洋計算研究所",
        registry_number="DEMO-0031774",
    )
    call = _call()
    award = _awarded(acting, robotics, call)
    _applications(acting, institute, call)
    _own_money(acting, institute)
    first_jobs(acting["researcher"], award.budget)


def _call() -> Call:
    now = clock.now()
    return scheme.create_call(
        ACTOR,
        opens_at=now - timedelta(days=7),
        closes_at=now + timedelta(days=83),
        price_list=PriceList.objects.latest("id"),
        name_en="Open call for AI computing",
        name_zh="人工智能算力公開申請",
        summary_en="For universities, research institutes, start-ups and companies whose work needs supercomputing. "
        "The scheme pays up to 70 % of the list price, in special cases up to 90 %.",
        summary_zh="歡迎需要超級算力的大學、研究機構、初創企業及公司申請。計劃資助目錄價格最多 70%，特殊情況最多 90%。",
        illustrative=True,
    )


def _submitted(actor: Actor, organisation: Organisation, call: Call, **content: Any) -> Application:
    """An application filled in and submitted by ``actor``."""
    application = scheme.start_draft(actor, organisation=organisation, call=call)
    content = {
        "starts_on": clock.today(),
        "other_funding": False,
        "team": [
            {"name": actor.person.name, "role": "Principal investigator", "email": actor.person.email},
            {"name": "Aarav Sharma", "role": "Machine-learning engineer", "email": "researcher@example.org"},
        ],
        "resources": [{"accelerator": "cpu", "count": 4, "months": 6}],
    } | content
    application = scheme.save_draft(actor, application=application, **content)
    return scheme.submit_application(actor, application=application, declared=True)


def _reviewed(acting: dict[str, Actor], application: Application, call: Call) -> Application:
    scheme.assign_assessor(acting["secretariat"], application=application, assessor=acting["assessor"].person)
    scheme.submit_review(
        acting["assessor"],
        application=application,
        scores={criterion["code"]: 8 for criterion in call.criteria},
        comment="Clear need, measured on a smaller machine, and a team that has done it before.",
        recommended_bps=7000,
    )
    return Application.objects.get(pk=application.pk)


def _awarded(acting: dict[str, Actor], organisation: Organisation, call: Call):
    application = _submitted(
        acting["applicant"],
        organisation,
        call,
        name_en="Robots that sort harbour waste",
        name_zh="海港垃圾分揀機械人",
        summary_en="We train a vision model that tells plastic from seaweed in moving water, so that a robot arm can "
        "sort what a boat collects.",
        summary_zh="我們訓練視覺模型，在流水中分辨塑膠與海草，讓機械臂即時分揀船隻收集的垃圾。",
        justification="One epoch over 200,000 photographs takes nine hours on four cores; thirty are planned.",
    )
    application = _reviewed(acting, application, call)
    scheme.decide(
        acting["committee"],
        application=application,
        outcome="approved",
        reasons="Strong benefit for the harbour, and the amount follows from a measured run.",
        scheme_bps=7000,
    )
    award = Application.objects.get(pk=application.pk).award
    return scheme.accept_award(acting["applicant"], award=award)


def _applications(acting: dict[str, Actor], organisation: Organisation, call: Call) -> None:
    """One application on the committee's desk, one on the secretariat's, one still a draft."""
    decide_next = _submitted(
        acting["applicant"],
        organisation,
        call,
        name_en="Forecasting red tides",
        name_zh="紅潮預測",
        summary_en="A model that warns fish farms three days before a red tide.",
        summary_zh="在紅潮出現前三天向養魚戶發出預警的模型。",
        justification="Twelve years of satellite pictures; one training run was measured at 310 core-hours.",
    )
    _reviewed(acting, decide_next, call)
    _submitted(
        acting["applicant"],
        organisation,
        call,
        name_en="Listening for dolphins",
        name_zh="聆聽海豚",
        summary_en="Recognising Chinese white dolphins in underwater sound.",
        summary_zh="從水底聲音辨認中華白海豚。",
        justification="Two thousand hours of recordings, processed once, then ten experiments on a tenth of them.",
    )
    draft = scheme.start_draft(acting["applicant"], organisation=organisation, call=call)
    scheme.save_draft(
        acting["applicant"],
        application=draft,
        name_en="Maps of the sea floor",
        name_zh="海底地圖",
        summary_en="A first idea.",
    )


def _own_money(acting: dict[str, Actor], organisation: Organisation) -> None:
    project = create_project(
        acting["applicant"],
        organisation=organisation,
        name_en="Tidal models",
        name_zh="潮汐模型",
        summary_en="Everyday computing of the institute, at its own cost.",
        summary_zh="研究所的日常運算，費用自付。",
    )
    budget = open_own_budget(
        acting["applicant"],
        project=project,
        name="Own money, this year",
        ceiling=500_000,
        starts_on=clock.today(),
        ends_on=clock.today() + timedelta(days=365),
        reference="PO-4711",
    )
    release_tranche(acting["finance"], budget=budget, amount=200_000, reason="Credit granted on purchase order PO-4711")


def first_jobs(actor: Actor, budget: Budget) -> None:
    """Both templates, for real: they run as soon as the worker starts."""
    jobs = [
        ("digits-classifier", "Digits, first try", {"epochs": "120", "hidden": "128"}),
        ("photographs", "Photographs, the sample", {}),
    ]
    for template, name, parameters in jobs:
        submit_job(
            actor,
            project=budget.project,
            budget=budget,
            name=name,
            template=template,
            parameters=parameters,
            accelerator="cpu",
        )
