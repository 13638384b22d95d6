"""Statements: what each payer owes for a period, both from the same entries, each entry once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import Count, Min, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict
from aisc.core.ids import new_uid
from aisc.core.money import format_cents
from aisc.core.search import index as search_index
from aisc.ledger.actions.common import tell_payers
from aisc.ledger.chain import statement_digest
from aisc.ledger.models import Budget, Entry, Statement, StatementNumber, names_on_documents
from aisc.ledger.queries import BILLED_KINDS

_SUFFIX = {Statement.Payer.SCHEME: "S", Statement.Payer.APPLICANT: "A"}


@action("ledger.issue_statements", on="budget")
def issue_statements(
    actor: Actor, *, budget: Budget, period_start: date | None = None, period_end: date
) -> list[Statement]:
    """Bill everything recorded since the last statement, up to the end of ``period_end`` (centre time).

    One statement for the applicant and then, when the scheme pays a share, one for the scheme, over the same entries:
    from the first not billed yet to the last recorded in the period. So nothing is billed twice or left out,
    whatever the clock did. Without ``period_start`` the period begins with the month of ``period_end``, or earlier
    if charges before it are not billed. The same period again gives the same statements, unless its last day was
    not over and more was charged since: that is billed by statements of its own. Raises BadInput for a period that
    ends in the future or does not follow, and Conflict when there is nothing to bill.
    """
    locked = (
        Budget.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "project")
        .get(pk=budget.pk)
    )
    issued = list(locked.statements.order_by("-last_seq", "payer")[:2])
    same = [each for each in issued if each.period_end == period_end and period_start in (None, each.period_start)]
    previous = issued[0] if issued else None
    first_seq = previous.last_seq + 1 if previous else 1
    last_seq = _last_seq(locked, period_end)
    lines = locked.entries.filter(seq__gte=first_seq, seq__lte=last_seq, kind__in=BILLED_KINDS).order_by("seq")
    sums = lines.order_by().aggregate(
        count=Count("pk"),
        list=Sum("amount", default=0),
        scheme=Sum("scheme_share", default=0),
        applicant=Sum("applicant_share", default=0),
        earliest=Min("at_ms"),
    )
    if same and not sums["count"]:
        note(target=locked, again=True)
        return same
    period_start = _period_start(period_start, period_end, previous, sums["earliest"])
    if not sums["count"]:
        raise Conflict(_("Nothing was charged in this period that is not billed yet."), code="statement.empty")
    number = _next_number()
    drafts = [
        Statement(
            number=f"{number}-{_SUFFIX[payer]}",
            budget=locked,
            payer=payer.value,
            first_seq=first_seq,
            last_seq=last_seq,
            period_start=period_start,
            period_end=period_end,
            list_total=sums["list"],
            payer_total=sums[payer.value],
            code=new_uid("stm"),
            issued_at=clock.now(),
            names=names_on_documents(locked),
        )
        for payer in (Statement.Payer.APPLICANT, Statement.Payer.SCHEME)
        if payer == Statement.Payer.APPLICANT or locked.scheme_bps
    ]
    _digest(drafts, lines)
    statements = Statement.objects.bulk_create(drafts)
    search_index.put("statement", [each.pk for each in statements], new=True)
    note(target=locked, numbers=[each.number for each in statements], lines=sums["count"])
    tell_payers(
        locked,
        gettext_noop("Statement %(number)s for the budget “%(budget)s”: %(amount)s."),
        number=statements[0].number,
        amount=format_cents(statements[0].payer_total, locked.currency),
    )
    return statements


def _last_seq(budget: Budget, period_end: date) -> int:
    _first, following = clock.day_bounds_ms(period_end)
    latest = budget.entries.filter(at_ms__lt=following).order_by("-seq").values_list("seq", flat=True)
    return latest.first() or 0


def _period_start(
    period_start: date | None, period_end: date, previous: Statement | None, earliest_ms: int | None
) -> date:
    """The first day of the period, checked; chosen when it was not given. Raises BadInput."""
    if period_end > clock.today():
        raise BadInput(_("A period cannot end in the future: give today or a day before."), field="period_end")
    not_before = _first_day_after(previous) if previous else date.min
    # By a clock that was set back, an entry can seem older than the statement it came after.
    earliest = max(clock.day_of_ms(earliest_ms), not_before) if earliest_ms is not None else period_end
    if period_start is None:
        return max(min(earliest, period_end.replace(day=1)), not_before)
    if period_end < period_start:
        raise BadInput(_("The end lies before the start."), field="period_end")
    if period_start < not_before:
        raise BadInput(
            _("Everything before %(day)s is billed already; begin on that day.") % {"day": not_before},
            field="period_start",
        )
    if period_start > earliest:
        raise BadInput(
            _("Charges of %(day)s are not billed yet; begin the period on that day or before.") % {"day": earliest},
            field="period_start",
        )
    return period_start


def _first_day_after(previous: Statement) -> date:
    """The first day that the next period can have: its last day once more, if that was not over when it was billed."""
    days = 1 if previous.period_end < clock.day_of_ms(clock.to_ms(previous.issued_at)) else 0
    return previous.period_end + timedelta(days=days)


def _next_number() -> str:
    year = clock.today().year
    StatementNumber.objects.get_or_create(year=year)
    counter = StatementNumber.objects.select_for_update(no_key=True).get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"ST-{year}-{counter.last:06d}"


def _digest(statements: Sequence[Statement], lines: QuerySet[Entry]) -> None:
    """Fill in the digests, in one reading of however many lines there are."""
    digests = [statement_digest(each.budget.uid, each) for each in statements]
    for seq, kind, amount, scheme, applicant, hash_ in lines.values_list(
        "seq", "kind", "amount", "scheme_share", "applicant_share", "hash"
    ).iterator():
        for each, digest in zip(statements, digests, strict=True):
            digest.add(seq, kind, amount, scheme if each.payer == Statement.Payer.SCHEME else applicant, hash_)
    for each, digest in zip(statements, digests, strict=True):
        each.digest = digest.hexdigest()
