"""What the figures make of related rows: when an invoice is due and whether it is late; what a
subscription brings a month."""

from dataclasses import replace

from tenure.metrics.offering import RATE
from tenure.rules.catalogue import Attribute, Relation
from tenure.rules.operators import Type


def completed(relation: Relation) -> Relation:
    """The related rows with what the figures know of each."""
    return replace(relation, listed=(*relation.listed, *_KNOWN.get(relation.key, ())))


_MONTH_END = (
    "extract(day FROM date_trunc('month', i.created_at AT TIME ZONE {zone})"
    " + interval '1 month - 1 day')::int - extract(day FROM i.created_at AT TIME ZONE {zone})::int"
)
# The definitions of ``invoices.due_at`` and ``invoices.standing``, as in ``ledger_sql``.
_DUE = (
    "(CASE WHEN i.due_at IS NOT NULL OR i.net_terms IS NULL THEN i.due_at ELSE"
    " ((i.created_at AT TIME ZONE {zone}) + make_interval(days => i.net_terms"
    f" + CASE WHEN i.net_terms_type = 'eom' THEN {_MONTH_END} ELSE 0 END)) AT TIME ZONE {{zone}} END)"
)
_DUE_DAY = f"({_DUE} AT TIME ZONE {{zone}})::date"
_LATE = (
    "(coalesce(i.type, '') <> 'credit' AND coalesce(i.balance, 0) > 0"
    " AND (i.state = 'past_due' OR (i.state IN ('pending', 'open') AND coalesce({now} >="
    f" {_DUE} + CASE WHEN i.collection_method = 'manual' THEN interval '24 hours'"
    " ELSE interval '0' END, false))))"
)
_OVERDUE = f"CASE WHEN {_LATE} THEN i.balance ELSE 0 END"
_STANDING = (
    Attribute(
        "due",
        "Due",
        Type.DATE,
        _DUE_DAY,
        explains="The day it is due, by its terms where no day is named.",
        missing="Unknown where neither a day nor terms are known.",
        synonyms=("due_date", "due_at"),
    ),
    Attribute(
        "overdue",
        "Overdue",
        Type.BOOLEAN,
        _LATE,
        explains="It is open and its day has passed.",
        missing="Never unknown: without a day it is not late.",
        synonyms=("past_due",),
    ),
    Attribute(
        "overdue_amount",
        "Overdue amount",
        Type.MONEY,
        f"({_OVERDUE}) * CASE i.currency{{converted}} END",
        by_currency=f"CASE WHEN i.currency = {{currency}} THEN {_OVERDUE} END",
        explains="Its balance while it is late, else nothing.",
        missing=RATE,
    ),
    Attribute(
        "days_overdue",
        "Days overdue",
        Type.NUMBER,
        f"CASE WHEN {_LATE} THEN greatest(1, {{today}} - {_DUE_DAY}) ELSE 0 END::numeric",
        unit="days",
        explains="How many days it is late; nothing while it is not.",
        missing="Unknown where nobody knows when it was due.",
    ),
)


# Of a past time, the last of the points that were known then, or were made out of earlier dates.
_POINT = (
    "(SELECT p.mrr FROM metrics_mrrpoint p WHERE p.subscription_id = s.id"
    " AND p.day <= {today} AND (p.recorded_at <= {now} OR p.kind <> 'snapshot')"
    " ORDER BY p.day DESC, p.recorded_at DESC, p.id DESC LIMIT 1)"
)
_FACT = "(SELECT g.mrr FROM metrics_subscriptionfacts g WHERE g.subscription_id = s.id)"
_MRR = f"CASE WHEN {{past}} THEN {_POINT} ELSE {_FACT} END"
SUBSCRIPTION = (
    Attribute(
        "mrr",
        "MRR",
        Type.MONEY,
        f"({_MRR}) * CASE s.currency{{converted}} END",
        by_currency=f"CASE WHEN s.currency = {{currency}} THEN {_MRR} END",
        explains="What it brings a month; nothing while it does not run.",
        missing="Unknown where nobody can compute it, or a rate is missing.",
    ),
)
_KNOWN = {"invoice": _STANDING, "subscription": SUBSCRIPTION}
