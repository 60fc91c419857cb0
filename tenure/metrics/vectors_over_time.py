"""Worked examples of what spans two days or more: movements, retention and past MRR."""

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import msgspec

from tenure.metrics.amounts import rounded
from tenure.metrics.inputs import Settings
from tenure.metrics.movements import MOVING, Position, movements
from tenure.metrics.mrr_history import HistoryLine, Life, mrr_history
from tenure.metrics.retention import Retention, of_accounts, of_totals

Document = Mapping[str, Any]
ONE = "1"


def movements_answer(given: Document, _as_of: datetime, settings: Settings) -> Document:
    """The sums of movements, and each account's by id."""
    found = movements(
        [position_of(one, given) for one in given["accounts"]],
        pause_as_churn=settings.pause_as_churn,
    )
    return {
        **{kind.value: found.sums[kind] for kind in MOVING},
        "start": found.start,
        "end": found.end,
        "fx": found.fx,
        "by_account": {one.account: one.movement.value for one in found.accounts},
        "reason": {one.account: one.reason for one in found.accounts},
        "missing": list(found.unknown),
    }


def retention_answer(given: Document, _as_of: datetime, settings: Settings) -> Document:
    """Retention in per cent, from accounts or from sums."""
    if "accounts" in given:
        positions = [position_of(one, given) for one in given["accounts"]]
        return _per_cent(of_accounts(positions, pause_as_churn=settings.pause_as_churn))
    named = (given.get(name, "0") for name in ("start", "expansion", "contraction", "churn"))
    return _per_cent(of_totals(*(Fraction(str(value)) for value in named)))


def _per_cent(found: Retention) -> Document:
    shares = {"nrr": found.nrr, "grr": found.grr, "logo_churn": found.logo_churn}
    return {
        "start": found.start,
        **{n: None if s is None else rounded(s * 100, 2) for n, s in shares.items()},
    }


def position_of(one: Document, given: Document) -> Position:
    """An account of the format: amounts in one currency, with a rate for each day where it is not
    the workspace's own."""
    own = given.get("workspace_currency") or "USD"
    currency = one.get("currency") or own
    start, end = Fraction(str(one["start"])), Fraction(str(one["end"]))
    known = currency == own
    rates = {day: one.get(f"rate_{day}", ONE if known else None) for day in ("start", "end")}
    paused = bool(one.get("paused"))
    return Position(
        account=str(one["id"]),
        start={currency: start},
        end={currency: end},
        start_rates=_rates(currency, rates["start"]),
        end_rates=_rates(currency, rates["end"]),
        paid_before=bool(one.get("paid_before")),
        start_paused=bool(one.get("start_paused", paused and not start)),
        end_paused=bool(one.get("end_paused", paused and not end)),
    )


def _rates(currency: str, rate: Any) -> dict[str, Fraction]:
    return {} if rate is None else {currency: Fraction(str(rate))}


def history_answer(given: Document, _as_of: datetime, settings: Settings) -> Document:
    """An amount for each date, all subscriptions together."""
    days = [date.fromisoformat(day) for day in given["dates"]]
    by_subscription: dict[Any, list[HistoryLine]] = {}
    for one in given["line_items"]:
        by_subscription.setdefault(one.get("subscription_id"), []).append(line_of(one))
    sums = dict.fromkeys(days, Fraction(0))
    kinds: dict[str, str] = {}
    for lines in by_subscription.values():
        for point in mrr_history(lines, days, life=life_of(given), settings=settings):
            sums[point.day] += point.mrr
            if kinds.get(point.day.isoformat()) != "inferred":
                kinds[point.day.isoformat()] = point.kind
    return {**{day.isoformat(): amount for day, amount in sums.items()}, "kinds": kinds}


def life_of(given: Document) -> Life:
    """What the example says of the subscription itself."""
    sub = given.get("subscription") or {}
    begins = sub.get("activated_at") or sub.get("created_at")
    ends = sub.get("expires_at")
    pauses = [(_day(a), _day(b)) for a, b in given.get("pauses") or ()]
    return Life(_day(begins), _day(ends), [(a, b) for a, b in pauses if a])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def line_of(document: Document) -> HistoryLine:
    """A line item in the vendor's field names."""
    unit, length = document.get("interval_unit"), document.get("interval_length")
    interval = {"unit": unit, "length": length} if unit and length else None
    days = {name: (document.get(name) or "")[:10] or None for name in ("start_date", "end_date")}
    known = {
        name: value
        for name, value in document.items()
        if name in HistoryLine.__struct_fields__ and value is not None
    }
    made = {**known, **days, "interval": interval, "is_usage": _is_usage(document)}
    return msgspec.convert(made, HistoryLine, strict=False)


def _is_usage(document: Document) -> bool:
    return bool(document.get("usage") or document.get("add_on_type") == "usage")
