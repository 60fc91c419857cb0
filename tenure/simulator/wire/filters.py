"""The filters of Recurly's lists: a parameter's text becomes a test of one record."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tenure.simulator.table import Record
from tenure.simulator.wire.refusal import bad_parameter

Test = Callable[[Record], bool]
# From the parameter's text and the virtual now (in wire form) to a test; raises Refused.
Filter = Callable[[str, str], Test]

SUBSCRIPTION_STATES = frozenset("active canceled expired future in_trial live".split())
INVOICE_STATES = frozenset("pending processing past_due paid failed open closed voided".split())
TRANSACTION_TYPES = frozenset("authorization capture payment purchase refund verify".split())


def wire_time(instant: datetime) -> str:
    """An instant in UTC as Recurly writes it, to the second."""
    return instant.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def one_of(name: str, allowed: frozenset[str], field: str = "") -> Filter:
    """Equality with one of the allowed words."""

    def make(text: str, _now: str) -> Test:
        _check(name, text, allowed)
        return lambda record: bool(record.get(field or name) == text)

    return make


def only_true(name: str, test: Test) -> Filter:
    """A switch that can be set to true and to nothing else."""

    def make(text: str, _now: str) -> Test:
        _check(name, text, frozenset(["true"]))
        return test

    return make


def by_email(text: str, _now: str) -> Test:
    """Exact; a blank one finds both null and empty."""
    return lambda record: (record["email"] or "") == text


def by_subscriber(text: str, _now: str) -> Test:
    """Accounts with, or without, a subscription that is active, canceled or future."""
    _check("subscriber", text, frozenset(["true", "false"]))
    wanted = text == "true"
    flags = ("has_active_subscription", "has_canceled_subscription", "has_future_subscription")
    return lambda record: any(record[flag] for flag in flags) is wanted


def by_subscription_state(text: str, now: str) -> Test:
    """The states, and the two filters that are not states: in_trial and live."""
    _check("state", text, SUBSCRIPTION_STATES)
    if text == "in_trial":
        return lambda record: _in_trial(record, now)
    if text == "live":
        live = ("active", "canceled", "future")
        return lambda record: record["state"] in live or _in_trial(record, now)
    return lambda record: bool(record["state"] == text)


def by_invoice_type(text: str, _now: str) -> Test:
    """charge, credit, legacy, or non-legacy for the first two."""
    _check("type", text, frozenset("charge credit legacy non-legacy".split()))
    if text == "non-legacy":
        return lambda record: record["type"] in ("charge", "credit")
    return lambda record: bool(record["type"] == text)


def by_transaction_type(text: str, _now: str) -> Test:
    """The types, and payment for purchase and capture."""
    _check("type", text, TRANSACTION_TYPES)
    types = ("purchase", "capture") if text == "payment" else (text,)
    return lambda record: record["type"] in types


def by_billing_status(text: str, _now: str) -> Test:
    """Usage that is billed, unbilled, or all of it."""
    _check("billing_status", text, frozenset(["unbilled", "billed", "all"]))
    if text == "all":
        return lambda _record: True
    return lambda record: (record["billed_at"] is not None) is (text == "billed")


def _in_trial(record: Record, now: str) -> bool:
    starts, ends = record["trial_started_at"], record["trial_ends_at"]
    over = record["state"] in ("expired", "failed")
    return bool(starts and ends and not over and starts <= now < ends)


def _check(name: str, text: str, allowed: frozenset[str]) -> None:
    if text not in allowed:
        raise bad_parameter(name, f"{name} is {text!r}, not one of {', '.join(sorted(allowed))}")


def _is_true(field: str) -> Test:
    return lambda record: bool(record.get(field))


def _is_original(record: Record) -> bool:
    return record["previous_line_item_id"] is None


Filters = Mapping[str, Filter]

ACTIVE: Filters = {"state": one_of("state", frozenset(["active", "inactive"]))}
ACCOUNTS: Filters = {
    "email": by_email,
    "subscriber": by_subscriber,
    "past_due": only_true("past_due", _is_true("has_past_due_invoice")),
}
SUBSCRIPTIONS: Filters = {"state": by_subscription_state}
INVOICES: Filters = {
    "state": one_of("state", INVOICE_STATES),
    "type": by_invoice_type,
}
LINE_ITEMS: Filters = {
    "original": only_true("original", _is_original),
    "state": one_of("state", frozenset(["invoiced", "pending"])),
    "type": one_of("type", frozenset(["charge", "credit"])),
}
TRANSACTIONS: Filters = {
    "type": by_transaction_type,
    "success": only_true("success", _is_true("success")),
}
FIELD_DEFINITIONS: Filters = {
    "related_type": one_of(
        "related_type", frozenset("account item plan subscription charge".split())
    ),
}
USAGE: Filters = {"billing_status": by_billing_status}


def defaults(filters: Filters) -> dict[str, Any]:
    """What a filter means when its parameter is absent, where that is not "everything"."""
    return {"billing_status": "unbilled"} if "billing_status" in filters else {}
