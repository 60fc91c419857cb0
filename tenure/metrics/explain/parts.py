"""The shape of an explanation: parts that add up, and groups of what was left out with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tenure.core.errors import TenureError
from tenure.core.money import Money
from tenure.metrics.amounts import ZERO, Number, displayed, stored
from tenure.metrics.steps import Step

NOTHING = Decimal(0)


class UnknownFigure(TenureError):
    """A figure that has no parts to show."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one subscription, invoice or payment contributes; ``amount`` is None when it cannot be
    known. ``site_id`` and ``upstream_id`` name the record; rounding and others have none. ``notes``
    say what of the record itself was left out, such as a metered add-on."""

    kind: str
    label: str
    amount: Money | None
    site_id: int | None = None
    upstream_id: str = ""
    status: str = ""
    day: date | None = None
    days_past_due: int = 0
    steps: tuple[Step, ...] = ()
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Records that do not count, for one reason. ``parts`` are the first of them, ``count`` is all;
    ``amount`` is what they would have added, None where that means nothing."""

    reason: str
    count: int
    parts: tuple[Part, ...]
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """A figure of one account in one currency, everything that adds up to it, and what does not."""

    figure: str
    total: Money
    parts: tuple[Part, ...]
    excluded: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """An exact contribution to the sum of one currency, before it is rounded for showing."""

    currency: str
    amount: Number | None
    part: Part


@dataclass(frozen=True, slots=True)
class Left:
    """A record left out of the sum of one currency. ``count`` and ``amount`` are those of its whole
    group where the database has counted it; else each record counts for itself."""

    currency: str
    reason: str
    part: Part
    count: int | None = None
    amount: Number | None = None


@dataclass(slots=True)
class _Group:
    parts: list[Part] = field(default_factory=list)
    count: int | None = None
    amount: Number | None = None


def grouped(figure: str, found: Iterable[Found], left: Iterable[Left]) -> tuple[Parts, ...]:
    """One group a currency, in the order of the codes."""
    inside: dict[str, list[Found]] = {}
    for one in found:
        inside.setdefault(one.currency, []).append(one)
    outside: dict[str, dict[str, _Group]] = {}
    for other in left:
        group = outside.setdefault(other.currency, {}).setdefault(other.reason, _Group())
        group.parts.append(other.part)
        group.count, group.amount = other.count or group.count, other.amount
    return tuple(
        _currency(figure, code, inside.get(code, ()), outside.get(code, {}))
        for code in sorted(inside.keys() | outside.keys())
    )


def _currency(figure: str, code: str, found: Sequence[Found], left: dict[str, _Group]) -> Parts:
    """The total as the figure is kept and shown, and the rounded parts made to add up to it."""
    exact = sum((Fraction(one.amount) for one in found if one.amount is not None), ZERO)
    total = displayed(stored(exact), code)
    shown = [one.part for one in found]
    missed = total - sum((part.amount.amount for part in shown if part.amount), NOTHING)
    if missed:
        shown.append(Part("rounding", "Rounding", Money(missed, code)))
    excluded = tuple(
        LeftOut(
            reason,
            group.count or len(group.parts),
            tuple(group.parts),
            None if group.amount is None else Money(displayed(group.amount, code), code),
        )
        for reason, group in left.items()
    )
    return Parts(figure, Money(total, code), tuple(shown), excluded)
