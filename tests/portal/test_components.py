"""The components say what they are given, to everyone, and in whole cents."""

import datetime
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, engines
from django.test import RequestFactory
from django.utils import timezone, translation

import aisc.portal
from aisc.core import clock
from aisc.portal import drawing, formats, samples
from aisc.portal.templatetags import portal as tags

ROOT = Path(aisc.portal.__file__).parent
CSS = ROOT / "static/portal/css"
TEMPLATES = ROOT / "templates/portal"
OWN = [*TEMPLATES.glob("frame/*.html"), *TEMPLATES.glob("components/*.html"), TEMPLATES / "components_page.html"]


# The language switch is the only address that the frames cannot do without.
pytestmark = pytest.mark.urls("django.conf.urls.i18n")


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def render(source: str, request=None, **context) -> str:
    """Without context processors: what a component needs, it is given."""
    return Template("{% load portal %}" + source).render(Context({"request": request, **context}))


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# Quantities


@pytest.mark.parametrize(
    ("cents", "currency", "shown"),
    [
        (0, "HKD", "HK$0.00"),
        (5, "HKD", "HK$0.05"),
        (123456, "HKD", "HK$1,234.56"),
        (-123456, "HKD", "−HK$1,234.56"),
        (-7, "HKD", "−HK$0.07"),
        (900, "USD", "USD 9.00"),
        (10**20 + 1, "HKD", "HK$1,000,000,000,000,000,000.01"),
        (None, "HKD", "—"),
    ],
)
def test_cents(cents, currency, shown):
    assert tags.cents(cents, currency) == shown


@pytest.mark.parametrize("wrong", [1.0, "12", True])
def test_only_integers_become_money(wrong):
    with pytest.raises(TypeError):
        tags.cents(wrong)


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (0, "0.00"),
        (3_600_000, "1.00"),
        (18_000, "0.01"),  # exactly half a hundredth goes up
        (17_999, "0.00"),
        (-5_400_000, "−1.50"),
        (41_200 * 3_600_000, "41,200.00"),
        (None, "—"),
    ],
)
def test_gpu_hours(milliseconds, shown):
    assert tags.gpu_hours(milliseconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(7000, "70%"), (7050, "70.5%"), (7055, "70.55%"), (0, "0%"), (10_000, "100%")]
)
def test_basis_points(value, shown):
    assert tags.basis_points(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 B"), (1023, "1,023 B"), (1536, "1.5 KiB"), (1024**2 - 1, "1.0 MiB"), (5 * 1024**6, "5,120.0 PiB")],
)
def test_bytes(value, shown):
    assert tags.bytes_(value).replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 s"),
        (350, "350 ms"),
        (45_000, "45 s"),
        (125_000, "2 min 05 s"),
        (11_100_000, "3 h 05 min"),
        (187_200_000, "2 d 4 h"),
        (-45_000, "−45 s"),
        (None, "—"),
    ],
)
def test_duration(value, shown):
    assert tags.duration_ms(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "just now"),
        (-44, "just now"),
        (-60, "1 minute ago"),
        (720, "in 12 minutes"),
        (-3600, "1 hour ago"),
        (18_000, "in 5 hours"),
        (-86_400, "1 day ago"),
        (3 * 86_400, "in 3 days"),
        (-31 * 86_400, None),
    ],
)
def test_distance(seconds, shown):
    assert formats.distance(seconds) == shown


def test_relative_carries_the_exact_time():
    moment = clock.now() - datetime.timedelta(hours=2)
    html = tags.relative(moment)
    assert f'datetime="{moment.isoformat()}"' in html
    assert timezone.localtime(moment).strftime("%H:%M") in html
    assert "2 hours ago</time>" in html
    assert "data-relative" in html


def test_relative_of_a_distant_moment_is_its_date_and_does_not_tick():
    html = tags.relative(datetime.datetime(2020, 1, 31, 4, tzinfo=datetime.UTC))
    assert "31 January 2020</time>" in html
    assert "data-relative" not in html


def test_dates_are_written_as_each_language_writes_them():
    date = datetime.date(2024, 11, 2)
    moment = datetime.datetime(2024, 11, 2, 6, 3, tzinfo=datetime.UTC)
    assert tags.day(date) == "2 November 2024"
    assert text_of(tags.exact(moment)) == "2 November 2024, 14:03 HKT"
    with translation.override("zh-hant"):
        assert tags.day(date) == "2024年11月2日"
        assert text_of(tags.exact(moment)) == "2024年11月2日 14:03 HKT"


def test_relative_of_a_day():
    today = clock.today()
    assert text_of(tags.relative(today)) == "today"
    assert text_of(tags.relative(today + datetime.timedelta(days=3))) == "in 3 days"
    assert tags.relative(None) == "—"


def test_the_script_ticks_by_the_same_steps_as_the_server():
    script = (ROOT / "static/portal/js/time.js").read_text()
    assert re.findall(r"away < ([\d* ]+)\)", script) == ["45", "3570", "84600", "30 * 86400"]


# The money bar


def hundredths(width: str) -> int:
    return int(width.removesuffix("%").replace(".", ""))


def test_money_bar_parts_fill_the_bar_and_add_up():
    budget = samples.budgets()["much"]
    bar = drawing.money_bar(budget)
    assert sum(s.cents for s in bar.segments) == budget.ceiling
    assert sum(hundredths(s.width) for s in bar.segments) == drawing.FULL
    assert [s.key for s in bar.segments] == ["scheme", "applicant", "held", "free", "unreleased"]
    assert bar.marker.amount == "HK$11,480,000.00"
    assert not bar.marker.over


def test_money_bar_shows_the_smallest_sum():
    bar = drawing.money_bar(
        {"ceiling": 10**12, "released": 10**12, "charged_scheme": 1, "charged_applicant": 0, "held": 0}
    )
    assert hundredths(bar.segments[0].width) == drawing.SLIVER
    assert not bar.segments[1].drawn
    assert sum(hundredths(s.width) for s in bar.segments) == drawing.FULL


def test_money_bar_draws_a_forecast_above_the_ceiling():
    bar = drawing.money_bar(samples.budgets()["too_much"])
    assert bar.marker.over
    assert bar.over.amount == "HK$192,300.00"
    drawn = sum(hundredths(s.width) for s in bar.segments)
    assert drawn + hundredths(bar.over.width) == drawing.FULL


def test_money_bar_of_an_empty_budget_says_so():
    assert text_of(render("{% money_bar b %}", b=samples.budgets()["nothing"])) == (
        "This budget has no money in it yet."
    )


def test_money_bar_warns_when_more_is_held_than_released():
    html = render(
        "{% money_bar b %}",
        b=SimpleNamespace(ceiling=100, released=50, charged_scheme=40, charged_applicant=0, held=30),
    )
    assert "More is charged and held than has been released." in html
    assert "−HK$0.20" in html


def test_money_bar_names_every_part_without_colour():
    html = render("{% money_bar b evidence_url='/proof' %}", b=samples.budgets()["much"])
    for cents in ("2,973,411.62", "1,274,319.27", "1,161,250.00", "2,991,019.11", "4,200,000.00"):
        # once for the ear, once on hover or focus, once in the table
        assert html.count(cents) >= 3
    for key in ("applicant", "held", "unreleased"):
        assert f"url(#fill-{key})" in html
    assert 'href="/proof"' in html


def test_money_bar_refuses_floats():
    with pytest.raises(TypeError):
        drawing.money_bar({"ceiling": 1.5, "released": 0, "charged_scheme": 0, "charged_applicant": 0, "held": 0})


# Ribbon, charts, small pieces


def test_ribbon_says_who_acts_next_and_by_when():
    now = clock.now()
    html = render("{% state_ribbon r %}", r=samples.ribbons(now)["much"])
    assert html.count('aria-current="step"') == 1
    said = text_of(html)
    assert "Next: Dr Wong Ka-yan, assessor hand in the third review Due" in said
    assert "in 4 days" in said


def test_a_late_ribbon_says_so_in_words():
    html = render("{% state_ribbon r %}", r=samples.ribbons(clock.now())["late"])
    assert "Was due" in html
    assert "Stopped here" in html


@pytest.mark.parametrize(
    ("span", "scale", "step"), [(8, 1, 2), (100, 1, 50), (1, 1, 1), (350_080_00, 100, 100_000_00), (30, 100, 10)]
)
def test_nice_step(span, scale, step):
    assert drawing.nice_step(span, scale) == step


def test_charts_have_their_table():
    series = samples.line_series()["much"]
    html = render("{% line_chart s %}", s=series)
    assert html.count("<tr>") == 31
    assert html.count("<polyline") == 3
    bars = render("{% bar_chart s %}", s=samples.bar_series()["much"])
    assert bars.count('<th scope="row">') == 8
    assert bars.count("HK$1,250.00") == 2


@pytest.mark.parametrize("tag", ["line_chart", "bar_chart"])
def test_charts_with_nothing_say_so(tag):
    series = {"line_chart": samples.line_series, "bar_chart": samples.bar_series}[tag]()["nothing"]
    html = render("{%% %s s %%}" % tag, s=series)  # noqa: UP031
    assert "No figures yet." in html
    assert "<svg" not in html


def test_a_line_must_have_a_value_for_every_place():
    with pytest.raises(ValueError, match="2 values for 3 places"):
        drawing.line_chart({"x": ["a", "b", "c"], "lines": [{"label": "x", "values": [1, 2]}]})


def test_line_labels_do_not_cover_each_other():
    chart = drawing.line_chart({"x": ["a", "b"], "lines": [{"label": str(n), "values": [0, 100]} for n in range(5)]})
    heights = sorted(int(line.label_y) for line in chart.lines)
    assert all(b - a >= 17 for a, b in itertools.pairwise(heights))


def test_badge_has_a_shape_and_a_word():
    html = tags.badge("in_review")
    assert "badge--progress" in html
    assert "#icon-half" in html
    assert text_of(html) == "In review"
    assert "badge--neutral" in tags.badge("unheard-of")


def test_everything_given_is_escaped():
    bad = "<script>alert(1)</script>"
    html = render(
        "{% badge b b %}{% stat b b b %}{% evidence '/x' b %}{% notice 'info' b b %}{% empty_state b b b '/x' %}"
        "{% copy_button b %}{% breadcrumbs crumbs %}{% tabs crumbs %}{% summary_list rows %}"
        "{% confirm_button b '/x' b b b typed_name=b %}{% log_viewer '/x' initial=b label=b %}{% bar_chart s %}",
        b=bad,
        crumbs=[{"label": bad, "url": "/"}, {"label": bad}],
        rows=[{"label": bad, "value": bad}],
        s={"title": bad, "bars": [{"label": bad, "value": 1, "note": bad}]},
    )
    assert "<script" not in html


# Finding one's way


def test_pager_keeps_the_filters():
    request = RequestFactory().get("/jobs/?state=running&page=2")
    html = render("{% pager page %}", request, page=Paginator(range(95), 20).page(2))
    assert "21–40 of 95" in html
    assert 'rel="next" href="?state=running&amp;page=3"' in html
    assert html.count('aria-current="page"') == 1


def test_pager_of_one_page_says_nothing():
    html = render("{% pager page %}", page=Paginator(range(7), 20).page(1))
    assert not html.strip()


def test_sort_header_turns_round_and_goes_back_to_the_first_page():
    request = RequestFactory().get("/jobs/?state=running&sort=used&page=4")
    html = render("{% sort_header 'Used' 'used' 'GPU-hours' %}", request)
    assert 'aria-sort="ascending"' in html
    assert 'href="?state=running&amp;sort=-used"' in html


# Forms


class Parsed(HTMLParser):
    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_field_ties_label_hint_and_error_together():
    form = samples.forms_()["wrong"]
    html = render("{% field form.amount hint='Over the whole project.' prefix='HK$' %}", form=form)
    tags_ = Parsed(html).tags
    ids = {attrs["id"] for _tag, attrs in tags_ if "id" in attrs}
    box = next(attrs for tag, attrs in tags_ if tag == "input")
    assert box["aria-invalid"] == "true"
    assert box["aria-describedby"].split() == ["id_amount_hint", "id_amount_error"]
    assert set(box["aria-describedby"].split()) <= ids
    assert any(tag == "label" and attrs["for"] == "id_amount" for tag, attrs in tags_)
    assert "(optional)" not in html
    assert "(optional)" in render("{% field form.contact %}", form=form)


def test_a_group_of_choices_is_a_fieldset():
    html = render("{% field form.kind %}", form=samples.forms_()["wrong"])
    tags_ = Parsed(html).tags
    assert [tag for tag, _attrs in tags_].count("legend") == 1
    assert next(attrs for tag, attrs in tags_ if tag == "fieldset")["aria-describedby"] == "id_kind_error"
    assert [attrs["for"] for tag, attrs in tags_ if tag == "label"] == [f"id_kind_{n}" for n in range(3)]


def test_error_summary_links_to_fields_that_exist():
    form = samples.forms_()["wrong"]
    html = render("{% error_summary form %}{% for f in form %}{% field f %}{% endfor %}", form=form)
    tags_ = Parsed(html).tags
    ids = {attrs["id"] for _tag, attrs in tags_ if "id" in attrs}
    targets = {attrs["href"][1:] for tag, attrs in tags_ if tag == "a"}
    assert targets == {"id_title", "id_amount", "id_contact", "id_kind_0", "id_agree"}
    assert targets <= ids
    assert "Your text is kept here." in html


def test_error_summary_takes_formsets_and_is_silent_without_errors():
    factory = forms.formset_factory(samples.SampleForm, extra=1)
    formset = factory({"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-title": "x"})
    assert 'href="#id_form-0-summary"' in render("{% error_summary f %}", f=formset)
    assert render("{% error_summary f %}", f=samples.SampleForm()).strip() == ""


def test_confirm_button_needs_no_script_and_asks_for_the_name():
    html = render(
        "{% confirm_button 'Revoke' '/tokens/3/revoke' 'Revoke “ci”?' 'It stops working.' typed_name='ci' %}",
        csrf_token="abc",
    )
    assert "<details" in html
    assert 'method="post" action="/tokens/3/revoke"' in html
    assert "csrfmiddlewaretoken" in html
    assert 'data-must-equal="ci"' in html


# Pages

PAGES = ["frame/public.html", "frame/work.html", "frame/form.html", "frame/error.html", "frame/document.html"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_every_frame_stands_alone(page, language):
    """Even without a request: the page for a failed server has none."""
    with translation.override(language):
        html = engines["django"].get_template(f"portal/{page}").render({})
    assert f'<html lang="{tags.language_tag(language)}"' in html
    assert html.count("<main") == 1
    assert 'href="#main"' in html


def test_the_page_of_components_is_sound():
    page = engines["django"].get_template("portal/components_page.html").template
    html = page.render(Context({**samples.context(), "request": RequestFactory().get("/components/")}))
    parsed = Parsed(html).tags
    ids = [attrs["id"] for _tag, attrs in parsed if "id" in attrs]
    assert sorted(ids) == sorted(set(ids))
    for tag, attrs in parsed:
        assert "style" not in attrs, tag
        assert not any(name.startswith("on") for name in attrs), tag
        if tag == "use":
            assert attrs["href"][1:] in ids
        if tag == "label":
            assert attrs["for"] in ids
        for name in ("src", "href", "action"):
            assert not re.match(r"(https?:)?//", attrs.get(name) or ""), tag
    assert html.count("url(#fill-") == sum(html.count(f"url(#fill-{k})") for k in ids_of_fills(ids))


def ids_of_fills(ids):
    return [i.removeprefix("fill-") for i in ids if i.startswith("fill-")]


@pytest.mark.parametrize("template", OWN, ids=lambda p: p.name)
def test_templates_hold_no_inline_script_or_style(template):
    source = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|\shx-on", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)


@pytest.mark.parametrize("template", OWN, ids=lambda p: p.name)
def test_templates_compile(template):
    Template(template.read_text()).render(Context({})) if template.name == "icons.html" else Template(
        template.read_text()
    )


def test_stylesheets_and_scripts_ask_no_other_host():
    for path in [*CSS.glob("*.css"), *(ROOT / "static/portal/js").glob("*.js")]:
        source = path.read_text()
        assert not re.search(r"url\(|@import|https?://|\beval\(|innerHTML", source), path.name


# Colours


def block_after(source: str, selector: str, last: bool = False) -> dict[str, str]:
    at = source.rindex(selector) if last else source.index(selector)
    body = source[at : source.index("}", at)]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", body))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TOKENS = (CSS / "tokens.css").read_text()
PALETTES = {
    "light": block_after(TOKENS, "/* light */"),
    "dark": block_after(TOKENS, "/* dark, as the device asks"),
}
GROUNDS = ("bg", "surface", "sunken")
TEXT_PAIRS = [
    *[(ink, ground) for ink in ("text", "muted", "link", "link-hover", "danger") for ground in GROUNDS],
    *[(tone, f"{tone}-tint") for tone in ("success", "warning", "danger", "info")],
    *[("text", f"{tone}-tint") for tone in ("success", "warning", "danger", "info", "neutral", "accent")],
    ("muted", "neutral-tint"),
    ("muted", "accent-tint"),
    ("link", "accent-tint"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-accent-tint", "accent-tint"),
    ("on-danger", "danger"),
    ("on-footer", "footer"),
    ("on-footer-muted", "footer"),
    ("on-log", "log"),
    ("on-log-muted", "log"),
    *[(f"line-{n}", "surface") for n in range(1, 6)],
]
SHAPE_PAIRS = [
    *[("border-strong", ground) for ground in GROUNDS],
    *[("focus", ground) for ground in GROUNDS],
    *[("accent", ground) for ground in GROUNDS],
    ("money-scheme", "surface"),
    ("money-scheme", "money-free"),
    ("money-applicant", "surface"),
    ("money-applicant", "money-applicant-dot"),
    ("money-held", "money-held-ground"),
    ("money-over", "money-over-ground"),
    ("money-unreleased-dot", "money-unreleased"),
    ("money-edge", "surface"),
]


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_has_contrast(palette, ink, ground):
    colours = PALETTES[palette]
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_shapes_have_contrast(palette, shape, ground):
    colours = PALETTES[palette]
    assert contrast(colours[shape], colours[ground]) >= 3


def test_palettes_agree_however_they_are_chosen():
    assert PALETTES["dark"] == block_after(TOKENS, "/* dark, as the reader chose */")
    assert PALETTES["light"] == block_after(TOKENS, "@media print")
    assert set(PALETTES["light"]) == set(PALETTES["dark"])


def test_every_colour_used_is_named_in_the_tokens():
    named = set(re.findall(r"--([\w-]+):", TOKENS)) | {"tone", "tone-tint", "header", "accent-band"}
    for path in CSS.glob("*.css"):
        assert set(re.findall(r"var\(--([\w-]+)", path.read_text())) <= named, path.name
