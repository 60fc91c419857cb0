"""Subscriptions as they were before a change set: their attributes, and what a person accepted.

What a run brought of them are facts of the source and stay; those it made keep what came with them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import BooleanField, Func

from tenure.customers import accepting, agreements
from tenure.customers.history import replaced
from tenure.customers.models import Change, ChangeSet, Origin, Subscription
from tenure.customers.revert.act import Act
from tenure.customers.revert.lines import (
    SUBSCRIPTION,
    Folded,
    Line,
    folded,
    next_changed,
    weighed,
)


class _HasAttributes(Func):
    """Whether changes are of attributes too, not only of what the source bills."""

    template = (
        "jsonb_path_exists(%(expressions)s,"
        " '$.keyvalue() ? (@.key starts with \"attributes.\")'::jsonpath)"
    )
    output_field = BooleanField()


def lines(change_set: ChangeSet, *, after: int = 0, lock: bool = False) -> Iterator[Line]:
    """What becomes of each subscription that the change set changed, by number."""
    only = [_HasAttributes("changes")] if change_set.origin == Origin.SYNC else []
    while ids := next_changed(change_set, SUBSCRIPTION, after, only=only):
        after = ids[-1]
        yield from of(change_set, ids, lock=lock)


def of(change_set: ChangeSet, ids: Sequence[int], *, lock: bool = False) -> Iterator[Line]:
    """What becomes of these subscriptions."""
    changed = folded(change_set, SUBSCRIPTION, ids)
    found = Subscription.objects.filter(pk__in=ids).exclude(created_in=change_set)
    if lock:
        # In the order in which a page locks them.
        locked = found.select_for_update(no_key=True, of=("self",)).order_by("upstream_id")
        list(locked.values_list("pk"))
    facts = change_set.origin != Origin.SYNC
    standing = accepting.standing(ids) if facts else {}
    for row in found.select_related("account").order_by("pk"):
        yield _line(row, changed[row.pk], standing.get(row.pk, {}), change_set)


def put_back(found: Sequence[Line], act: Act) -> set[int]:
    """Write what these lines say; the accounts they belong to."""
    wanted = {line.object_id: line for line in found if line.does_something}
    stored = Subscription.objects.filter(pk__in=wanted).order_by("pk").values_list(*agreements.HELD)
    rows = [agreements.Held(*row) for row in stored]
    changes = []
    for row in rows:
        line = wanted[row.pk]
        was: dict[str, Any] = dict(replaced(row.sources, line.back))
        facts = {place: old for place, (_, old) in line.back.items() if _is_fact(place)}
        if accepting.MARK in line.was:
            mark = line.was.get(accepting.MARK) or {}
            was[accepting.MARK] = accepting.write(row.pk, facts, mark, act.now)
        for place, (_, old) in line.back.items():
            if not _is_fact(place):
                _set(
                    row, place.removeprefix(agreements.PREFIX), old, act.entry(line.was.get(place))
                )
        row.edited = True  # a run looks at it once: the source may say something else by now
        back = {place: list(pair) for place, pair in line.back.items()}
        changes.append(act.change(SUBSCRIPTION, row.pk, row.account_id, back, was))
    agreements.save(rows, act)
    Change.objects.bulk_create(changes)
    return {row.account_id for row in rows if row.account_id}


def _set(row: agreements.Held, name: str, value: Any, entry: dict[str, Any]) -> None:
    if value in (None, "", []):
        row.attributes.pop(name, None)
    else:
        row.attributes[name] = value
    row.sources[name] = entry


def _is_fact(place: str) -> bool:
    return not place.startswith(agreements.PREFIX)


def _line(row: Any, changed: Folded, facts: dict[str, Any], change_set: ChangeSet) -> Line:
    pairs = {p: v for p, v in changed.pairs.items() if not _is_fact(p) or p in facts}
    back, stayed = weighed(
        Folded(pairs, changed.was),
        change_set,
        standing=lambda place: (
            facts[place]
            if _is_fact(place)
            else row.attributes.get(place.removeprefix(agreements.PREFIX))
        ),
        sources=row.sources,
    )
    return Line(
        SUBSCRIPTION,
        row.pk,
        row.account_id,
        row.upstream_id,
        row.plan_name or row.plan_code or row.upstream_id,
        back,
        stayed,
        of=row.account.name if row.account else "",
        was=changed.was,
    )
