"""Revenue by month with its movements, what was retained over twelve months, and what it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db import connection

from tenure.core.money import Money
from tenure.metrics import series
from tenure.metrics.lists.filters import At
from tenure.metrics.lists.subscriptions import facts_of
from tenure.metrics.movements import MOVING, Movement
from tenure.metrics.retained import Kept, retention_between
from tenure.metrics.retention import churn_rate, quick_ratio
from tenure.metrics.revenue.asked import Asked
from tenure.metrics.series import Moves

NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Month:
    """A month's movements; ``last`` is its last day, or today while it goes on."""

    first: date
    last: date
    moves: Moves
    is_over: bool

    @property
    def churn_rate(self) -> Fraction | None:
        """The share of the MRR at its start that was lost."""
        return _rate(self.moves)

    @property
    def quick_ratio(self) -> Fraction | None:
        """What was won for each unit lost."""
        return _quick(self.moves)


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is now in one currency, at one site or all: MRR, who pays, what a paying account is
    worth on average."""

    currency: str
    site: str
    mrr: Money
    paying: int
    subscriptions: int

    @property
    def arpa(self) -> Money | None:
        """Average revenue of a paying account; None without one."""
        return Money(self.mrr.amount / self.paying, self.currency) if self.paying else None


@dataclass(frozen=True, slots=True)
class Report:
    """Revenue in one currency, or the converted total. ``missing`` are the currencies without a rate:
    then there is no total, and ``asked`` has fallen back to one currency unless the total was chosen."""

    asked: Asked
    currency: str
    months: Sequence[Month]
    whole: Moves
    kept: Kept | None
    missing: tuple[str, ...]

    @property
    def quick_ratio(self) -> Fraction | None:
        """What was won for each unit lost, in all of the months."""
        return _quick(self.whole)

    @property
    def churn_rate(self) -> Fraction | None:
        """The share of the MRR at the start that was lost in the months."""
        return _rate(self.whole)

    @property
    def rebuilt(self) -> bool:
        """Whether some of it is from before the first sync, made out from invoices."""
        return any(month.moves.rebuilt for month in self.months)


def report(asked: Asked) -> Report:
    """The report asked for; of a past day as it was known then."""
    with asked.known():
        return _report(asked)


def _report(asked: Asked) -> Report:
    months = _months(asked)
    missing = months[-1].moves.missing
    if missing and not asked.chosen:
        fallback = _largest(asked)
        if fallback:
            return replace(_report(replace(asked, currency=fallback, chosen=True)), missing=missing)
    whole = _whole([month.moves for month in months])
    kept = retention_between(asked.year_ago, asked.at.today, **asked.scope)
    mine = next((one for one in kept if one.currency == whole.currency), None)
    return Report(asked, whole.currency, months, whole, mine, missing)


def standings(at: At) -> tuple[list[Standing], list[Standing]]:
    """What there is, or was known to be at the end of a past day, by currency, and by site and
    currency; subscriptions of accounts alone."""
    with connection.cursor() as db:
        db.execute(_STANDINGS.format(facts=facts_of(at)), at.values)
        rows = db.fetchall()
    found = [
        Standing(code, site or "", Money(mrr, code), paying, count)
        for site, code, mrr, paying, count in rows
    ]
    return [one for one in found if not one.site], [one for one in found if one.site]


_STANDINGS = """
    SELECT s.subdomain, f.currency, coalesce(sum(f.mrr), 0),
           count(DISTINCT f.account_id) FILTER (WHERE f.mrr > 0),
           count(*) FILTER (WHERE f.status IN ('active', 'cancelling'))
    FROM {facts} JOIN connections_site s ON s.id = f.site_id
    GROUP BY GROUPING SETS ((f.currency), (s.subdomain, f.currency))
    ORDER BY s.subdomain NULLS FIRST, f.currency
"""


def currencies() -> list[str]:
    """Every currency there ever was revenue in."""
    with connection.cursor() as db:
        db.execute(_CURRENCIES)
        return [row[0] for row in db.fetchall()]


_CURRENCIES = """
    SELECT currency FROM metrics_mrrstep GROUP BY 1
    UNION SELECT currency FROM metrics_subscriptionfacts GROUP BY 1 ORDER BY 1
"""


def _months(asked: Asked) -> list[Month]:
    today = asked.at.today
    found = series.months(asked.first_month, today, until=today, **asked.scope)
    ends = [month.first for month in found[1:]]
    lasts = [date.fromordinal(first.toordinal() - 1) for first in ends] + [today]
    return [
        Month(
            one.first, last, _mine(one.moves, asked), last < today or one.first.month != today.month
        )
        for one, last in zip(found, lasts, strict=True)
    ]


def _mine(moves: Sequence[Moves], asked: Asked) -> Moves:
    """The moves of the currency asked for; nothing moved in a currency that never was there."""
    wanted = asked.currency or asked.settings.currency
    none = dict.fromkeys(MOVING, NONE)
    nothing = Moves(wanted, NONE, NONE, NONE, none, dict.fromkeys(MOVING, 0))
    return next((one for one in moves if one.currency == wanted), nothing)


def _whole(moves: Sequence[Moves]) -> Moves:
    """All months as one: gross movements simply add up."""
    if moves[-1].missing:
        return moves[-1]
    reasons: dict[Movement, dict[str, Decimal]] = {}
    for one in moves:
        for movement, amounts in one.reasons.items():
            held = reasons.setdefault(movement, {})
            for reason, amount in amounts.items():
                held[reason] = held.get(reason, NONE) + amount
    return Moves(
        moves[0].currency,
        moves[0].start,
        moves[-1].end,
        sum((one.fx or NONE for one in moves), NONE),
        {kind: sum((one.sums[kind] for one in moves), NONE) for kind in MOVING},
        {kind: sum(one.times[kind] for one in moves) for kind in MOVING},
        reasons,
        rebuilt=any(one.rebuilt for one in moves),
    )


def _largest(asked: Asked) -> str | None:
    """The currency most accounts pay in."""
    found, by_site = standings(asked.at)
    if asked.site:
        found = [one for one in by_site if one.site == asked.site.subdomain]
    return max(found, key=lambda one: (one.paying, one.currency)).currency if found else None


def _rate(moves: Moves) -> Fraction | None:
    if moves.start is None:
        return None
    lost = moves.sums[Movement.CONTRACTION], moves.sums[Movement.CHURN]
    return churn_rate(Fraction(moves.start), Fraction(lost[0]), Fraction(lost[1]))


def _quick(moves: Moves) -> Fraction | None:
    if moves.start is None:
        return None
    won = (Fraction(moves.sums[kind]) for kind in MOVING)
    return quick_ratio(*won)
