"""Filters of a list: what an address, a command or a request may ask for, and the condition it makes.

One table of filters a list serves the page, the API and the command, so they cannot disagree. A
condition is SQL with named values; ``{t}`` in it is the table of the part of the list being read, and
``{key}`` its id.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from tenure.core.errors import TenureError
from tenure.metrics.as_of import Moment
from tenure.metrics.days import local_day, midnight

LONGEST = 200
MOST_CHOICES = 50
LARGEST = Decimal(10) ** 15


class UnusableFilter(TenureError):
    """A filter with a value it cannot have; ``field`` names it."""

    def __init__(self, name: str, message: str, *, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.field = name


@dataclass(frozen=True, slots=True)
class At:
    """When and where a list is read: relative days count from here, in the workspace's calendar.
    ``then`` is the end of a past day: the list is then what was known right before it."""

    now: datetime
    zone: ZoneInfo
    then: datetime | None = None

    @property
    def today(self) -> date:
        """The workspace's calendar day."""
        return local_day(self.now, self.zone)

    @property
    def values(self) -> dict[str, Any]:
        """The values every condition may name."""
        return {
            "now": self.now,
            "zone": self.zone.key,
            "today": self.today,
            "then": self.then,
        }


def at_the_end_of(moment: Moment | None, now: datetime, zone: ZoneInfo) -> At:
    """The end of a past day, or the present."""
    return At(moment.last, zone, moment.instant) if moment else At(now, zone)


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition with its values. ``first`` must hold besides, which others may ask too: it is said
    once, as the planner takes what is said twice for rarer than it is.

    ``cases`` are conditions that exclude each other and together are this one. ``account`` is what it
    asks of a row's account ``a`` where very many accounts meet it, so many by the planner's guess as are
    ``foreseen``, and ``leading`` the part of that which an index leads by; rows with the ids
    ``%(named)s`` meet it besides.
    """

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)
    first: str = ""
    cases: Sequence[str] = ()
    account: str = ""
    leading: str = ""
    foreseen: float = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter. ``kind`` says how it is asked for: choice, text, day, days, amount, whole, words.

    ``measured`` says that it needs a measured figure, which a record of nobody known has not;
    ``kept`` that it can be asked of a past day.
    """

    name: str
    label: str
    kind: str
    make: Callable[[str, At], Clause]
    choices: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    measured: bool = False
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters that were asked for, as one condition. ``given`` is what the address says."""

    given: Mapping[str, str]
    at: At
    clauses: Sequence[Clause]
    measured: bool = False

    def condition(self, table: str, key: str, *, but: Clause | None = None) -> str:
        """The whole condition for rows of this table, whose id is ``key``; ``but`` one part of it."""
        asked = [one for one in self.clauses if one is not but]
        every = dict.fromkeys(
            [*(one.first for one in asked if one.first), *(one.sql for one in asked)]
        )
        return " AND ".join(f"({one.format(t=table, key=key)})" for one in every) or "TRUE"

    def cases(self, table: str, key: str) -> list[str]:
        """The whole condition in several that exclude each other; none where it is only one."""
        for one in self.clauses:
            if len(one.cases) > 1:
                rest = self.condition(table, key, but=one)
                return [f"({case.format(t=table, key=key)}) AND {rest}" for case in one.cases]
        return []

    @property
    def words(self) -> Clause | None:
        """The part that is asked of very many accounts."""
        return next((one for one in self.clauses if one.account), None)

    @property
    def values(self) -> dict[str, Any]:
        """Every value the condition names."""
        found = self.at.values
        for one in self.clauses:
            found |= one.values
        return found

    @property
    def is_empty(self) -> bool:
        """Nothing was asked for: the whole list."""
        return not self.clauses


def wanted(filters: Iterable[Filter], given: Mapping[str, Any], at: At) -> Wanted:
    """What these values of the filters ask for; names that are no filter are passed over.

    Raises UnusableFilter for a value that cannot be taken.
    """
    kept: dict[str, str] = {}
    clauses: list[Clause] = []
    measured = False
    for one in filters:
        text = str(given.get(one.name) or "").strip().replace("\x00", "")[:LONGEST]
        if text and at.then and not one.kept:
            raise UnusableFilter(
                one.name,
                f"“{one.label}” is known of the present alone; it is not kept for past days.",
                next_step="Leave this filter out, or look at the list as it is now.",
            )
        if text:
            kept[one.name] = text
            clauses.append(one.make(text, at))
            measured = measured or one.measured
    return Wanted(kept, at, clauses, measured)


def choice(
    name: str,
    label: str,
    options: Mapping[str, tuple[str, str]],
    told: str = "",
    *,
    cases: Mapping[str, Sequence[str]] | None = None,
    **more: Any,
) -> Filter:
    """One or several of some words, with commas between them; each has a label and a condition.
    ``cases`` are the states of those words that are nothing but some states."""

    def make(text: str, _at: At) -> Clause:
        words = listed(name, text)
        for word in words:
            if word not in options:
                raise UnusableFilter(
                    name,
                    f"“{word}” is no {label.lower()}.",
                    next_step=f"Use one of {', '.join(options)}.",
                )
        apart = [(cases or {}).get(word, ()) for word in words]
        every = dict.fromkeys(case for some in apart for case in some) if all(apart) else ()
        some = [options[word][1] for word in words]
        sql = some[0] if len(some) == 1 else " OR ".join(f"({one})" for one in some)
        return Clause(sql, cases=tuple(every))

    labels = {word: label for word, (label, _) in options.items()}
    return Filter(name, label, "choice", make, labels, told, **more)


def text(
    name: str, label: str, column: str, told: str = "", *, cased: bool = False, **more: Any
) -> Filter:
    """A column that is one of some texts, which are ``cased`` where each has an index."""

    def make(given: str, _at: At) -> Clause:
        words = list(dict.fromkeys(listed(name, given)))
        each = {f"{name}{place}": word for place, word in enumerate(words)} if cased else {}
        cases = [f"{column} = %({one})s" for one in each]
        return Clause(f"{column} = ANY(%({name})s)", {name: words} | each, cases=cases)

    return Filter(name, label, "text", make, told=told, **more)


def day(name: str, label: str, column: str, sign: str, *, instant: bool, **more: Any) -> Filter:
    """A calendar day that a date, or an instant, is from (``>=``) or up to and with (``<=``)."""

    def make(given: str, at: At) -> Clause:
        bound = a_day(name, given)
        if not instant:
            return Clause(f"{column} {sign} %({name})s", {name: bound})
        if sign == "<=":  # the whole of that day: before the next one begins
            return Clause(f"{column} < %({name})s", {name: _begins(name, bound, 1, at)})
        return Clause(f"{column} >= %({name})s", {name: _begins(name, bound, 0, at)})

    return Filter(name, label, "day", make, told="A day, such as 2026-03-31.", **more)


def within(name: str, label: str, column: str, *, instant: bool, **more: Any) -> Filter:
    """A date from today on, at most so many days away: a window that moves along with the days."""

    def make(given: str, at: At) -> Clause:
        days = a_whole(name, given, most=3660)
        if not instant:
            last = at.today + timedelta(days=days)
            return Clause(f"{column} BETWEEN %(today)s AND %({name})s", {name: last})
        ends = _begins(name, at.today, days + 1, at)
        return Clause(f"{column} >= %(now)s AND {column} < %({name})s", {name: ends})

    return Filter(name, label, "days", make, told="A number of days from today.", **more)


def amount(name: str, label: str, column: str, sign: str, **more: Any) -> Filter:
    """An amount at least (``>=``) or at most (``<=``): a bare number, in whatever currency a row has."""

    def make(given: str, _at: At) -> Clause:
        return Clause(f"{column} {sign} %({name})s", {name: an_amount(name, given)})

    return Filter(name, label, "amount", make, told="A number, such as 1500 or 99.95.", **more)


def whole(name: str, label: str, condition: str, *, first: str = "", **more: Any) -> Filter:
    """A whole number in a condition of one's own, as ``%(NAME)s``."""

    def make(given: str, _at: At) -> Clause:
        return Clause(condition, {name: a_whole(name, given)}, first)

    return Filter(name, label, "whole", make, told="A whole number.", **more)


def listed(name: str, given: str) -> list[str]:
    """The words of a text with commas between them. Raises UnusableFilter for far too many."""
    words = [word for word in (part.strip() for part in given.split(",")) if word]
    if not words or len(words) > MOST_CHOICES:
        raise UnusableFilter(
            name,
            f"Between 1 and {MOST_CHOICES} values can be asked for at once.",
            next_step="Leave some out.",
        )
    return words


def a_day(name: str, given: str) -> date:
    """The calendar day of a text. Raises UnusableFilter."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise UnusableFilter(
            name, f"“{given}” is no day.", next_step="Write it as 2026-03-31."
        ) from None


def a_whole(name: str, given: str, *, most: int = 2**31 - 1) -> int:
    """The whole number of a text, zero or more. Raises UnusableFilter."""
    if given.isascii() and given.isdigit() and len(given) <= 10 and int(given) <= most:
        return int(given)
    raise UnusableFilter(
        name, f"“{given}” is no whole number up to {most}.", next_step="Write digits alone."
    )


def an_amount(name: str, given: str) -> Decimal:
    """The amount of a text. Raises UnusableFilter."""
    try:
        found = Decimal(given)
    except InvalidOperation:
        found = Decimal("NaN")
    if found.is_finite() and abs(found) <= LARGEST:
        return found
    raise UnusableFilter(
        name,
        f"“{given}” is no amount.",
        next_step="Write a number with a point, such as 99.95, without thousands separated.",
    )


def _begins(name: str, day_: date, later: int, at: At) -> datetime:
    try:
        return midnight(day_ + timedelta(days=later), at.zone)
    except OverflowError:
        raise UnusableFilter(
            name, f"{day_} is outside the calendar.", next_step="Choose a day nearer to today."
        ) from None
