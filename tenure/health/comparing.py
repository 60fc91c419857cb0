"""An account on two days: what of it differs, from what to what, and why where that is known.

Each day is told as it was known at its end (``metrics.as_of``): values from the history of their
changes, figures, subscriptions and invoices from their versions, the change of the score taken apart
(``changes``). The second day may be now.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tenure.customers import read as customers
from tenure.customers.between import changes_between
from tenure.customers.models import Account, Change
from tenure.customers.values_at import values_at
from tenure.health import read, shapes
from tenure.health.changes import Split, split
from tenure.health.compared import Cause, Causes, Comparison, Difference, Point, spoken
from tenure.health.compared_records import agreed, billed
from tenure.health.models import Verdict
from tenure.metrics import offers
from tenure.metrics.as_of import (
    Moment,
    UnusableDate,
    figures_at,
    is_mrr_alone,
    kind_of,
    moment_of,
)
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.lists.filters import at_the_end_of
from tenure.metrics.models import AccountFacts, Figures
from tenure.rules.operators import Type

MOST_CHANGES = 2_000
_KEPT = {field.attname for field in Figures._meta.fields}
_OWN = ("name", "owner", "state", "identifier")


def days_of(
    first: str, second: str, now: datetime, settings: Settings
) -> tuple[Moment, Moment | None]:
    """The two days that were named; an empty second one, or today, is now. Raises UnusableDate."""
    begin, end = moment_of(first, now, settings), moment_of(second, now, settings)
    if begin is None:
        raise UnusableDate(
            "The first of two days to compare must be a past one.",
            next_step="Choose a day before today.",
        )
    if end and end.day <= begin.day:
        raise UnusableDate(
            f"{end.day} is not after {begin.day}.", next_step="Choose a later second day."
        )
    return begin, end


def compare(
    account_id: int, days: tuple[Moment, Moment | None], now: datetime, settings: Settings
) -> Comparison:
    """The account on both days. Raises Account.DoesNotExist."""
    kept = (_facts(account_id, days[0]), _facts(account_id, days[1]))
    first, second = (
        _point(moment, facts, now, settings) for moment, facts in zip(days, kept, strict=True)
    )
    done = changes_between(account_id, first.end, second.end, limit=MOST_CHANGES)
    causes = _causes(done)
    scores = (_verdict(account_id, days[0]), _verdict(account_id, days[1]))
    subscriptions, all_agreed = agreed(account_id, first, second, causes)
    invoices, all_billed = billed(account_id, first, second, causes)
    return Comparison(
        account=customers.get_account(account_id),
        first=first,
        second=second,
        values=_values(account_id, first, second, causes),
        figures=_figures(*kept),
        subscriptions=subscriptions,
        invoices=invoices,
        more=not (all_agreed and all_billed),
        scores=scores,
        change=_change(*scores, settings),
    )


def _change(old: Verdict | None, new: Verdict | None, settings: Settings) -> Split | None:
    """The change of the score taken apart; None without two scores."""
    if old is None or new is None:
        return None
    return split(shapes.side(old, settings), shapes.side(new, settings))


def _point(
    moment: Moment | None, facts: Figures | None, now: datetime, settings: Settings
) -> Point:
    at = at_the_end_of(moment, now, settings.zone)
    day = moment.day if moment else local_day(now, settings.zone)
    end = moment.instant if moment else now + timedelta(microseconds=1)
    return Point(day, at, end, moment, kind_of(facts) if moment else None)


def _facts(account_id: int, moment: Moment | None) -> Figures | None:
    if moment:
        return figures_at([account_id], moment).get(account_id)
    return AccountFacts.objects.filter(pk=account_id).first()


def _verdict(account_id: int, moment: Moment | None) -> Verdict | None:
    if moment:
        return read.scores_at([account_id], moment.last).get(account_id)
    return read.scores_of([account_id]).get(account_id)


def _causes(done: Iterable[Change]) -> dict[tuple[str, int, str], Cause]:
    """The newest change of each field of each object, and under "" of the object."""
    found: dict[tuple[str, int, str], Cause] = {}
    for one in done:
        by = one.change_set
        who = str(by.member) if by.member else ""
        cause = Cause(one.at, by.origin, who, by.reason, by.pk)
        for field in ("", *one.changes):
            found.setdefault((one.object_kind, one.object_id, field), cause)
    return found


def _values(account_id: int, first: Point, second: Point, causes: Causes) -> tuple[Difference, ...]:
    """The account's own fields and attributes that differ."""
    told = []
    for point in (first, second):
        account = customers.get_account(account_id)
        values_at([account], point.end)
        told.append(_told(account))
    labels = {one.name: one.label for one in customers.attributes()}
    old, new = told
    return tuple(
        Difference(
            name,
            labels.get(name.removeprefix("attributes."), spoken(name)),
            old.get(name),
            new.get(name),
            causes.get(("account", account_id, name)),
        )
        for name in sorted(old.keys() | new.keys(), key=lambda name: (name not in _OWN, name))
        if old.get(name) != new.get(name)
    )


def _told(account: Account) -> dict[str, Any]:
    owner = account.owner.email if account.owner else None
    own = {"name": account.name, "owner": owner, "state": account.state}
    held = {f"attributes.{name}": value for name, value in account.attributes.items()}
    return {**own, "identifier": account.identifier, **held}


def _figures(old: Figures | None, new: Figures | None) -> tuple[Difference, ...]:
    """The figures that differ; none where nothing is known of one of the days."""
    if old is None or new is None:
        return ()
    alone = is_mrr_alone(old) or is_mrr_alone(new)
    return tuple(
        Difference(one.figure, one.label, before, after, unit=one.unit)
        for one in offers.account_attributes()
        if one.figure in _KEPT and (not alone or one.figure in ("mrr", "arr"))
        for before, after in [(_figure(old, one), _figure(new, one))]
        if before != after
    )


def _figure(facts: Figures, attribute: Any) -> Any:
    if attribute.type is Type.MONEY:
        return tuple(money for money in facts.money(attribute.figure) if money)
    return getattr(facts, attribute.figure)
