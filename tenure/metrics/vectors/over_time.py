"""Worked examples of what spans two days or more: movements, retention and past MRR."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import structs

from tenure.metrics.amounts import ZERO, rounded
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.movements import MOVING, Movement, Position, movements
from tenure.metrics.mrr_history import HistoryLine, Life, mrr_history
from tenure.metrics.retention import churn_rate, of_accounts, of_totals, quick_ratio
from tenure.metrics.vectors.documents import interval_of

Document = Mapping[str, Any]
Sums = Mapping[str, Fraction]
ONE = Fraction(1)


def movements_answer(given: Document, _as_of: datetime, settings: Settings) -> Document:
    """The sums of movements, and each account's by id. Where a rate is missing there are no sums; an
    account with one currency is then told by that currency alone."""
    positions = positions_of(given, settings)
    found = movements(positions, pause_as_churn=settings.pause_as_churn)
    missing = lacking(positions, found.unknown)
    alone = movements(
        [_in_its_own(p) for p in positions if p.account in found.unknown and len(_codes(p)) == 1],
        pause_as_churn=settings.pause_as_churn,
    )
    told = (*found.accounts, *alone.accounts)
    return {
        **moves_document(found.start, found.end, found.fx, found.sums, missing),
        "by_account": {one.account: one.movement.value for one in told},
        "amounts": {one.account: one.amount for one in told},
        "reason": {one.account: one.reason for one in told},
    }


def moves_document(
    start: Any, end: Any, fx: Any, sums: Mapping[Movement, Any], missing: Sequence[str]
) -> Document:
    """How MRR went by the names of the specification: no sums where a rate is missing."""
    if missing:
        start = end = fx = None
        sums = dict.fromkeys(MOVING)
    lost = sums[Movement.CONTRACTION], sums[Movement.CHURN]
    won = (sums[kind] for kind in (Movement.NEW, Movement.REACTIVATION, Movement.EXPANSION))
    return {
        **{kind.value: sums[kind] for kind in MOVING},
        "start": start,
        "end": end,
        "fx": fx,
        "missing_rates": list(missing),
        "mrr_churn_rate": None if missing else _cent(churn_rate(_exact(start), *map(_exact, lost))),
        "quick_ratio": None if missing else quick_ratio(*map(_exact, (*won, *lost))),
    }


def lacking(positions: Iterable[Position], unknown: Collection[str]) -> list[str]:
    """The currencies without a rate among the accounts that cannot be told."""
    found = set()
    for one in positions:
        days = ((one.start, one.start_rates), (one.start, one.end_rates), (one.end, one.end_rates))
        for amounts, rates in days if one.account in unknown else ():
            found |= {code for code, amount in amounts.items() if amount and code not in rates}
    return sorted(found)


def _codes(position: Position) -> set[str]:
    return {*position.start, *position.end}


def _in_its_own(position: Position) -> Position:
    own = dict.fromkeys(_codes(position), ONE)
    return replace(position, start_rates=own, end_rates=own)


def retention_answer(given: Document, _as_of: datetime, settings: Settings) -> Document:
    """Retention in per cent, from accounts or from sums."""
    if given.get("accounts") is not None:
        positions = positions_of(given, settings)
        kept = of_accounts(positions, pause_as_churn=settings.pause_as_churn)
        missing = lacking([replace(p, start_rates=p.end_rates) for p in positions], kept.unknown)
        moved = movements_answer(given, _as_of, settings)
    else:
        start, expansion, contraction, churn, new, back = totals_of(given)
        kept, missing = of_totals(start, expansion, contraction, churn), []
        sums = (new, back, expansion, contraction, churn)
        moved = moves_document(start, start, ZERO, dict(zip(MOVING, sums, strict=True)), ())
    found = retained_document(
        kept.start, kept.nrr, kept.grr, kept.logo_churn, kept.accounts, missing
    )
    return {**found, **{name: moved[name] for name in ("mrr_churn_rate", "quick_ratio")}}


def totals_of(given: Document) -> tuple[Fraction, Fraction, Fraction, Fraction, Fraction, Fraction]:
    """The sums an example gives in place of accounts: what is not there is nothing."""
    start, expansion, contraction, churn, new, back = (
        _number(given.get(name))
        for name in ("start", "expansion", "contraction", "churn", "new", "reactivation")
    )
    return start, expansion, contraction, churn, new, back


def retained_document(
    start: Any,
    nrr: Any,
    grr: Any,
    logo_churn: Any,
    accounts: int,
    missing: Sequence[str],
) -> Document:
    """Retention by the names of the specification: no shares where a rate is missing."""
    shares = {"nrr": nrr, "grr": grr, "logo_churn": logo_churn}
    return {
        "start": None if missing else start,
        **{name: None if missing else _cent(share) for name, share in shares.items()},
        "accounts": accounts,
        "missing_rates": list(missing),
    }


def _cent(share: Any) -> Decimal | None:
    return None if share is None else rounded(_exact(share) * 100, 2)


def _exact(amount: Any) -> Fraction:
    return Fraction(amount or 0)


def _number(value: Any) -> Fraction:
    return Fraction(0) if value is None else Fraction(str(value))


def positions_of(given: Document, settings: Settings) -> list[Position]:
    """The accounts of an example; several entries of one id are one account in several currencies."""
    own = given.get("workspace_currency") or settings.currency
    found: dict[str, Position] = {}
    for one in given.get("accounts") or ():
        position = position_of(one, own)
        known = found.get(position.account)
        found[position.account] = _joined(known, position) if known else position
    return list(found.values())


def _joined(one: Position, other: Position) -> Position:
    return Position(
        account=one.account,
        start=_summed(one.start, other.start),
        end=_summed(one.end, other.end),
        start_rates={**one.start_rates, **other.start_rates},
        end_rates={**one.end_rates, **other.end_rates},
        paid_before=one.paid_before or other.paid_before,
        start_paused=one.start_paused or other.start_paused,
        end_paused=one.end_paused or other.end_paused,
    )


def _summed(one: Sums, other: Sums) -> Sums:
    return {code: one.get(code, ZERO) + other.get(code, ZERO) for code in {**one, **other}}


def position_of(one: Document, own: str) -> Position:
    """An account of the format: an amount in one currency, or amounts by currency, with a rate for
    each day where it is not the workspace's own. What was free before was never paid for."""
    currency = one.get("currency") or own
    start, end = (_amounts(one.get(day), currency) for day in ("start", "end"))
    rates = {day: _rates(one.get(f"rate_{day}"), currency, own) for day in ("start", "end")}
    paused = bool(one.get("paused"))
    return Position(
        account=str(one["id"]),
        start=start,
        end=end,
        start_rates=rates["start"],
        end_rates=rates["end"],
        paid_before=bool(one.get("paid_before")),
        start_paused=bool(one.get("start_paused", paused and not any(start.values()))),
        end_paused=bool(one.get("end_paused", paused and not any(end.values()))),
    )


def _amounts(value: Any, currency: str) -> dict[str, Fraction]:
    if isinstance(value, Mapping):
        return {code: _number(amount) for code, amount in value.items()}
    return {currency: _number(value)}


def _rates(rate: Any, currency: str, own: str) -> dict[str, Fraction]:
    """The rates into the workspace's currency; its own is one."""
    if isinstance(rate, Mapping):
        return {own: ONE, **{code: _number(one) for code, one in rate.items()}}
    return {own: ONE} if rate is None else {own: ONE, currency: _number(rate)}


def history_answer(given: Document, _as_of: datetime, settings: Settings) -> Document:
    """An amount for each date, all subscriptions together, and how each is known."""
    days = [date.fromisoformat(day[:10]) for day in given.get("dates") or ()]
    life = life_of(given, settings)
    sums = dict.fromkeys(days, ZERO)
    kinds = dict.fromkeys((day.isoformat() for day in days), "reconstructed")
    for lines in by_subscription(given, settings.zone).values():
        for point in mrr_history(lines, days, life=life, settings=settings):
            sums[point.day] += point.mrr
            if point.kind == "inferred":
                kinds[point.day.isoformat()] = point.kind
    return {**{day.isoformat(): amount for day, amount in sums.items()}, "kinds": kinds}


def by_subscription(given: Document, zone: ZoneInfo) -> dict[Any, list[HistoryLine]]:
    """The lines of each subscription; all together where no line names one. Where some do, the
    others belong to none and are no recurring revenue."""
    lines: Sequence[Document] = given.get("line_items") or ()
    named = any(one.get("subscription_id") for one in lines)
    found: dict[Any, list[HistoryLine]] = {}
    for one in lines:
        key = one.get("subscription_id")
        if key or not named:
            found.setdefault(key, []).append(line_of(one, zone))
    return found


def life_of(given: Document, settings: Settings) -> Life:
    """What the example says of the subscription itself."""
    sub, zone = given.get("subscription") or {}, settings.zone
    begins = sub.get("activated_at") or sub.get("created_at")
    pauses = [(_day(a, zone), _day(b, zone)) for a, b in given.get("pauses") or ()]
    if sub.get("paused_at"):
        pauses.append((_day(sub["paused_at"], zone), _day(sub.get("resume_at"), zone)))
    ends = _day(sub.get("expires_at"), zone)
    left = _day(sub.get("canceled_at"), zone)
    if left and settings.churn_recognition == "at_cancel":
        ends = min(left, ends or left)
    return Life(_day(begins, zone), ends, [(a, b) for a, b in pauses if a])


def _day(text: str | None, zone: ZoneInfo) -> date | None:
    """A calendar day: as it is written, or the one an instant falls on in the zone."""
    if not text:
        return None
    return (
        local_day(datetime.fromisoformat(text), zone)
        if len(text) > 10
        else date.fromisoformat(text)
    )


def line_of(document: Document, zone: ZoneInfo) -> HistoryLine:
    """A line item in the vendor's field names."""
    plan = document.get("plan") or document
    days = {name: _day(document.get(name), zone) for name in ("start_date", "end_date")}
    known = {
        name: value
        for name, value in document.items()
        if name in HistoryLine.__struct_fields__ and value is not None
    }
    made = {**known, **days, "is_usage": _is_usage(document)}
    line = msgspec.convert({**made, "interval": None}, HistoryLine, strict=False)
    return structs.replace(line, interval=interval_of(plan))


def _is_usage(document: Document) -> bool:
    kind = document.get("add_on") or {}
    words = document.get("add_on_type"), kind.get("add_on_type")
    return bool(document.get("usage") or document.get("is_usage") or "usage" in words)
