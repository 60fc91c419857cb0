"""Converted totals from the rates a user supplied; a missing rate gives no total, never a guess.

A rate is in force from its day until the next rate of the same pair. The rate used is the latest
with a day on or before the day in question. Only when asked to derive, and only where there is no
rate from A to B: the inverse of B to A; where that is missing too, one step through a third
currency, of which the way with the fewest inverses is taken, then the one whose older rate is the
newest, then the first by code. What was derived says so.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tenure.metrics.amounts import ZERO, Number

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of ``source`` is ``rate`` of ``target``, from ``day`` until the next rate's day."""

    source: str
    target: str
    day: date
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Quote:
    """A rate for use, and how it is known: ``derived`` is empty for one that was entered, else
    ``inverse`` or ``cross`` (through ``via``). ``day`` is that of the older rate it stands on; None
    for a currency and itself."""

    rate: Fraction
    day: date | None
    derived: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class Converted:
    """A total in one currency; None when a rate is missing, and which are."""

    amount: Fraction | None
    missing: tuple[str, ...]


class Rates:
    """Rates of many pairs and days, for looking up. Of two for one pair and day the later given
    stands."""

    def __init__(self, rates: Iterable[Rate] = (), *, derive: bool = False) -> None:
        self.derive = derive
        self._by_pair: dict[tuple[str, str], _Line] = {}
        for one in sorted(rates, key=lambda r: r.day):
            self._by_pair.setdefault((one.source, one.target), _Line()).add(one)
        self._known: dict[tuple[str, str, date], Quote | None] = {}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """The pairs there are rates for."""
        return iter(self._by_pair)

    def on(self, source: str, target: str, day: date) -> Quote | None:
        """The rate in force between two currencies on a day; None when there is none."""
        if source == target:
            return Quote(ONE, None)
        key = source, target, day
        if key not in self._known:
            self._known[key] = self._found(source, target, day)
        return self._known[key]

    def converted(self, sums: Mapping[str, Number], target: str, day: date) -> Converted:
        """All amounts in one currency at the rates in force that day. Nothing needs no rate: a zero
        is zero in every currency."""
        held = [code for code, amount in sums.items() if amount]
        if held == [target]:  # nearly every account: there is nothing to convert
            return Converted(Fraction(sums[target]), ())
        total, missing = ZERO, []
        for source in sorted(held):
            quote = self.on(source, target, day)
            if quote is None:
                missing.append(source)
            else:
                total += Fraction(sums[source]) * quote.rate
        return Converted(None if missing else total, tuple(missing))

    def _found(self, source: str, target: str, day: date) -> Quote | None:
        direct = self._entered(source, target, day)
        if direct or not self.derive:
            return direct
        return self._inverse(source, target, day) or self._cross(source, target, day)

    def _entered(self, source: str, target: str, day: date) -> Quote | None:
        line = self._by_pair.get((source, target))
        found = line.on(day) if line else None
        return Quote(found.rate, found.day) if found else None

    def _inverse(self, source: str, target: str, day: date) -> Quote | None:
        found = self._entered(target, source, day)
        return Quote(1 / found.rate, found.day, "inverse") if found and found.rate else None

    def _leg(self, source: str, target: str, day: date) -> Quote | None:
        return self._entered(source, target, day) or self._inverse(source, target, day)

    def _cross(self, source: str, target: str, day: date) -> Quote | None:
        ways = []
        for via in sorted({code for pair in self._by_pair for code in pair} - {source, target}):
            first, second = self._leg(source, via, day), self._leg(via, target, day)
            if first and second and first.day and second.day:
                older = min(first.day, second.day)
                inverses = bool(first.derived) + bool(second.derived)
                rank = inverses, -older.toordinal(), via
                ways.append((rank, Quote(first.rate * second.rate, older, "cross", via)))
        return min(ways, key=lambda way: way[0])[1] if ways else None


@dataclass(slots=True)
class _Line:
    """The rates of one pair in the order of their days."""

    days: list[date] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)

    def add(self, one: Rate) -> None:
        if self.days and self.days[-1] == one.day:
            self.rates[-1] = one
        else:
            self.days.append(one.day)
            self.rates.append(one)

    def on(self, day: date) -> Rate | None:
        place = bisect_right(self.days, day)
        return self.rates[place - 1] if place else None
