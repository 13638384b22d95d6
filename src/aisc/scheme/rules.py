"""The rules that this scheme is run by, each with where it comes from.

Public facts about the model (AISS of Hong Kong) are marked with their source. What is not public is a
default of this software and says so: it is never to be shown as Cyberport's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from aisc.core.language import in_reader_language

ORDINARY_BPS = 7000  # 70 % of list price: smelink.gov.hk, Artificial Intelligence Subsidy Scheme
EXCEPTIONAL_BPS = 9000  # up to 90 % in special, exceptional cases: the same page

# A month of one accelerator, in hours: 365 days × 24 h ÷ 12, the month that cloud price lists bill by.
# Whether the real scheme counts so is not public.
HOURS_PER_MONTH = 730

MAX_MONTHS = 36  # the scheme runs for three years: the Finance Committee's approval, October 2024
MAX_COUNT = 100_000  # more accelerators than any centre has; keeps every amount inside 64 bits
MAX_LINES = 10
MAX_TEAM = 50
MAX_DRAFTS = 20  # open drafts of one organisation in one call

# What fits into each text; the form known second-hand asks for about 250 words or 400 characters.
TITLE_LIMIT = 200
SUMMARY_LIMIT = 4000
JUSTIFICATION_LIMIT = 8000
NOTE_LIMIT = 2000
REASON_LIMIT = 4000
COMMENT_LIMIT = 8000

BEST_SCORE = 10

# Working days that each step should take at most: targets of this software, after the facts sheet's table.
TARGET_WORKING_DAYS = {"submitted": 5, "returned": 10, "in_review": 10, "reviewed": 10}


@dataclass(frozen=True)
class Clause:
    """A rule of the scheme in each language, with its source. Each language is a text of its own."""

    code: str
    text_en: str
    text_zh: str
    text_hans: str
    source: Any  # words, where they are ours to translate

    @property
    def text(self) -> str:
        return in_reader_language(self.text_en, self.text_zh, self.text_hans)


AISS_PAGE = "smelink.gov.hk, Artificial Intelligence Subsidy Scheme"
SECOND_HAND = _("second-hand; not confirmed in public pages")
OWN_RULE = _("default of this software")

CLAUSES = {
    clause.code: clause
    for clause in (
        Clause(
            "share",
            "The scheme pays up to 70% of the list price. In special, exceptional cases it may pay up to 90%. "
            "It never pays everything.",
            "計劃最多資助目錄價格的70%，特殊及例外情況下最多90%，不會全數資助。",
            "计划最多资助目录价格的70%，特殊及例外情况下最多90%，不会全额资助。",
            AISS_PAGE,
        ),
        Clause(
            "eligible",
            "Universities, research and development centres, enterprises and government departments may apply, "
            "start-ups and small and medium enterprises among them.",
            "大學、研發中心、企業（包括初創及中小企）及政府部門均可申請。",
            "大学、研发中心、企业（包括初创企业和中小企业）以及政府部门均可申请。",
            "dotdotnews.com, July 2025",
        ),
        Clause(
            "startup",
            "A start-up or small or medium enterprise in artificial intelligence is at most seven years old and "
            "has fewer than 250 staff.",
            "人工智能初創或中小企須成立不多於七年，員工少於250人。",
            "人工智能初创企业或中小企业的成立时间不得超过七年，员工须少于250人。",
            SECOND_HAND,
        ),
        Clause(
            "no_double",
            "No other government subsidy may pay for the same scope of work.",
            "同一工作範圍不得獲其他政府資助。",
            "同一工作范围不得同时获得其他政府资助。",
            SECOND_HAND,
        ),
        Clause(
            "here_only",
            "The scheme pays for computing at this centre only. What is spent on other clouds does not count.",
            "計劃只資助使用本中心的算力，其他雲端服務的開支概不計算。",
            "计划只资助使用本中心的算力，其他云服务的支出一律不计。",
            OWN_RULE,
        ),
        Clause(
            "project_people",
            "When an award is accepted, people named in the team who have an account become members of its project.",
            "接受撥款後，團隊名單上已有帳戶的人士會成為項目成員。",
            "接受拨款后，团队名单中已有账户的人员将成为项目成员。",
            OWN_RULE,
        ),
    )
}

DEFAULT_CRITERIA: list[dict[str, Any]] = [
    {
        "code": "alignment",
        "name_en": "Alignment with Hong Kong's innovation and AI needs",
        "name_zh": "配合香港創科及人工智能發展需要",
        "weight": 25,
        "illustrative": False,
    },
    {
        "code": "compute",
        "name_en": "Reasonableness of the computing asked for",
        "name_zh": "所需算力的合理性",
        "weight": 20,
        "illustrative": False,
    },
    {
        "code": "placeholder",
        "name_en": "Illustrative placeholder: the remaining criteria are not public",
        "name_zh": "示例：其餘準則未有公開，暫以此項代替",
        "weight": 55,
        "illustrative": True,
    },
]

REVIEW_HINTS = {
    "compute": _("Model complexity, data, batch, precision, training or inference, and the schedule of work."),
}
