"""What the page of components shows: each piece with nothing, a little, and much.

The people, projects and sums here are made up. The texts stay in one language on purpose: they are samples.
"""

import datetime
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator

from aisc.core import clock


def _budget(**values: Any) -> SimpleNamespace:
    empty = {"ceiling": 0, "released": 0, "charged_scheme": 0, "charged_applicant": 0, "held": 0}
    return SimpleNamespace(**{**empty, "currency": "HKD", "forecast_end": None, **values})


def budgets() -> dict[str, SimpleNamespace]:
    return {
        "nothing": _budget(),
        "little": _budget(
            ceiling=5_000_00, released=5_000_00, charged_scheme=35_07, charged_applicant=15_03, held=10_00
        ),
        "much": _budget(
            ceiling=12_600_000_00,
            released=8_400_000_00,
            charged_scheme=2_973_411_62,
            charged_applicant=1_274_319_27,
            held=1_161_250_00,
            forecast_end=11_480_000_00,
        ),
        "too_much": _budget(
            ceiling=900_000_00,
            released=900_000_00,
            charged_scheme=497_000_10,
            charged_applicant=213_000_04,
            held=64_120_00,
            forecast_end=1_092_300_00,
        ),
    }


def ribbons(now: datetime.datetime) -> dict[str, dict[str, Any]]:
    days = datetime.timedelta(days=1)
    return {
        "nothing": {"label": "An application not begun", "steps": []},
        "little": {
            "label": "Job 1042",
            "steps": [
                {"label": "Queued", "state": "done", "at": now - datetime.timedelta(minutes=42)},
                {
                    "label": "Running",
                    "state": "current",
                    "at": now - datetime.timedelta(minutes=12),
                    "note": "2 of 8 epochs",
                },
                {"label": "Finished", "state": "todo"},
            ],
        },
        "much": {
            "label": "Application AISS-2024-0117",
            "steps": [
                {"label": "Submitted", "state": "done", "at": now - 21 * days},
                {"label": "Eligibility", "state": "done", "at": now - 17 * days},
                {
                    "label": "Assessment",
                    "state": "current",
                    "at": now - 9 * days,
                    "note": "2 of 3 reviews in",
                },
                {"label": "Committee", "state": "todo"},
                {"label": "Agreement", "state": "todo"},
                {"label": "First tranche", "state": "todo"},
            ],
            "waiting_on": "Dr Wong Ka-yan, assessor",
            "action": "hand in the third review",
            "due": now + 4 * days,
            "url": "#ribbon",
        },
        "late": {
            "label": "申請 AISS-2024-0093",
            "steps": [
                {"label": "已提交", "state": "done", "at": now - 60 * days},
                {"label": "資格審查", "state": "failed", "at": now - 6 * days, "note": "欠帳目報表"},
                {"label": "評審", "state": "todo"},
                {"label": "評審委員會", "state": "todo"},
            ],
            "waiting_on": "申請人",
            "action": "補交經審計帳目",
            "due": now - 2 * days,
        },
    }


def bar_series() -> dict[str, dict[str, Any]]:
    hour = 3_600_000
    return {
        "nothing": {"title": "GPU-hours by project", "unit": "GPU-hours", "bars": []},
        "little": {
            "title": "GPU-hours by project, this week",
            "unit": "GPU-hours",
            "format": "gpu_hours",
            "bars": [
                {"label": "Harbour water quality", "value": 62 * hour + 1_800_000},
                {"label": "粵語語音識別", "value": 41 * hour},
            ],
            "evidence_url": "#usage",
        },
        "much": {
            "title": "Charges by organisation, 2024",
            "unit": "HK$",
            "format": "cents",
            "label_header": "Organisation",
            "bars": [
                {"label": name, "value": value}
                for name, value in [
                    ("Institute of Marine Computing", 4_261_300_55),
                    ("新界東語音實驗室", 3_871_022_10),
                    ("Lantau Robotics", 1_958_400_00),
                    (
                        "Kowloon Tong School of Medicine, Department of Imaging and Diagnostic Radiology",
                        920_118_75,
                    ),
                    ("Peak Weather", 412_006_20),
                    ("Tai O Film Works", 88_470_00),
                    ("Two Rivers", 1_250_00),
                    ("A founder’s first try", 0),
                ]
            ],
        },
    }


def line_series() -> dict[str, dict[str, Any]]:
    days = [f"{n} Nov" for n in range(1, 31)]
    scheme, own, total = [], [], 0
    for n in range(30):
        total += (n * 37 % 11 + 3) * 1_900_00
        scheme.append(total * 7 // 10 if n < 22 else None)
        own.append(total - total * 7 // 10 if n < 22 else None)
    forecast = [None] * 21 + [scheme[21] + (n * 14_500_00) for n in range(9)]
    return {
        "nothing": {"title": "Jobs running", "x": [], "lines": []},
        "little": {
            "title": "Jobs waiting at 09:00",
            "unit": "jobs",
            "x": ["Mon", "Tue", "Wed"],
            "lines": [{"label": "Waiting", "values": [3, 0, 8]}],
        },
        "much": {
            "title": "Charged so far, and the forecast",
            "unit": "HK$",
            "format": "cents",
            "x_header": "Day",
            "x": days,
            "lines": [
                {"label": "Scheme", "values": scheme},
                {"label": "Applicant", "values": own},
                {"label": "Forecast", "values": forecast},
            ],
            "evidence_url": "#charges",
        },
    }


class SampleForm(forms.Form):
    """One of each kind of question."""

    title = forms.CharField(label="Title of the project", max_length=120)
    summary = forms.CharField(
        label="What will you make, and for whom?",
        help_text="About 150 words. Assessors read this first.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    amount = forms.IntegerField(label="How much computing do you ask for?", min_value=1)
    contact = forms.EmailField(label="A second contact", required=False)
    kind = forms.ChoiceField(
        label="What kind of organisation applies?",
        widget=forms.RadioSelect,
        choices=[
            ("university", "A university"),
            ("institute", "A research institute"),
            ("company", "A start-up or company"),
        ],
    )
    sectors = forms.MultipleChoiceField(
        label="Which sectors does it serve?",
        help_text="Choose all that apply.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("health", "Health"), ("education", "Education"), ("transport", "Transport")],
    )
    language = forms.ChoiceField(
        label="Language of the letters",
        choices=[("zh-hant", "繁體中文"), ("zh-hans", "简体中文"), ("en", "English")],
    )
    starts = forms.DateField(label="Planned start", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    paper = forms.FileField(label="Supporting paper", required=False, help_text="PDF, at most 10 MiB.")
    agree = forms.BooleanField(label="I have read the rules of this call", help_text="They open in this tab.")


def forms_() -> dict[str, SampleForm]:
    bad = SampleForm(
        data={"title": "", "summary": "Short", "amount": "-4", "contact": "not an address", "language": "en"}
    )
    bad.is_valid()
    bad.add_error(None, "The call closed for changes while you were typing. Your text is kept here.")
    return {"fresh": SampleForm(prefix="fresh"), "wrong": bad}


def jobs(now: datetime.datetime) -> list[dict[str, Any]]:
    names = ["train-harbour", "segment-ct", "cantonese-asr", "weather-nowcast", "film-upscale"]
    states = ["running", "queued", "done", "failed", "cancelled"]
    return [
        {
            "id": 1042 - n,
            "name": names[n % 5],
            "state": states[n * 3 % 5],
            "submitted": now - datetime.timedelta(minutes=7 + 97 * n),
            "gpu_ms": (n * 7_919 % 997) * 61_000,
            "cents": (n * 104_729 % 99_991) * 7 if n != 3 else -1_250_00,
        }
        for n in range(12)
    ]


def context() -> dict[str, Any]:
    """Everything `portal/components_page.html` needs."""
    now = clock.now()
    sections = [
        ("type", "Type and colour"),
        ("buttons", "Buttons and states"),
        ("money", "Money bar"),
        ("ribbon", "State ribbon"),
        ("figures", "Figures and evidence"),
        ("charts", "Charts"),
        ("tables", "Tables"),
        ("forms", "Forms"),
        ("answers", "Check your answers"),
        ("ways", "Finding one’s way"),
        ("notices", "Notices and empty places"),
        ("confirm", "Confirming"),
        ("logs", "Logs"),
    ]
    return {
        "sections": [{"label": label, "url": f"#{anchor}"} for anchor, label in sections],
        "crumbs": [{"label": "AISC", "url": "/"}, {"label": "Work", "url": "#"}, {"label": "Components"}],
        "tab_items": [
            {"label": "Overview", "url": "#ways", "current": True},
            {"label": "Usage", "url": "#usage"},
            {"label": "Jobs", "url": "#tables", "count": 1_204},
            {"label": "Documents", "url": "#answers", "count": 0},
        ],
        "budgets": budgets(),
        "ribbons": ribbons(now),
        "bars": bar_series(),
        "lines": line_series(),
        "forms": forms_(),
        "jobs": jobs(now),
        "answers": [
            {"label": "Title of the project", "value": "維港水質預測", "change_url": "#forms"},
            {
                "label": "What will you make?",
                "value": "A forecast of bathing water quality\nfor every gazetted beach, each morning by six.",
                "change_url": "#forms",
            },
            {"label": "A second contact", "value": "", "change_url": "#forms"},
            {"label": "Reference", "value": "AISS-2024-0117"},
        ],
        "states": [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("running", "Running"),
            ("approved", "Approved"),
            ("overdue", "Overdue"),
            ("failed", "Failed"),
            ("success", "已批准"),
            ("held", "已預留"),
        ],
        "moments": [
            now - datetime.timedelta(seconds=5),
            now - datetime.timedelta(minutes=12),
            now - datetime.timedelta(hours=5),
            now + datetime.timedelta(days=3),
            now - datetime.timedelta(days=400),
        ],
        "one_page": Paginator(range(7), 20).page(1),
        "many_pages": Paginator(range(1_204), 20).page(12),
        "log": "\n".join(
            [
                "[09:14:02] epoch 1/8  loss 0.6931  412 img/s",
                "[09:14:41] epoch 2/8  loss 0.4127  431 img/s",
                "[09:15:19] checkpoint written: step 2,000（約 1.2 GiB）",
            ]
        )
        + "\n",
    }
