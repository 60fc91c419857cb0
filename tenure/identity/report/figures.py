"""The figures of one candidate: what the report says of a field that might name accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenure.identity.report.shapes import LOOKED_AT, WORDS, Look

ACCOUNT, SUBSCRIPTION, CONTACT = "account", "subscription", "contact"


def share(part: int, whole: int) -> float:
    """A part of a whole, 0 of nothing."""
    return part / whole if whole else 0.0


def percent(part: int, whole: int) -> float:
    """A percentage cut to a tenth: never 100 while something is missing, never 0 while something is there."""
    if not whole or not part:
        return 0.0
    return max(part * 1000 // whole / 10, 0.1)


NO_LOOK = Look("", 0, 0)


@dataclass(frozen=True, slots=True)
class Group:
    """Forms that belong together: ``key`` is what they have in common, ``forms`` who says it how often."""

    key: str
    forms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Near:
    """Forms that differ only by one thing: how many groups, forms and records, and some of the groups."""

    groups: int = 0
    values: int = 0
    records: int = 0
    examples: Sequence[Group] = ()


@dataclass(frozen=True, slots=True)
class Collision:
    """A value that several billing accounts of one site say."""

    value: str
    site: str
    billing_accounts: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted, over the records that are there now (those removed upstream do not count).

    ``records`` are of the field's object (billing accounts, subscriptions, or persons); ``filled`` of
    them give an identifier; ``claims`` are different pairs of billing account and value. ``in_site``
    counts values once for each site, ``distinct`` once for all. ``covered`` of ``billing_accounts``
    have at least one value; ``several`` have more than one (of an account that is there already, when
    the field is the billing account's own). ``agreeing`` of ``compared`` shared values have the same
    company or e-mail on every site.
    """

    records: int = 0
    filled: int = 0
    too_long: int = 0
    distinct: int = 0
    in_site: int = 0
    claims: int = 0
    collision_groups: int = 0
    collision_records: int = 0
    shared: int = 0
    shared_records: int = 0
    several: int = 0
    covered: int = 0
    billing_accounts: int = 0
    compared: int = 0
    agreeing: int = 0
    near: Mapping[str, Near] = field(default_factory=dict)
    same: Mapping[str, Near] = field(default_factory=dict)
    collisions: Sequence[Collision] = ()
    samples: Sequence[str] = ()
    look: Look = NO_LOOK

    @property
    def looked_at(self) -> int:
        """How many different values its looks are told from; the only figure that is not of all."""
        return min(self.distinct, LOOKED_AT)

    @property
    def is_sampled(self) -> bool:
        """Whether there are more values than were looked at."""
        return self.distinct > LOOKED_AT


@dataclass(frozen=True, slots=True)
class Candidate:
    """A field, its figures, and what speaks for and against it, in sentences."""

    field: str
    label: str
    figures: Figures
    speaks_for: Sequence[str] = ()
    speaks_against: Sequence[str] = ()
    recommended: bool = False

    @property
    def object_kind(self) -> str:
        """The object that carries the field."""
        return self.field.partition(".")[0]

    @property
    def filled_percent(self) -> float:
        return percent(self.figures.filled, self.figures.records)

    @property
    def covered_percent(self) -> float:
        """How many of all billing accounts it names."""
        return percent(self.figures.covered, self.figures.billing_accounts)

    @property
    def distinct_percent(self) -> float:
        """How far it tells the billing accounts of one site apart: values by claims."""
        return percent(self.figures.in_site, self.figures.claims)

    @property
    def left_out(self) -> int:
        """Billing accounts that nobody could name by it."""
        return self.figures.billing_accounts - self.figures.covered

    def as_json(self) -> dict[str, Any]:
        """The candidate as scripts and the API see it."""
        counted = self.figures
        return {
            "field": self.field,
            "object": self.object_kind,
            "label": self.label,
            "recommended": self.recommended,
            "records": counted.records,
            "filled": {"count": counted.filled, "percent": self.filled_percent},
            "too_long": counted.too_long,
            "distinct": {
                "values": counted.distinct,
                "percent": percent(counted.distinct, counted.filled),
                "within_site_percent": self.distinct_percent,
            },
            "collisions": {
                "groups": counted.collision_groups,
                "billing_accounts": counted.collision_records,
                "examples": [
                    {"value": c.value, "site": c.site, "billing_accounts": c.billing_accounts}
                    for c in counted.collisions
                ],
            },
            "near_collisions": {kind: _near_json(near) for kind, near in counted.near.items()},
            "same_written_differently": {k: _near_json(near) for k, near in counted.same.items()},
            "several_values": counted.several,
            "shared_across_sites": {
                "values": counted.shared,
                "records": counted.shared_records,
                "compared": counted.compared,
                "agreeing": counted.agreeing,
            },
            "looks_like": {
                "shape": counted.look.shape or "empty",
                "words": WORDS[counted.look.shape],
                "share": round(counted.look.share, 3),
                "values_looked_at": counted.looked_at,
            },
            "samples": list(counted.samples),
            "left_out": {
                "billing_accounts": self.left_out,
                "records": counted.records - counted.filled,
            },
            "covered": {"billing_accounts": counted.covered, "percent": self.covered_percent},
            "for": list(self.speaks_for),
            "against": list(self.speaks_against),
        }


def _near_json(near: Near) -> dict[str, Any]:
    return {
        "groups": near.groups,
        "values": near.values,
        "records": near.records,
        "examples": [{"key": group.key, "forms": dict(group.forms)} for group in near.examples],
    }
