"""What the stored figures stand on, settings and rates in force, and who is measured again when it
changes.

Whoever changes a setting or a rate only stores it. ``settle`` sees that the basis is another one,
as it also does at the midnight at which a rate comes into force, and marks the accounts concerned:
all for a setting or another workspace currency, those with money in the currency for a rate.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tenure.customers.touched import touch
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.models import Basis
from tenure.metrics.rates import in_force
from tenure.metrics.settings import current

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Concerned:
    """Which accounts a change of the basis concerns: those with money in ``currencies``, or all
    when it is None."""

    currencies: tuple[str, ...] | None


def settle(now: datetime) -> int:
    """Mark the accounts whose figures stand on what no longer holds, a chunk a transaction, so that
    a worker that stops goes on where it was; how many."""
    marked = 0
    while True:
        with transaction.atomic():
            found = _step(now)
        if found is None:
            return marked
        marked += found


def basis_at(now: datetime, settings: Settings) -> dict[str, Any]:
    """The basis as JSON: every setting that a stored figure depends on, and each rate into the
    workspace's currency."""
    day = local_day(now, settings.zone)
    rates = in_force(day, settings)
    codes = sorted({code for pair in rates for code in pair} - {settings.currency})
    quotes = {code: rates.on(code, settings.currency, day) for code in codes}
    return {
        "settings": {
            "currency": settings.currency,
            "zone": settings.zone.key,
            "days_per_month": str(settings.days_per_month),
            "mrr_discounts": settings.mrr_discounts,
            "drop_after_days": settings.drop_after_days,
            "churn_recognition": settings.churn_recognition,
            "pause_as_churn": settings.pause_as_churn,
            "min_coverage": str(settings.min_coverage),
        },
        "rates": {code: str(quote.rate) for code, quote in quotes.items() if quote},
    }


def concerned(held: Any, heading: Any) -> Concerned:
    """Whom it concerns that the basis goes from one to the other."""
    if not held or held["settings"] != heading["settings"]:
        return Concerned(None)
    codes = held["rates"].keys() | heading["rates"].keys()
    changed = (c for c in codes if held["rates"].get(c) != heading["rates"].get(c))
    return Concerned(tuple(sorted(changed)))


def count(held: Any, heading: Any) -> int:
    """How many measured accounts that is."""
    return _count(concerned(held, heading))


def _count(who: Concerned) -> int:
    with connection.cursor() as db:
        whom = f"SELECT count(*) FROM metrics_accountfacts f WHERE {_WHOM}"  # noqa: S608
        db.execute(whom, _values(who))
        return int(db.fetchone()[0])


def held() -> Any:
    """The basis the stored figures stand on; None before the first."""
    return Basis.objects.values_list("held", flat=True).first()


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change would do: how many accounts it would measure again, and the currencies that would
    lose their rate or gain one, with how many accounts have money in each."""

    accounts: int
    lost: Mapping[str, int]
    gained: Mapping[str, int]


class _Undone(Exception):
    """Raised to take a trial back."""


def impact(act: Callable[[], Any], now: datetime) -> Impact:
    """What would follow from an act, found by doing it and taking it back. Whatever the act raises
    is raised."""
    found: list[Impact] = []
    try:
        with transaction.atomic():
            before = basis_at(now, current())
            act()
            after = basis_at(now, current())
            gone, come = (set(one["rates"]) for one in (before, after))
            moved = before["settings"]["currency"] != after["settings"]["currency"]
            found.append(
                Impact(
                    count(before, after),
                    {} if moved else _with_money(gone - come),
                    {} if moved else _with_money(come - gone),
                )
            )
            raise _Undone
    except _Undone:
        return found[0]


def _with_money(currencies: Iterable[str]) -> dict[str, int]:
    """How many accounts have money in each currency; those that nobody has are left out."""
    counted = {code: _count(Concerned((code,))) for code in sorted(currencies)}
    return {code: number for code, number in counted.items() if number}


def _step(now: datetime) -> int | None:
    """Mark one chunk; None when there is nothing left to do."""
    wanted = basis_at(now, current())
    kept = _locked()
    if kept.heading is None and kept.held == wanted:
        return None
    if kept.heading != wanted:
        # A change in the middle of another: what was to be marked for that one still is.
        who = concerned(kept.held, wanted)
        if kept.heading is not None:
            who = _both(who, Concerned(_tuple(kept.currencies)))
        kept.heading, kept.currencies, kept.marked_to = wanted, _list(who), 0
    ids = _chunk(Concerned(_tuple(kept.currencies)), kept.marked_to)
    touch(set(ids), now)
    if len(ids) < CHUNK:
        kept.held, kept.heading, kept.currencies, kept.marked_to = wanted, None, None, 0
    else:
        kept.marked_to = ids[-1]
    kept.save()
    return len(ids)


def _locked() -> Basis:
    Basis.objects.get_or_create(pk=1)
    return Basis.objects.select_for_update().get(pk=1)


def _both(one: Concerned, other: Concerned) -> Concerned:
    if one.currencies is None or other.currencies is None:
        return Concerned(None)
    return Concerned(tuple(sorted({*one.currencies, *other.currencies})))


def _tuple(currencies: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if currencies is None else tuple(currencies)


def _list(who: Concerned) -> list[str] | None:
    return None if who.currencies is None else list(who.currencies)


# An account with one currency has it as its main one; only of the others is the JSON read.
_WHOM = """(%(currencies)s::text[] IS NULL OR f.main_currency = ANY(%(currencies)s)
    OR f.mixed_currencies AND (f.mrr || f.total_due || f.billed) ?| %(currencies)s::text[])"""


def _values(who: Concerned) -> dict[str, Any]:
    return {"currencies": _list(who)}


def _chunk(who: Concerned, after: int) -> list[int]:
    with connection.cursor() as db:
        db.execute(
            f"SELECT f.account_id FROM metrics_accountfacts f WHERE f.account_id > %(after)s"  # noqa: S608
            f" AND {_WHOM} ORDER BY f.account_id LIMIT %(limit)s",
            _values(who) | {"after": after, "limit": CHUNK},
        )
        return [row[0] for row in db.fetchall()]
