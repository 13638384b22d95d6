"""Statements as pages, PDF and CSV: both payers side by side, adding up; and a chain that can be computed again."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from datetime import date, timedelta
from hashlib import sha256

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from aisc.core import clock
from aisc.core.actions import system
from aisc.ledger import actions, csv_export, statement_pdf
from aisc.ledger.displays import statements as displays
from aisc.ledger.models import Entry, Statement
from aisc.ledger.quantities import decimal_text, hours_text

THIRD = 1_200_000


@pytest.fixture
def issued(budget, use, noon):
    """Two charges and a reversal of 15 June, billed on the 16th: the scheme's statement and the applicant's."""
    use(budget, "a", THIRD)
    use(budget, "b", 7 * THIRD, description='=HYPERLINK("http://evil")')
    use(budget, "c", 10**7, code="cpu", description="語音 🎤, “quoted”\nline")
    actions.reverse_entry(system("test"), entry=budget.entries.get(seq=2), reason="'+1 node failed")
    with clock.fixed(noon + timedelta(days=1)):
        made = actions.issue_statements(
            system("test"), budget=budget, period_start=date(2026, 6, 1), period_end=date(2026, 6, 15)
        )
    budget.refresh_from_db()
    return {each.payer: each for each in made}


def page(browser, person, path: str) -> str:
    answer = browser(person).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def read(document: bytes) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler is not installed")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=document, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def table(answer) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


# The page


def test_both_payers_add_up_to_the_list_price(place, issued, browser):
    bill = displays.bill(issued["applicant"])
    assert (bill.amount, bill.scheme_share, bill.applicant_share) == (4805, 3363, 1442)
    assert bill.amount == bill.scheme_share + bill.applicant_share == issued["scheme"].list_total
    assert (issued["scheme"].payer_total, issued["applicant"].payer_total) == (3363, 1442)
    html = page(browser, place.reader, f"/statements/{issued['applicant'].number}")
    for words in ("HK$48.05", "HK$33.63", "HK$14.42", "Amount of this statement, payer Applicant: HK$14.42"):
        assert words in html, words
    assert f'href="/statements/{issued["scheme"].number}"' in html
    assert issued["applicant"].code in html
    assert f"/verify/{issued['applicant'].code}" in html
    assert issued["applicant"].digest in html
    assert "Example University\n1 Road" in html
    assert "Reversal of line 2" in html
    assert "−0.3333" in html


def test_the_schemes_statement_is_addressed_to_the_scheme(place, issued, browser, settings):
    html = page(browser, place.officer, f"/statements/{issued['scheme'].number}")
    assert f"{settings.CENTRE_NAME_EN}\nScheme fund" in html
    assert "payer Scheme: HK$33.63" in html
    assert f'href="/statements/{issued["applicant"].number}"' in html


def test_the_sums_by_price_are_net_of_reversals(issued):
    sums = displays.bill(issued["scheme"]).sums
    assert [(row.price.meter.code, row.quantity, row.amount) for row in sums] == [
        ("accelerator:cpu", 10**7, 139),
        ("accelerator:h800", 7 * THIRD, 4666),
    ]


def test_strangers_find_no_statement(place, issued, browser):
    number = issued["scheme"].number
    for suffix in ("", ".pdf", ".csv"):
        assert browser(place.stranger).get(f"/statements/{number}{suffix}").status_code == 404
        assert browser(place.officer).get(f"/statements/ST-2026-999999-S{suffix}").status_code == 404
        assert browser().get(f"/statements/{number}{suffix}").status_code == 302


def test_what_is_on_no_statement_yet(place, budget, issued, use, browser):
    use(budget, "later")
    html = page(browser, place.owner, f"/budgets/{budget.uid}/interim")
    assert "Not an issued statement" in html
    assert "HK$20.00" in html
    assert "HK$48.05" not in html
    html = page(browser, place.owner, f"/budgets/{budget.uid}/statements/")
    assert "16 June 2026 to 16 June 2026: HK$20.00 at list price; the scheme pays HK$14.00" in html
    assert issued["scheme"].number in html
    assert html.index(issued["scheme"].number) < html.index(issued["applicant"].number)


def test_a_budget_without_charges(place, budget, browser):
    html = page(browser, place.owner, f"/budgets/{budget.uid}/interim")
    assert "No charges in this period" in html
    assert "No statement has been issued" in page(browser, place.owner, f"/budgets/{budget.uid}/statements/")


def test_own_money_has_one_statement(place, own, use, noon, browser):
    use(own, "a")
    with clock.fixed(noon + timedelta(days=1)):
        (made,) = actions.issue_statements(
            system("test"), budget=own, period_start=date(2026, 6, 1), period_end=date(2026, 6, 15)
        )
    html = page(browser, place.owner, f"/statements/{made.number}")
    assert "The scheme pays" not in html
    assert "statement</a>" not in html
    text = read(browser(place.owner).get(f"/statements/{made.number}.pdf").content)
    assert "Applicant" in text
    assert "Scheme" not in text


# Issuing


def test_a_finance_officer_issues_statements(place, budget, use, noon, browser):
    use(budget, "a")
    with clock.fixed(noon + timedelta(days=2)):
        url = f"/budgets/{budget.uid}/issue"
        assert 'value="2026-06-16"' in page(browser, place.officer, url)
        period = {"period_start": "2026-06-15", "period_end": "2026-06-16"}
        assert browser(place.owner).post(url, period).status_code == 403
        assert browser(place.officer).post(url, {"period_start": "x", "period_end": ""}).status_code == 422
        assert browser(place.officer).post(url, period | {"period_end": "2026-06-18"}).status_code == 422
        assert Statement.objects.count() == 0
        answer = browser(place.officer).post(url, period)
    assert (answer.status_code, answer["Location"]) == (302, f"/budgets/{budget.uid}/statements/")
    assert Statement.objects.count() == 2


# PDF


def test_the_pdf_of_each_payer(place, issued, browser, settings):
    answer = browser(place.owner).get(f"/statements/{issued['applicant'].number}.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'inline; filename="{issued["applicant"].number}.pdf"'
    assert "private" in answer["Cache-Control"]
    text = read(answer.content)
    for words in (
        "Statement of charges",
        "收費結單",
        "Amount of this statement 本結單金額",
        "HK$14.42",
        "HK$33.63 (scheme 資助計劃) + HK$14.42 (applicant 申請機構) = HK$48.05",
        "Example University",
        "示例大學",
        "Scheme 70%",
        "Applicant 30%",
        "1 June 2026 – 15 June 2026",
        "Reversal of line 2",
        "'+1 node failed",
        '=HYPERLINK("http://evil")',
        "語音",
        issued["scheme"].number,
        issued["applicant"].code,
        "Illustrative:",
    ):
        assert words in text, words
    text = read(browser(place.owner).get(f"/statements/{issued['scheme'].number}.pdf").content)
    assert "Scheme fund" in text
    assert issued["applicant"].number in text


def test_the_same_statement_is_the_same_document(issued):
    first = statement_pdf.statement_pdf(displays.bill(issued["scheme"]), "scheme")
    assert statement_pdf.statement_pdf(displays.bill(issued["scheme"]), "scheme") == first


def test_the_interim_pdf_is_marked_as_such(place, budget, use, browser):
    use(budget, "a")
    text = read(browser(place.owner).get(f"/budgets/{budget.uid}/interim.pdf").content)
    assert "Interim statement to date" in text
    assert "Not an issued document" in text
    assert "Amount of this statement" not in text


def test_a_pdf_without_charges(place, budget, browser):
    assert "No charges in this period" in read(browser(place.owner).get(f"/budgets/{budget.uid}/interim.pdf").content)


def test_before_the_first_line_there_is_no_hash(place, make_budget):
    empty = make_budget(place.project, released=0, ceiling=5)
    assert statement_pdf.statement_data(displays.bill_to_date(empty))["head"] == ""


def test_a_very_long_statement_prints_its_sums_and_says_where_the_rest_is(place, issued, browser, monkeypatch):
    monkeypatch.setattr(statement_pdf, "MOST_LINES", 1)
    text = read(browser(place.owner).get(f"/statements/{issued['scheme'].number}.pdf").content)
    assert "The first 1 of 4 lines are printed" in text
    assert "HK$48.05" in text


def test_an_organisation_with_a_chinese_name_alone(place, budget, use, browser):
    use(budget, "a")
    place.organisation.name_en, place.organisation.address = "", ""
    place.organisation.save()
    text = read(browser(place.owner).get(f"/budgets/{budget.uid}/interim.pdf").content)
    assert "示例大學" in text


# CSV


def test_the_chain_can_be_computed_again_from_the_csv(place, budget, issued, browser):
    answer = browser(place.reader).get(f"/statements/{issued['applicant'].number}.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{issued["applicant"].number}.csv"'
    lines = table(answer)
    assert [line["kind"] for line in lines] == ["release", "charge", "charge", "charge", "reversal"]
    columns = [name for name in lines[0] if name not in csv_export.FOR_PEOPLE][:-2]
    head = ""
    for line in lines:
        values = [line[name].removeprefix("'") for name in columns]
        assert line["previous_hash"] == head
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        head = sha256((head + text).encode()).hexdigest()
        assert line["hash"] == head
    assert head == budget.head_hash


def test_the_digest_can_be_computed_again_from_the_csv(place, budget, issued, browser):
    statement = issued["scheme"]
    lines = table(browser(place.reader).get(f"/statements/{statement.number}.csv"))
    header = ["statement", statement.number, budget.uid, "scheme", "2026-06-01", "2026-06-15", "1", "5", "4805", "3363"]
    billed = [
        [line[name] for name in ("seq", "kind", "amount", "scheme_share", "hash")]
        for line in lines
        if line["kind"] in ("charge", "reversal")
    ]
    text = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in [header, *billed])
    assert sha256(text.encode()).hexdigest() == statement.digest


def test_the_csv_for_people(place, issued, browser):
    answer = browser(place.reader).get(f"/statements/{issued['applicant'].number}.csv")
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbfrecorded_at,use,hours,list_price,scheme_pays,applicant_pays,budget,seq,")
    lines = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    people = [[line[name] for name in csv_export.FOR_PEOPLE] for line in lines]
    assert people == [
        ["2026-06-15 12:00:00", "first tranche", "", "", "", ""],
        ["2026-06-15 12:00:00", "job a", "0.3333", "6.67", "4.67", "2.00"],
        ["2026-06-15 12:00:00", '\'=HYPERLINK("http://evil")', "2.3333", "46.66", "32.66", "14.00"],
        ["2026-06-15 12:00:00", "語音 🎤, “quoted”\nline", "2.7778", "1.39", "0.97", "0.42"],
        ["2026-06-15 12:00:00", "job a", "-0.3333", "-6.67", "-4.67", "-2.00"],
    ]
    assert lines[-1]["reason"] == "''+1 node failed"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "'x", "＝1"])
def test_formulas_are_shown_and_not_run(text):
    assert csv_export.guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "中文", "1-1", " =1"])
def test_plain_text_is_left_alone(text):
    assert csv_export.guarded(text) == text


def test_a_later_csv_goes_on_from_the_hash_before_it(place, budget, issued, use, browser):
    use(budget, "later")
    (line,) = table(browser(place.owner).get(f"/budgets/{budget.uid}/interim.csv"))
    assert line["previous_hash"] == Entry.objects.get(budget=budget, seq=5).hash
    assert line["seq"] == "6"


def test_the_csv_comes_in_parts(place, budget, issued, browser, monkeypatch):
    monkeypatch.setattr(csv_export, "LINES_A_PART", 5)
    parts = list(csv_export.parts(displays.bill(issued["scheme"])))
    assert len(parts) == 2  # the header, five lines, and no empty rest
    monkeypatch.setattr(csv_export, "LINES_A_PART", 2)
    assert b"".join(csv_export.parts(displays.bill(issued["scheme"]))) == b"".join(parts)


def test_the_asynchronous_server_gets_the_same_csv(place, issued):
    number = issued["scheme"].number

    async def download() -> bytes:
        client = AsyncClient()
        await client.aforce_login(place.owner, backend="django.contrib.auth.backends.ModelBackend")
        answer = await client.get(f"/statements/{number}.csv")
        return b"".join([part async for part in answer.streaming_content])

    assert async_to_sync(download)() == b"".join(csv_export.parts(displays.bill(issued["scheme"])))


# Numbers as text


def test_quantities_and_amounts_as_text(prices):
    meter = prices.prices.get(meter__code="accelerator:h800").meter
    assert hours_text(3_600_000, meter) == "1.0000"
    assert hours_text(-180, meter) == "−0.0001"
    assert hours_text(10**13, meter) == "2,777,777.7778"
    meter.unit = "token"
    assert hours_text(-1_234_567, meter) == "−1,234,567"
    assert [decimal_text(cents) for cents in (0, 5, -5, 123_456, -100)] == ["0.00", "0.05", "-0.05", "1234.56", "-1.00"]


def test_the_number_of_queries_does_not_grow(place, budget, issued, use, browser, django_assert_max_num_queries):
    client = browser(place.owner)
    numbers = [issued["scheme"].number]
    client.get(f"/statements/{numbers[0]}")
    for suffix, most in [("", 14), (".pdf", 13), (".csv", 10)]:
        with django_assert_max_num_queries(most) as few:
            answer = client.get(f"/statements/{numbers[0]}{suffix}")
            list(answer)
        for number in range(5):
            use(budget, f"{suffix}{number}")
        with django_assert_max_num_queries(len(few)):
            list(client.get(f"/budgets/{budget.uid}/interim{suffix}"))


def test_a_new_name_changes_no_document_that_was_issued(place, budget, issued, browser):
    """What was issued keeps the names it was issued with, on the page, on paper and for who checks it."""
    before = issued["applicant"]
    organisation, project = budget.organisation, budget.project
    old = organisation.name_en
    type(organisation).objects.filter(pk=organisation.pk).update(name_en="Renamed Limited", address="Elsewhere")
    type(project).objects.filter(pk=project.pk).update(name_en="Renamed project")
    reader = browser(place.finance)
    for url in (f"/statements/{before.number}", f"/verify/{before.code}"):
        text = reader.get(url).content.decode()
        assert old in text
        assert "Renamed Limited" not in text
    data = statement_pdf.statement_data(displays.bill(type(before).objects.get(pk=before.pk)), before.payer)
    assert (data["organisation_en"], data["project_en"]) == (old, budget.project.name_en)
    assert data["address"] != "Elsewhere"
    assert "Renamed Limited" in reader.get(f"/budgets/{budget.uid}/interim").content.decode()
