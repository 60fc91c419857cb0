"""The invoiced lines of stored subscriptions, with what bounds their past, as ``mrr_history`` takes
them.

Left out are lines of voided invoices, and credits that give money back without changing the agreement
(refunds, write-offs, corrections of usage): they do not reduce MRR. Whether a line without a proration
rate bills whole intervals is told by the vendor's own instants; the days it covers are the
workspace's.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection
from msgspec import structs

from tenure.core.money import minor_digits
from tenure.metrics.days import local_day, maybe_day
from tenure.metrics.inputs import AddOn, Settings
from tenure.metrics.mrr_history import HistoryLine, Life, moved
from tenure.metrics.stored import interval_of

GIVES_BACK = (
    "refund external_refund line_item_refund open_amount_refund write_off usage_correction"
    " gift_card prepayment carryforward_credit carryforward_gift_credit"
).split()


@dataclass(slots=True)
class Invoiced:
    """A subscription with everything its past is made of. ``horizon`` is the day of its first
    snapshot, before which the past lies, with the amount of then; ``quantities`` and ``plans`` are
    those of its plan's lines, in their order."""

    pk: int
    account_id: int
    currency: str
    life: Life
    horizon: date | None
    then: Decimal | None
    lines: list[HistoryLine] = field(default_factory=list)
    quantities: list[int | None] = field(default_factory=list)
    plans: list[str | None] = field(default_factory=list)
    add_ons: list[str | None] = field(default_factory=list)


_SUBSCRIPTIONS = """
    SELECT s.id, s.account_id, s.currency, s.state, s.created_at, s.activated_at, s.canceled_at,
           s.expires_at, s.paused_at, s.updated_at, s.removed_at, s.add_ons::text,
           first.day, first.mrr
    FROM customers_subscription s
    LEFT JOIN LATERAL (
        SELECT p.day, p.mrr FROM metrics_mrrpoint p
        WHERE p.subscription_id = s.id AND p.kind = 'snapshot'
        ORDER BY p.day, p.recorded_at DESC, p.id DESC LIMIT 1
    ) first ON true
    WHERE s.id = ANY(%s) AND s.account_id IS NOT NULL
    ORDER BY s.id
"""
_LINES = """
    SELECT s.id, l.start_date, l.end_date, coalesce(l.subtotal, 0), coalesce(l.discount, 0),
           coalesce(l.tax, 0), coalesce(l.tax_inclusive, false), l.origin, l.type,
           l.proration_rate, i.state, p.interval_unit, p.interval_length, l.quantity,
           coalesce(l.plan_code, s.plan_code), l.add_on_code
    FROM customers_subscription s
    JOIN customers_lineitem l
        ON l.site_id = s.site_id AND l.subscription_upstream_id = s.upstream_id
    LEFT JOIN customers_invoice i
        ON i.site_id = l.site_id AND i.upstream_id = l.invoice_upstream_id
    LEFT JOIN customers_plan p ON p.site_id = s.site_id
        AND p.upstream_id = coalesce(l.plan_upstream_id, s.plan_upstream_id)
    WHERE s.id = ANY(%s) AND l.removed_at IS NULL AND i.removed_at IS NULL
        AND l.origin IN ('plan', 'add_on') AND l.start_date IS NOT NULL AND l.end_date IS NOT NULL
        AND (i.state IS NULL OR i.state <> 'voided')
        AND (i.origin IS NULL OR i.origin <> ALL(%s))
    ORDER BY s.id, l.start_date, l.id
"""
_add_ons = msgspec.json.Decoder(list[AddOn], strict=False)


def of_subscriptions(ids: Collection[int], settings: Settings) -> list[Invoiced]:
    """These subscriptions, those of nobody left out."""
    found: dict[int, Invoiced] = {}
    usage: dict[int, set[str]] = {}
    with connection.cursor() as db:
        db.execute(_SUBSCRIPTIONS, [list(ids)])
        for pk, account, currency, *rest, add_ons, horizon, then in db.fetchall():
            life = _life(*rest, settings=settings)
            found[pk] = Invoiced(pk, account, currency, life, horizon, then)
            usage[pk] = _usage_codes(add_ons)
        db.execute(_LINES, [list(found), GIVES_BACK])
        for pk, *values, quantity, plan, add_on in db.fetchall():
            one = found[pk]
            line = _line(values, settings, is_usage=add_on in usage[pk])
            rounding = (quantity or 1) * Decimal(1).scaleb(-minor_digits(one.currency)) / 2
            one.lines.append(structs.replace(line, rounding=rounding))
            one.add_ons.append(add_on)
            one.quantities.append(None if quantity is None else int(quantity))
            one.plans.append(plan)
    for one in found.values():
        _credits_of_their_charges(one)
    return list(found.values())


def _credits_of_their_charges(one: Invoiced) -> None:
    """A credit for the rest of a period takes back what was charged for it: it is of that charge's
    plan and interval, whatever the subscription changed to."""
    for place, line in enumerate(one.lines):
        if line.subtotal >= 0:
            continue
        for earlier in range(place, -1, -1):
            if _is_taken_back(one, earlier, place):
                one.lines[place] = structs.replace(line, interval=one.lines[earlier].interval)
                break


def _is_taken_back(one: Invoiced, earlier: int, credit: int) -> bool:
    """Whether a line is the charge of which a later one credits the rest."""
    charge, line = one.lines[earlier], one.lines[credit]
    if charge.subtotal <= 0 or one.add_ons[earlier] != one.add_ons[credit]:
        return False
    same = (charge.origin, charge.end_date) == (line.origin, line.end_date)
    return same and bool(
        charge.start_date and line.start_date and charge.start_date < line.start_date
    )


def _life(
    state: str,
    created_at: datetime,
    activated_at: datetime | None,
    canceled_at: datetime | None,
    expires_at: datetime | None,
    paused_at: datetime | None,
    updated_at: datetime,
    removed_at: datetime | None,
    *,
    settings: Settings,
) -> Life:
    ends = expires_at or (updated_at if state in ("expired", "failed") else None)
    if settings.churn_recognition == "at_cancel" and canceled_at:
        ends = min(canceled_at, ends or canceled_at)
    if removed_at:
        ends = min(removed_at, ends or removed_at)
    rests = state == "paused" and paused_at is not None
    return Life(
        begins=local_day(activated_at or created_at, settings.zone),
        ends=maybe_day(ends, settings.zone),
        pauses=[(local_day(paused_at, settings.zone), None)] if rests and paused_at else (),
    )


def _line(values: Sequence[Any], settings: Settings, *, is_usage: bool) -> HistoryLine:
    start, end, subtotal, discount, tax, inclusive, origin, kind, rate, state, unit, length = values
    interval = interval_of(unit, length)
    if rate is None and interval and moved(start.date(), interval, 1) == end.date():
        rate = Decimal(1)
    return HistoryLine(
        start_date=local_day(start, settings.zone),
        end_date=local_day(end, settings.zone),
        subtotal=subtotal,
        discount=discount,
        tax=tax,
        tax_inclusive=inclusive,
        origin=origin,
        type=kind,
        proration_rate=rate,
        interval=interval,
        invoice_state=state,
        is_usage=is_usage,
    )


def _usage_codes(text: str | None) -> set[str]:
    """The add-ons of a subscription that are metered."""
    try:
        add_ons = _add_ons.decode(text or "[]")
    except (msgspec.ValidationError, msgspec.DecodeError):
        return set()
    kinds: Mapping[str, str | None] = {
        one.add_on.code: one.add_on.add_on_type for one in add_ons if one.add_on and one.add_on.code
    }
    return {code for code, kind in kinds.items() if kind == "usage"}
