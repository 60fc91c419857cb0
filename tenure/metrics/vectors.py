"""Worked examples through the formulas: a file of inputs and expected figures, and what differs.

The format is that of the specification of figures (section 11): ``{id, fn, as_of, input, expected}``
with optional ``settings``. Amounts are decimal text, and only the keys present in ``expected`` are
compared; missing flags mean none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from tenure.core.errors import ConfigurationError
from tenure.metrics.amounts import Number, displayed, rounded, stored
from tenure.metrics.fx import Rate, Rates
from tenure.metrics.inputs import (
    DEFAULTS,
    Interval,
    Invoice,
    Payment,
    Settings,
    Subscription,
    zone_named,
)
from tenure.metrics.mrr import subscription_mrr
from tenure.metrics.receivables import (
    account_receivables,
    days_sales_outstanding,
    promptness,
)
from tenure.metrics.rollup import account_rollup
from tenure.metrics.vectors_over_time import history_answer, movements_answer, retention_answer

Document = Mapping[str, Any]
Answers = Mapping[str, Callable[[Document, datetime, Settings], Document]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is not as expected; ``path`` says where in the answer it stands."""

    vector: str
    path: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        return f"{self.vector}: {self.path} is {self.actual!r}, expected {self.expected!r}"


def differences(vector: Document, answers: Answers | None = None) -> list[Difference]:
    """What the formulas say otherwise than the example; ``answers`` are those of this package unless
    said otherwise. Raises ConfigurationError for a function that is not known."""
    known = ANSWERS if answers is None else answers
    answer = known.get(vector["fn"])
    if answer is None:
        raise ConfigurationError(
            f"{vector['id']}: there is no function “{vector['fn']}”.",
            next_step=f"Known are {', '.join(sorted(known))}.",
        )
    as_of = datetime.fromisoformat(vector["as_of"])
    actual = answer(vector["input"], as_of, settings_of(vector.get("settings") or {}))
    expected = dict(vector["expected"])
    if vector["fn"] == "subscription_mrr":
        expected.setdefault("flags", [])
    found = _compare(expected, actual, "")
    return [Difference(vector["id"], path, want, have) for path, want, have in found]


def settings_of(named: Document) -> Settings:
    """Workspace settings by their names in the specification."""
    chosen = dict(named)
    preset = chosen.pop("preset", "")
    if preset.endswith("parity"):
        chosen = {"days_per_month": "30", "mrr_discounts": "all"} | chosen
    days = chosen.get("days_per_month", DEFAULTS.days_per_month)
    churn = chosen.get("churn_recognition", DEFAULTS.churn_recognition)
    return Settings(
        days_per_month=Fraction(str(days)),
        mrr_discounts=chosen.get("mrr_discounts", DEFAULTS.mrr_discounts),
        churn_recognition="at_cancel" if churn == "at_cancel" else "at_end",
        drop_after_days=chosen.get("drop_after_days"),
        pause_as_churn=bool(chosen.get("pause_as_churn")),
        fixed_discounts_first=chosen.get("discount_order") == "fixed_first",
        derive_rates=bool(chosen.get("derive_rates")),
        zone=zone_named(chosen.get("timezone", "UTC")),
    )


def subscription_of(document: Document) -> Subscription:
    """A subscription in the vendor's field names, with its plan's interval inside ``plan``."""
    plan, tax = document.get("plan") or {}, document.get("tax_info") or {}
    pending = document.get("pending_change") or {}
    named = {
        "plan_code": plan.get("code"),
        "plan_name": plan.get("name"),
        "interval": _interval(plan),
        "pending_interval": _interval(pending.get("plan") or {}),
        "tax_rate": tax.get("rate"),
        "redemptions": document.get("coupon_redemptions", ()),
    }
    known = {k: v for k, v in document.items() if k in Subscription.__struct_fields__}
    return msgspec.convert({"id": "", **known, **named}, Subscription, strict=False)


def _interval(plan: Document) -> Interval | None:
    unit, length = plan.get("interval_unit"), plan.get("interval_length")
    if not unit or not length:
        return None
    return msgspec.convert({"unit": unit, "length": length}, Interval, strict=False)


def invoices_of(documents: list[Document]) -> list[Invoice]:
    """Invoices in the vendor's field names."""
    return msgspec.convert([{"id": "", **one} for one in documents], list[Invoice], strict=False)


def _subscription_mrr(given: Document, as_of: datetime, settings: Settings) -> Document:
    sub = subscription_of(given)
    result = subscription_mrr(sub, as_of, settings)
    return {
        "mrr": _six(result.mrr),
        "arr": _six(result.arr),
        "mrr_display": None if result.mrr is None else displayed(result.mrr, sub.currency),
        "status": result.status,
        "flags": result.flags,
        "paused_mrr": _six(result.apart("paused")),
        "trial_mrr": _six(result.apart("trial")),
        "cancelling_mrr": _six(
            result.mrr if result.flags & {"cancelling", "will_expire"} else Fraction(0)
        ),
    }


def _account_rollup(given: Document, as_of: datetime, settings: Settings) -> Document:
    subscriptions = [subscription_of(one) for one in given["subscriptions"]]
    late = {tuple(entry[:2]): entry[2] for entry in given.get("past_due", ())}
    rollup = account_rollup(subscriptions, as_of, settings, past_due_days=late)
    rates = Rates(
        (
            Rate(r["from"], r["to"], date.fromisoformat(r["date"]), Fraction(str(r["rate"])))
            for r in given.get("fx") or ()
        ),
        derive=settings.derive_rates,
    )
    today = as_of.astimezone(settings.zone).date()
    currency = given.get("workspace_currency") or settings.currency
    total = rates.converted(rollup.mrr, currency, today)
    named = {name: getattr(rollup, name) for name in rollup.__dataclass_fields__}
    return {
        **{name: _sums(value) for name, value in named.items()},
        "arr": _sums(rollup.arr),
        "mrr_converted": _six(total.amount),
        "missing_rates": list(total.missing),
    }


def _receivables(given: Document, as_of: datetime, settings: Settings) -> Document:
    invoices = invoices_of(given.get("invoices", []))
    payments = msgspec.convert(given.get("transactions", []), list[Payment], strict=False)
    found = account_receivables(invoices, payments, as_of, settings)
    named = {name: getattr(found, name) for name in found.__dataclass_fields__}
    sums = {name: value for name, value in named.items() if isinstance(value, dict)}
    prompt = promptness(invoices, as_of, settings)
    by_currency = {
        currency: {_ALIASES.get(name, name): value.get(currency) for name, value in sums.items()}
        for currency in {currency for value in sums.values() for currency in value}
    }
    return {
        **{name: value for name, value in named.items() if name not in sums},
        **by_currency,
        "on_time_rate_12m": _six(found.on_time_rate_12m),
        "next_due_amount": next(iter(found.next_due.values()), None),
        "last_paid_amount": next(iter(found.last_paid.values()), None),
        "average_days_to_pay": prompt.to_pay,
        "average_days_late": prompt.late,
    }


_ALIASES = {"past_due": "past_due_amount", "billed": "billed_amount"}


def _on_time_rate(given: Document, as_of: datetime, settings: Settings) -> Document:
    found = account_receivables(invoices_of(given["invoices"]), (), as_of, settings)
    return {
        "on_time": found.on_time_count_12m,
        "considered": found.on_time_considered_12m,
        "rate": _six(found.on_time_rate_12m),
    }


def _average_days_to_pay(given: Document, as_of: datetime, settings: Settings) -> Document:
    found = promptness(invoices_of(given["invoices"]), as_of, settings)
    return {"days": found.to_pay, "days_late": found.late}


def _dso(given: Document, _as_of: datetime, _settings: Settings) -> Document:
    window = timedelta(days=int(given["window_days"]))
    receivable, billed = Decimal(given["receivable"]), Decimal(given["billed_in_window"])
    days = days_sales_outstanding(receivable, billed, window)
    return {"dso": None if days is None else rounded(days, 1)}


ANSWERS: Answers = {
    "subscription_mrr": _subscription_mrr,
    "account_rollup": _account_rollup,
    "receivables": _receivables,
    "on_time_rate": _on_time_rate,
    "average_days_to_pay": _average_days_to_pay,
    "dso": _dso,
    "movements": movements_answer,
    "retention": retention_answer,
    "mrr_history": history_answer,
}


def _six(amount: Number | None) -> Decimal | None:
    return None if amount is None else stored(amount)


def _sums(value: Any) -> Any:
    """Exact sums by currency at their stored six decimals; anything else as it is."""
    if isinstance(value, dict) and all(isinstance(v, Fraction) for v in value.values()):
        return {currency: stored(amount) for currency, amount in value.items()}
    return value


def _compare(expected: Any, actual: Any, path: str) -> list[tuple[str, Any, Any]]:
    """Where the two differ: numbers by value, sets and lists of words whatever their order."""
    if isinstance(expected, dict) and isinstance(actual, Mapping):
        return [
            found
            for key, value in expected.items()
            for found in _compare(value, actual.get(key), f"{path}.{key}".lstrip("."))
        ]
    return [] if _same(expected, actual) else [(path, expected, actual)]


def _same(expected: Any, actual: Any) -> bool:
    if isinstance(actual, set | frozenset | list | tuple) and isinstance(expected, list):
        return sorted(map(str, expected)) == sorted(map(str, actual))
    if isinstance(actual, Decimal | Fraction) and isinstance(expected, str):
        places = len(expected.partition(".")[2])
        return rounded(actual, max(places, 0)) == Decimal(expected)
    if isinstance(actual, date) and isinstance(expected, str):
        return actual.isoformat() == expected
    return bool(expected == actual)
