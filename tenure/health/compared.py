"""What the comparison of an account on two days says, also as scripts see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tenure.core.clock import stamp
from tenure.core.money import Money
from tenure.customers.models import Account
from tenure.customers.shapes import plain
from tenure.health import shapes
from tenure.health.changes import Split
from tenure.health.models import Verdict
from tenure.metrics.as_of import Moment
from tenure.metrics.lists.filters import At


@dataclass(frozen=True, slots=True)
class Point:
    """One of the two days; ``moment`` is None for now. ``kind`` says how its figures are known."""

    day: date
    at: At
    end: datetime
    moment: Moment | None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """The last change in between that set a value: when, by what kind of source, by whom, and why."""

    at: datetime
    source: str
    actor: str
    reason: str
    change_set: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs; amounts are money, one a currency. ``unit`` is that of a number, as
    ``share``."""

    name: str
    label: str
    old: Any
    new: Any
    cause: Cause | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A subscription or an invoice that came, went or changed; ``fate`` is the word for it."""

    pk: int
    name: str
    site: str
    upstream_id: str
    fate: str
    since: datetime | None
    differences: tuple[Difference, ...]
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs. ``more`` says that not all records were looked at."""

    account: Account
    first: Point
    second: Point
    values: tuple[Difference, ...]
    figures: tuple[Difference, ...]
    subscriptions: tuple[Record, ...]
    invoices: tuple[Record, ...]
    more: bool
    scores: tuple[Verdict | None, Verdict | None]
    change: Split | None

    @property
    def nothing(self) -> bool:
        """Whether the account reads the same on both days."""
        same = self.change is None or not self.change.lines
        return same and not (self.values or self.figures or self.subscriptions or self.invoices)


Causes = Mapping[tuple[str, int, str], Cause]


def as_json(found: Comparison) -> dict[str, Any]:
    """The comparison as scripts see it."""
    return {
        "account": found.account.identifier,
        "from": _point(found.first),
        "to": _point(found.second),
        "values": [_difference(one) for one in found.values],
        "figures": [_difference(one) for one in found.figures],
        "subscriptions": [_record(one) for one in found.subscriptions],
        "invoices": [_record(one) for one in found.invoices],
        "more": found.more,
        "health": {
            "from": _score(found.scores[0]),
            "to": _score(found.scores[1]),
            "change": shapes.split(found.change) if found.change else None,
        },
    }


def _point(one: Point) -> dict[str, Any]:
    return {"day": one.day.isoformat(), "now": one.moment is None, "known": one.kind}


def _score(one: Verdict | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"score": None if one.score is None else str(one.score), "band": one.band}


def _record(one: Record) -> dict[str, Any]:
    return {
        "name": one.name,
        "site": one.site,
        "id": one.upstream_id,
        "fate": one.fate,
        "since": stamp(one.since) if one.since else None,
        "differences": [_difference(each) for each in one.differences],
        "cause": _cause(one.cause),
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "old": _value(one.old),
        "new": _value(one.new),
        "cause": _cause(one.cause),
    }


def _cause(one: Cause | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "at": stamp(one.at),
        "source": one.source,
        "actor": one.actor or None,
        "reason": one.reason or None,
        "change_set": one.change_set,
    }


def _value(value: Any) -> Any:
    if isinstance(value, Money):
        return value.as_json()
    if isinstance(value, tuple | list):
        return [_value(one) for one in value]
    return plain(value)


def spoken(name: str) -> str:
    """A field's name for people."""
    return name.removeprefix("attributes.").replace("_", " ").strip().capitalize()
