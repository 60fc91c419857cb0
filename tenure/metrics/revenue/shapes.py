"""Revenue as scripts see it."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from tenure.core.money import Money
from tenure.metrics.amounts import rounded
from tenure.metrics.movements import MOVING
from tenure.metrics.movers import AccountMove
from tenure.metrics.retained import Kept
from tenure.metrics.revenue.accounts import Holding
from tenure.metrics.revenue.receivables import Owed
from tenure.metrics.revenue.report import Month, Report, Standing
from tenure.metrics.series import Moves


def report(found: Report, by_currency: list[Standing], by_site: list[Standing]) -> dict[str, Any]:
    """The report with every month, and what there is now by currency and by site."""
    return {
        "currency": found.currency,
        "converted": found.asked.currency is None,
        "missing_rates": list(found.missing),
        "site": found.asked.site.subdomain if found.asked.site else None,
        "months": [_month(one) for one in found.months],
        "whole": moves(found.whole),
        "churn_rate": per_cent(found.churn_rate),
        "quick_ratio": ratio(found.quick_ratio),
        "retention": kept(found.kept, found) if found.kept else None,
        "by_currency": [_standing(one) for one in by_currency],
        "by_site": [_standing(one) for one in by_site],
        "rebuilt": found.rebuilt,
    }


def _month(one: Month) -> dict[str, Any]:
    return {
        "month": f"{one.first:%Y-%m}",
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "complete": one.is_over,
        **moves(one.moves),
        "churn_rate": per_cent(one.churn_rate),
        "quick_ratio": ratio(one.quick_ratio),
    }


def moves(one: Moves) -> dict[str, Any]:
    """How MRR went: start, each movement, what rates did, end. No amounts where a rate is missing."""
    money = {"start": one.start, "end": one.end, "fx": one.fx}
    return {
        **{name: _money(amount, one.currency) for name, amount in money.items()},
        "movements": {
            kind.value: {
                "amount": _money(one.sums.get(kind), one.currency),
                "times": one.times.get(kind, 0),
                "reasons": {
                    reason: _money(amount, one.currency)
                    for reason, amount in one.reasons.get(kind, {}).items()
                },
            }
            for kind in MOVING
        },
        "counted": "day by day" if one.gross else "by the ends",
        "rebuilt": one.rebuilt,
        "missing_rates": list(one.missing),
    }


def kept(one: Kept, found: Report) -> dict[str, Any]:
    """Retention over the window, in per cent."""
    return {
        "from": found.asked.year_ago.isoformat(),
        "to": found.asked.at.today.isoformat(),
        "accounts": one.accounts,
        "start": _money(one.start, one.currency),
        "nrr": per_cent(one.nrr),
        "grr": per_cent(one.grr),
        "logo_churn": per_cent(one.logo_churn),
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "currency": one.currency,
        "site": one.site or None,
        "mrr": one.mrr.as_json(),
        "paying_accounts": one.paying,
        "subscriptions": one.subscriptions,
        "arpa": one.arpa.as_json() if one.arpa is not None else None,
    }


def owed(one: Owed) -> dict[str, Any]:
    """What is owed in one currency, by age."""
    return {
        "currency": one.currency,
        "total_due": one.total.as_json(),
        "past_due": one.past_due.as_json(),
        "ageing": {
            age.bucket: {"amount": age.amount.as_json(), "invoices": age.invoices}
            for age in one.ages
        },
        "billed_90d": one.billed.as_json(),
        "dso": None if one.dso is None else str(rounded(one.dso, 1)),
    }


def account_move(one: AccountMove) -> dict[str, Any]:
    """An account behind a movement: from what to what, when last, and why."""
    return {
        "account": one.identifier,
        "name": one.name,
        "movement": one.movement.value,
        "amount": _money(one.amount, one.currency),
        "start": _money(one.start, one.currency),
        "end": _money(one.end, one.currency),
        "day": one.day.isoformat(),
        "times": one.times,
        "reasons": list(one.reasons),
        "rebuilt": one.rebuilt,
    }


def holding(one: Holding) -> dict[str, Any]:
    """An account with its MRR on a day."""
    return {
        "account": one.identifier,
        "name": one.name,
        "mrr": _money(one.amount, one.currency),
    }


def per_cent(share: Decimal | Fraction | None) -> str | None:
    """A share as per cent with two decimals; None stays None."""
    return None if share is None else str(rounded(Fraction(share) * 100, 2))


def ratio(value: Fraction | None) -> str | None:
    """A ratio with two decimals; None stays None."""
    return None if value is None else str(rounded(value, 2))


def _money(amount: Decimal | None, currency: str) -> dict[str, str] | None:
    return None if amount is None else Money(amount, currency).as_json()
