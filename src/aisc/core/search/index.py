"""Keeping the index true: in the transaction of the write, anew as a whole, and checked."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, models, transaction
from django.db.models.signals import post_delete, post_save

from aisc.core import bulk
from aisc.core.models import SearchEntry, SearchState
from aisc.core.search.database import block_of
from aisc.core.search.kinds import Kind, kinds
from aisc.core.search.words import tokens

VERSION = 1  # of the words; another one than in the database has the worker build the index anew
_BATCH = 500


def watch() -> None:
    """Listen to every registered model; called once, when all kinds are known."""
    for kind in kinds().values():
        for model, which in {kind.model: _itself, **kind.also}.items():
            own = model is kind.model
            uid = f"search-{kind.slug}-{model._meta.label}"
            post_save.connect(_saved(kind, which, own, model), sender=model, weak=False, dispatch_uid=f"{uid}-saved")
            post_delete.connect(_deleted(kind, which, own), sender=model, weak=False, dispatch_uid=f"{uid}-deleted")


def _itself(row: Any) -> Iterable[int]:
    return (row.pk,)


def _saved(kind: Kind, which: Any, own: bool, model: type[models.Model]) -> Any:
    # Of another kind's rows, what matters to it matters here.
    watched = {name for each in kinds().values() if each.model is model for name in each.watched}

    def saved(sender: Any, instance: models.Model, created: bool, update_fields: Any, raw: bool, **_more: Any) -> None:
        if raw or (update_fields is not None and watched and not watched.intersection(update_fields)):
            return
        put(kind.slug, which(instance), new=created and own)

    return saved


def _deleted(kind: Kind, which: Any, own: bool) -> Any:
    def deleted(sender: Any, instance: models.Model, **_more: Any) -> None:
        if own:
            SearchEntry.objects.filter(kind=kind.slug, object_pk=instance.pk).delete()
        else:
            put(kind.slug, which(instance))

    return deleted


def put(slug: str, keys: Iterable[int], *, new: bool = False) -> None:
    """Bring the index up to date with these rows of a kind; call it after writing them in bulk.

    ``new``: they are not in the index yet. Three queries at most for up to 500 rows.
    """
    kind = kinds()[slug]
    for group in _groups(sorted({each for each in keys if each is not None})):
        there = {} if new else dict(_entries(slug, group).values_list("object_pk", "pk"))
        found = {row.pk: row for row in kind.all().filter(pk__in=group)}
        if gone := [there[each] for each in there if each not in found]:
            SearchEntry.objects.filter(pk__in=gone).delete()
        for pk, entry in there.items():
            if pk in found:
                SearchEntry.objects.filter(pk=entry).update(tokens=_tokens(kind, found[pk], entry))
        _add([(kind, row) for pk, row in found.items() if pk not in there])


def _entries(slug: str, keys: Iterable[int]) -> models.QuerySet[SearchEntry]:
    return SearchEntry.objects.filter(kind=slug, object_pk__in=list(keys))


def _tokens(kind: Kind, row: Any, entry: int) -> str:
    described = kind.describe(row)
    marks = [*described.marks, f"k{kind.slug}", block_of(entry)[1:]]
    return tokens(title=described.title, body=described.body, keys=described.keys, marks=marks)


def _add(rows: list[tuple[Kind, Any]]) -> None:
    """Insert rows at the end of the index, which is where the newest are."""
    if not rows:
        return
    with transaction.atomic():
        ids = bulk.allocate_ids(SearchEntry, len(rows))
        made = [
            SearchEntry(pk=entry, kind=kind.slug, object_pk=row.pk, tokens=_tokens(kind, row, entry))
            for entry, (kind, row) in zip(ids, rows, strict=True)
        ]
        # Somebody else may put the same thing in at the same moment; then theirs stays, and nobody's work fails.
        SearchEntry.objects.bulk_create(made, ignore_conflicts=True)


def rebuild() -> int:
    """Build the whole index anew, oldest first, while others go on searching and writing. How many rows it has.

    Each few hundred rows are a transaction of their own; the old row of a thing goes when its new one comes.
    """
    last = SearchEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    count = 0
    for group in _groups(_oldest_first()):
        with transaction.atomic():
            rows = _locked(group)
            for kind in {kind.slug for kind, _row in rows}:
                _entries(kind, [row.pk for each, row in rows if each.slug == kind]).delete()
            _add(rows)
        count += len(rows)
    for kind in kinds().values():  # one by one: deleting a million rows at once would hold up everybody
        left = SearchEntry.objects.filter(pk__lte=last, kind=kind.slug).values_list("pk", flat=True)
        for group in _groups(left.iterator(chunk_size=_BATCH)):
            SearchEntry.objects.filter(pk__in=group).delete()
    SearchEntry.objects.exclude(kind__in=kinds()).delete()
    SearchState.objects.update_or_create(pk=1, defaults={"version": VERSION})
    return count


def _oldest_first() -> Iterator[tuple[str, int]]:
    """(kind, key) of everything, by age; keys rise with age within a kind."""

    def of(kind: Kind) -> Iterator[tuple[Any, str, int]]:
        for moment, pk in kind.all().order_by("pk").values_list(kind.moment, "pk").iterator(chunk_size=5_000):
            yield (str(moment), kind.slug, pk)

    for _moment, slug, pk in heapq.merge(*map(of, kinds().values())):
        yield slug, pk


def _locked(group: list[tuple[str, int]]) -> list[tuple[Kind, Any]]:
    """The rows, in the order of ``group``; nobody changes them until they are indexed."""
    found: dict[tuple[str, int], tuple[Kind, Any]] = {}
    for slug in {slug for slug, _pk in group}:
        kind = kinds()[slug]
        rows = kind.all().filter(pk__in=[pk for each, pk in group if each == slug])
        if connection.vendor == "postgresql":
            rows = rows.select_for_update(of=("self",), no_key=True)
        found |= {(slug, row.pk): (kind, row) for row in rows}
    return [found[each] for each in group if each in found]


def _groups(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while group := list(itertools.islice(iterator, _BATCH)):
        yield group


def is_due() -> bool:
    """Whether the index was never built, or with other words than this version's."""
    return SearchState.objects.filter(pk=1, version=VERSION).first() is None


def rebuild_soon() -> None:
    """Have the worker build the index anew: after a write that moves very much at once, such as merging duplicates.

    Until then nobody sees more than they may, since the rooms' rules have the last word; some may find less.
    """
    SearchState.objects.all().delete()


def missing() -> dict[str, int]:
    """By kind, how many more things there are than rows in the index (negative: rows too many); only what differs."""
    counted = dict(SearchEntry.objects.order_by().values_list("kind").annotate(count=models.Count("pk")))
    there = {slug: kind.rows(kind.model._base_manager.all()).count() for slug, kind in kinds().items()}
    return {slug: there[slug] - counted.get(slug, 0) for slug in there if there[slug] != counted.get(slug, 0)}
