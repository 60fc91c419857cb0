"""Figures that are no sum of money: dates, counts, shares and means, each with what it stands on.

An item counts, or it does not and says why. The answer is made of the items that count, in the way
``how`` says; of very many the first are listed, and the answer is of all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from tenure.metrics.explain import dso, payments
from tenure.metrics.explain.basis import Basis, Item
from tenure.metrics.explain.counted import (
    COMBINED,
    FIRST,
    OF_INVOICES,
    OF_PAYMENTS,
    OF_SUBSCRIPTIONS,
    STATUSES,
)
from tenure.metrics.explain.notes import why_not
from tenure.metrics.explain.payments import MINE
from tenure.metrics.explain.subscriptions import measured
from tenure.metrics.inputs import Settings
from tenure.metrics.ledger_sql import AGED

__all__ = ["COMBINED", "FIGURES", "Basis", "Item", "basis"]

SHOWN = 200
ALWAYS = ("count", "any of them", FIRST)  # told of an account without invoices too


FIGURES = (*OF_SUBSCRIPTIONS, *OF_INVOICES, *OF_PAYMENTS, "last_paid_date", "dso")


def basis(account_id: int, figure: str, now: datetime, settings: Settings) -> Basis:
    """What one of FIGURES stands on."""
    if figure in OF_SUBSCRIPTIONS:
        return _of_subscriptions(account_id, figure, now, settings)
    values = {"ids": [account_id], "now": now, "zone": settings.zone.key, "shown": SHOWN}
    if figure in OF_INVOICES:
        return _of_invoices(figure, values)
    if figure == "last_paid_date":
        return _last_paid(account_id, now, settings)
    if figure == "dso":
        return dso.basis(account_id, now, settings)
    return _of_payments(figure, values)


def _last_paid(account_id: int, now: datetime, settings: Settings) -> Basis:
    """The payments that were collected last; where none is known of, the paid invoices."""
    found, earlier = payments.of_account(account_id, "last_paid", now, settings)
    parts = [*(one.part for one in found), *(one.part for one in earlier)]
    items = [
        Item(p.kind, p.label, p.day, True, "", p.site_id, p.upstream_id, p.status) for p in parts
    ]
    return Basis(
        "last_paid_date", "latest", parts[0].day if parts else None, len(items), tuple(items)
    )


def _of_subscriptions(account_id: int, figure: str, now: datetime, settings: Settings) -> Basis:
    rule = OF_SUBSCRIPTIONS[figure]
    items, values = [], []
    for one in measured(account_id, now, settings):
        value = rule.value(one, now, settings) if rule.belongs(one) else None
        counts = value is not None
        if counts:
            values.append(value)
        sub = one.sub
        reason = "" if counts else (why_not(one, settings) or rule.otherwise)
        items.append(
            Item(
                "subscription", sub.plan_name or sub.plan_code or sub.id, value, counts, reason,
                int(sub.site), sub.id, one.result.status,
            )
        )  # fmt: skip
    # No quantity is known of an account that never had a subscription.
    answer = None if rule.how == "sum" and not items else COMBINED[rule.how](values)
    return Basis(figure, rule.how, answer, len(values), _sorted(items, rule.how))


def _sorted(items: Sequence[Item], how: str) -> tuple[Item, ...]:
    """The deciding one first where one decides."""
    inside = [item for item in items if item.counts]
    if how in ("earliest", "latest", "largest"):
        inside.sort(key=lambda item: item.value, reverse=how != "earliest")
    if how == FIRST:
        inside.sort(key=lambda item: STATUSES.index(item.value))
    return (*inside, *(item for item in items if not item.counts))


def _of_invoices(figure: str, values: dict[str, Any]) -> Basis:
    rule = OF_INVOICES[figure]
    order = {FIRST: "value ASC", "earliest": "value ASC", "latest": "value DESC", "largest": "value DESC"}.get(rule.how, "created_at DESC")  # fmt: skip
    statement = f"""
        {AGED}, told AS (
            SELECT aged.*, ({rule.belongs}) IS TRUE AS counts, {rule.value} AS value FROM aged
        ), placed AS (
            SELECT told.*, {_WHOLE[rule.how]} FILTER (WHERE counts) OVER () AS answer,
                   count(*) FILTER (WHERE counts) OVER () AS counted,
                   row_number() OVER (PARTITION BY counts ORDER BY {order}, id DESC) AS place
            FROM told WHERE counts OR ({rule.near})
        )
        SELECT answer, counted, counts, value, number, upstream_id, site_id, kind
        FROM placed WHERE place <= %(shown)s ORDER BY counts DESC, place
    """  # noqa: S608 - every condition is a constant of this file
    rows = _asked(statement, values)
    said = STATUSES.__getitem__ if rule.how == FIRST else _same
    items = [
        Item(
            "invoice", number or name, said(value) if counts else None, counts,
            "" if counts else rule.otherwise, site, name, kind,
        )
        for _, _, counts, value, number, name, site, kind in rows
    ]  # fmt: skip
    answer = rows[0][0] if rows else None
    answer = answer if answer is None else said(answer)
    if answer is None and (rows or rule.how in ALWAYS):
        answer = rule.empty
    return Basis(figure, rule.how, answer, rows[0][1] if rows else 0, tuple(items))


def _same(value: Any) -> Any:
    return value


_WHOLE = {
    FIRST: "min(value)",
    "any of them": "bool_or(value)",
    "earliest": "min(value)",
    "latest": "max(value)",
    "largest": "max(value)",
    "count": "count(*)",
    "mean": "avg(value)",
}


def _of_payments(figure: str, values: dict[str, Any]) -> Basis:
    how, belongs, value = OF_PAYMENTS[figure]
    statement = f"""
        {MINE}, told AS (SELECT mine.*, {value} AS value FROM mine WHERE {belongs})
        SELECT {_WHOLE[how]} OVER (), count(*) OVER (), value, site_id, upstream_id, status, created_at
        FROM told ORDER BY created_at DESC, id DESC LIMIT %(shown)s
    """  # noqa: S608 - every condition is a constant of this file
    rows = _asked(statement, values)
    items = [
        Item("payment", f"{at:%Y-%m-%d}", value, True, "", site, name, status or "")
        for _, _, value, site, name, status, at in rows
    ]
    empty = 0 if how == "count" else None
    return Basis(
        figure, how, rows[0][0] if rows else empty, rows[0][1] if rows else 0, tuple(items)
    )


def _asked(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as db:
        db.execute(statement, values)
        return list(db.fetchall())
