"""Worked examples through the set-based path: their records are decoded by the source and landed
like a sync's, the accounts measured by the statements that measure everybody's, and the answer is
what is then stored. Nothing of it stays.

What spans days is in ``stored_over_time``, scores are in ``stored_health``. A function is added to
``ANSWERS`` at the end, and is tried from then on.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tenure.metrics.inputs import Settings, Subscription
from tenure.metrics.ledger_sql import books
from tenure.metrics.models import AccountFacts
from tenure.metrics.mrr import subscription_mrr
from tenure.metrics.rollup import account_rollup
from tenure.metrics.stored import subscriptions_of
from tenure.metrics.vectors.answers import (
    ALIASES,
    days_document,
    lateness,
    subscription_document,
)
from tools.ledgered import LANDING, Document, Ledgered, NotStored, stamped, taken_back


def _subscription_mrr(given: Document, as_of: datetime, settings: Settings) -> Document:
    here = Ledgered({**given, "subscriptions": [given]}, as_of, settings)
    here.store("subscriptions")
    here.store("invoices")
    (sub,) = subscriptions_of([here.account.pk])[here.account.pk]
    result = subscription_mrr(sub, as_of, here.settings)
    rollup = account_rollup([sub], as_of, here.settings, past_due_days=_late(here, [sub]))
    document = dict(subscription_document(sub, result, rollup))
    facts = here.measured()
    if (
        document["mrr"] is not None
        and result.status in ("contributing", "free")
        and not _said(given)
    ):
        document |= {name: _one(facts, name) for name in ("mrr", "arr")}
    return document


def _said(given: Document) -> bool:
    """Whether the example says how late it is without an invoice to show for it."""
    return bool(given.get("days_past_due") or given.get("past_due_days") or given.get("past_due"))


def _late(here: Ledgered, subs: Sequence[Subscription]) -> dict[tuple[str, str], int]:
    """How late each is, by the set-based path, and as the example itself says."""
    found = books([here.account.pk], here.as_of, here.settings).get(here.account.pk)
    stored = dict(found.past_due_days) if found else {}
    only_said = {k: v for k, v in here.given.items() if k != "invoices"}
    for (site, key), days in lateness(only_said, here.as_of, here.settings).items():
        named = str(here.site(site).pk)
        stored[named, key or subs[0].id] = days
    return stored


def _account_rollup(given: Document, as_of: datetime, settings: Settings) -> Document:
    here = Ledgered(given, as_of, settings)
    for kind in LANDING:
        here.store(kind)
    facts = here.measured()
    document = _facts_document(facts)
    subs = subscriptions_of([here.account.pk]).get(here.account.pk, [])
    rollup = account_rollup(subs, as_of, here.settings, past_due_days=_late(here, subs))
    document["unknown"] = [key for _, key in rollup.unknown]
    if _said_any(given):
        sums = {n: getattr(rollup, n) for n in ("mrr", "arr", "past_due_mrr", "committed_mrr")}
        document |= sums
    document["paying"] = any(amount > 0 for amount in document["mrr"].values())
    document["arpa"] = facts.mrr_converted if document["paying"] else None
    return document


def _said_any(given: Document) -> bool:
    return _said(given) or any(_said(one) for one in given.get("subscriptions") or ())


def _receivables(given: Document, as_of: datetime, settings: Settings) -> Document:
    here = Ledgered(given, as_of, settings)
    here.store("invoices")
    here.store("transactions")
    whole = _facts_document(here.measured())
    by_currency = {}
    records = (*(given.get("invoices") or ()), *(given.get("transactions") or ()))
    for code in {one.get("currency") or "USD" for one in records}:
        alone = {
            kind: [o for o in given.get(kind) or () if (o.get("currency") or "USD") == code]
            for kind in ("invoices", "transactions")
        }
        by_currency[code] = taken_back(_one_currency)({**given, **alone}, as_of, settings)
    return {**whole, **by_currency}


def _one_currency(given: Document, as_of: datetime, settings: Settings) -> Document:
    here = Ledgered({**given, "fx": ()}, as_of, settings)
    here.store("invoices")
    here.store("transactions")
    return {
        name: next(iter(value.values()), Decimal(0)) if isinstance(value, dict) else value
        for name, value in _facts_document(here.measured()).items()
    }


def _facts_document(facts: AccountFacts) -> dict[str, Any]:
    """The stored figures by their names in the specification, amounts as numbers."""
    named = {field.name: getattr(facts, field.name) for field in facts._meta.concrete_fields}
    return {ALIASES.get(name, name): _numbers(value) for name, value in named.items()} | {
        "oldest_past_due_days": facts.oldest_past_due_days or 0
    }


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(part) for key, part in value.items()}
    return Decimal(value) if isinstance(value, str) and value[-1:].isdigit() else value


def _one(facts: AccountFacts, figure: str) -> Decimal:
    (money,) = facts.money(figure)
    return money.amount


def _behaviour(given: Document, as_of: datetime, settings: Settings) -> AccountFacts:
    here = Ledgered(given, as_of, settings)
    here.store("invoices")
    return here.measured()


def _on_time_rate(given: Document, as_of: datetime, settings: Settings) -> Document:
    facts = _behaviour(given, as_of, settings)
    return {
        "on_time": facts.on_time_count_12m,
        "considered": facts.on_time_considered_12m,
        "rate": facts.on_time_rate_12m,
    }


def _average_days_to_pay(given: Document, as_of: datetime, settings: Settings) -> Document:
    facts = _behaviour(given, as_of, settings)
    return days_document(facts.average_days_to_pay, facts.average_days_late)


def _dso(given: Document, as_of: datetime, settings: Settings) -> Document:
    """As invoices: an old one with what is owed, and a paid one of yesterday with what was billed."""
    if int(given.get("window_days") or 90) != 90:
        raise NotStored("the stored figure is of 90 days")
    bill = {"type": "charge", "state": "pending", "currency": "USD", "paid": "0"}
    owed, billed = str(given.get("receivable") or 0), str(given.get("billed_in_window") or 0)
    long_ago, lately = (stamped(as_of - timedelta(days=days)) for days in (400, 1))
    invoices = [
        {**bill, "id": "owed", "total": owed, "balance": owed, "created_at": long_ago},
        {**bill, "id": "billed", "total": billed, "balance": "0", "created_at": lately},
    ]
    return {"dso": _behaviour({"invoices": invoices}, as_of, settings).dso}


ANSWERS: Mapping[str, Callable[..., Document]] = {
    name: taken_back(answer)
    for name, answer in {
        "subscription_mrr": _subscription_mrr,
        "account_rollup": _account_rollup,
        "receivables": _receivables,
        "on_time_rate": _on_time_rate,
        "average_days_to_pay": _average_days_to_pay,
        "dso": _dso,
    }.items()
}
