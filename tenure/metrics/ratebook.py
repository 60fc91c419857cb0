"""Entering and deleting rates. Nothing is rewritten: a replaced or deleted rate ends, and says by whom.

Only the rates are stored here. That figures stand on others now is seen by ``basis.settle``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from django.db import connection, transaction
from django.db.models import QuerySet

from tenure.core.errors import ConfigurationError
from tenure.customers.write import By, ValueRefused
from tenure.metrics.fx import Rate, Rates
from tenure.metrics.models import FxRate

PLACES = 12
LARGEST = Decimal(10) ** 12
FIRST, LAST = date(1970, 1, 1), date(2200, 1, 1)
ODD = 3  # times the rate before it, or a third: more often a slip than a market


@dataclass(frozen=True, slots=True)
class Entry:
    """A rate somebody wants: one ``source`` is ``rate`` of ``target``, from ``day`` on."""

    source: str
    target: str
    day: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of entering rates. ``odd`` are sentences about rates that look like a slip."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    odd: Sequence[str] = field(default_factory=tuple)

    @property
    def sentence(self) -> str:
        """The counts in words."""
        parts = (
            (self.added, "added"),
            (self.replaced, "replaced"),
            (self.unchanged, "unchanged"),
        )
        said = [f"{count} {word}" for count, word in parts if count]
        return ", ".join(said) if said else "nothing to enter"


def entry(source: str, target: str, day: str, rate: str) -> Entry:
    """A rate from its texts. Raises ValueRefused that names the field at fault."""
    codes = _currency("from", source), _currency("to", target)
    if codes[0] == codes[1]:
        raise ValueRefused("to", f"{codes[0]} is itself.", "Give two different currencies.")
    return Entry(*codes, _day(day), _rate(rate))


def _currency(name: str, text: str) -> str:
    code = text.strip().upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise ValueRefused(name, f"“{text.strip()}” is no currency.", "Give three letters: EUR.")
    return code


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = FIRST
    if not FIRST < day < LAST:
        raise ValueRefused("date", f"“{text.strip()}” is no date.", "Write it as 2026-06-30.")
    return day


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text.strip())
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite():
        raise ValueRefused(
            "rate", f"“{text.strip()}” is no number.", "Write it with a point: 1.0842."
        )
    if not 0 < rate < LARGEST:
        raise ValueRefused("rate", f"{text.strip()} cannot be a rate.", "Give a number above zero.")
    if rate != round(rate, PLACES):
        raise ValueRefused("rate", f"{text.strip()} is too exact.", f"Keep {PLACES} decimals.")
    return rate


def enter(entries: Iterable[Entry], by: By, now: datetime) -> Saved:
    """Store these rates, all or none. One for a pair and day that has a rate replaces it; of two in
    one go the later given stands."""
    wanted = {(one.source, one.target, one.day): one for one in entries}
    with transaction.atomic():
        _alone()
        known = _held(wanted)
        changed = [o for key, o in wanted.items() if key not in known or known[key].rate != o.rate]
        replaced = [row.pk for key, row in known.items() if row.rate != wanted[key].rate]
        odd = _odd(changed)
        _end(replaced, by, now)
        FxRate.objects.bulk_create(
            FxRate(
                source=one.source,
                target=one.target,
                day=one.day,
                rate=one.rate,
                set_by=by.member,
                author=by.name,
                set_at=now,
            )
            for one in changed
        )
    return Saved(len(changed) - len(replaced), len(replaced), len(wanted) - len(changed), odd)


Key = tuple[str, str, date]


def _alone() -> None:
    """Two people who enter rates wait for each other."""
    with connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(hashtext('tenure.metrics.rates'))")


def _held(wanted: Mapping[Key, Entry]) -> dict[Key, FxRate]:
    """The rates that stand for these pairs and days."""
    rows = live().filter(day__in={key[2] for key in wanted})
    found = {(row.source, row.target, row.day): row for row in rows}
    return {key: row for key, row in found.items() if key in wanted}


def _end(pks: Sequence[int], by: By, now: datetime) -> None:
    FxRate.objects.filter(pk__in=pks).update(ended_at=now, ended_by=by.member)


def _odd(changed: Sequence[Entry]) -> tuple[str, ...]:
    """Sentences about rates that are far from the one before them."""
    codes = {one.source for one in changed}
    known = live().filter(source__in=codes).values_list("source", "target", "day", "rate")
    before = Rates(Rate(source, target, day, Fraction(rate)) for source, target, day, rate in known)
    found = []
    for one in changed:
        last = before.on(one.source, one.target, one.day - timedelta(days=1))
        if last and not last.rate / ODD < one.rate < last.rate * ODD:
            found.append(
                f"1 {one.source} = {one.rate:f} {one.target} is far from the rate of {last.day}:"
                " look whether the two currencies are the right way round."
            )
    return tuple(found)


def live() -> "QuerySet[FxRate]":
    """The rates that stand, the replaced and deleted left out."""
    return FxRate.objects.filter(ended_at=None)


def listing() -> "QuerySet[FxRate]":
    """The rates that stand, pair by pair, the newest day first."""
    return live().select_related("set_by").order_by("source", "target", "-day")


def rate_of(source: str, target: str, day: date) -> FxRate:
    """The rate entered for exactly this pair and day. Raises ConfigurationError."""
    found = listing().filter(source=source, target=target, day=day).first()
    if found is None:
        raise ConfigurationError(
            f"There is no rate from {source} to {target} of {day}.",
            next_step="List them with tenure rates list.",
        )
    return found


def remove(pks: Sequence[int], by: By, now: datetime) -> int:
    """Delete these rates; how many there were."""
    with transaction.atomic():
        _alone()
        found = list(live().filter(pk__in=pks).values_list("pk", flat=True))
        _end(found, by, now)
    return len(found)
