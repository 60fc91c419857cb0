"""Converted totals from the rates a user supplied; a missing rate gives no total, never a guess."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tenure.metrics.amounts import ZERO, Number


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of ``source`` is ``rate`` of ``target``, from ``day`` until the next rate's day."""

    source: str
    target: str
    day: date
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Converted:
    """A total in one currency; None when a rate is missing, and which are."""

    amount: Fraction | None
    missing: tuple[str, ...]


def converted(
    sums: Mapping[str, Number],
    currency: str,
    rates: Iterable[Rate],
    day: date,
    *,
    derive: bool = False,
) -> Converted:
    """All amounts in one currency at the rates in force that day. With ``derive`` the inverse of a
    rate may stand in for a missing one."""
    known = list(rates)
    total, missing = ZERO, []
    for source in sorted(sums):
        rate = rate_on(known, source, currency, day, derive=derive)
        if rate is None:
            missing.append(source)
        else:
            total += Fraction(sums[source]) * rate
    return Converted(None if missing else total, tuple(missing))


def rate_on(
    rates: Iterable[Rate], source: str, target: str, day: date, *, derive: bool = False
) -> Fraction | None:
    """The latest rate with a date on or before the day; None when there is none."""
    if source == target:
        return Fraction(1)
    usable = [r for r in rates if r.day <= day]
    direct = [r for r in usable if (r.source, r.target) == (source, target)]
    if direct:
        return max(direct, key=lambda r: r.day).rate
    inverse = [r for r in usable if (r.target, r.source) == (source, target) and r.rate]
    if derive and inverse:
        return 1 / max(inverse, key=lambda r: r.day).rate
    return None
