"""What rules may ask of an account's figures, and of its invoices as the figures see them.

Every money figure is asked in the workspace's currency at today's rates, or in one named currency
(METRICS section 8). The past ones are those of ``FactsVersion``, as we knew them then.
"""

from collections.abc import Mapping
from dataclasses import replace

from tenure.metrics.models import Figures, InvoiceStatus, SubscriptionStatus
from tenure.metrics.rollup import STATUSES
from tenure.rules.catalogue import Attribute, History, Relation
from tenure.rules.indexes import Column, Index, Positive
from tenure.rules.operators import Type

FACTS = "figures"
REVENUE, RECEIVABLES, PAYMENTS = "Revenue", "Receivables", "Payments"
_CONVERTED = {
    "mrr": "mrr_converted",
    "arr": "arr_converted",
    "total_due": "due_converted",
    "past_due": "past_due_converted",
    "total_paid": "paid_converted",
    "billed": "billed_converted",
}
# For sorting: the converted total where there is one, null where nothing is there to convert.
_SORTED = {
    "mrr": Column("f.mrr_sort", or_null=True),
    "total_due": Column("f.due_sort", or_null=True),
    "past_due": Column("f.past_due_sort", or_null=True),
}
_SOMETHING_LATE = Positive("f.past_due_sort > 0")
_INDEXES: Mapping[str, Index] = {
    "past_due_count": _SOMETHING_LATE,
    "oldest_past_due_days": _SOMETHING_LATE,
    "oldest_past_due_since": _SOMETHING_LATE,
    "subscription_status": Column("f.status_rank", words=STATUSES, exact=True),
}
_RATE = "Unknown while a rate to the workspace's currency is missing."


def histories() -> dict[str, History]:
    """The figures of accounts through time, the present ones last."""
    kept = ", ".join(str(field.column) for field in Figures._meta.fields)
    return {
        FACTS: History(
            "f",
            f"""(SELECT account_id, valid_from, valid_to, {kept} FROM metrics_factsversion
                UNION ALL
                SELECT account_id, updated_at, 'infinity'::timestamptz, {kept}
                FROM metrics_accountfacts)""",
        )
    }


def account_attributes() -> tuple[Attribute, ...]:
    """The figures of an account (METRICS sections 3 and 4)."""
    return _FIGURES


def with_standing(relation: Relation) -> Relation:
    """Invoices with what the figures make of each: when it is due, and whether it is late."""
    return replace(relation, listed=(*relation.listed, *_STANDING))


def _money(key: str, label: str, group: str, explains: str, *synonyms: str) -> Attribute:
    summed = (
        "(SELECT CASE WHEN count(*) = count(one.amount) THEN coalesce(sum(one.amount), 0) END FROM"
        " (SELECT each.value::numeric * CASE each.key{converted} END AS amount"
        # A zero needs no rate.
        f" FROM jsonb_each_text({{f}}.{key}) each WHERE each.value::numeric <> 0) one)"
    )
    kept = _CONVERTED.get(key)
    return Attribute(
        key,
        label,
        Type.MONEY,
        f"{{f}}.{kept}" if kept else f"CASE WHEN {{f}}.account_id IS NOT NULL THEN {summed} END",
        by_currency=f"coalesce(({{f}}.{key} ->> {{currency}})::numeric,"
        " CASE WHEN {f}.account_id IS NOT NULL THEN 0 END)",
        explains=explains,
        missing=_RATE,
        synonyms=synonyms,
        history=FACTS,
        group=group,
        figure=key,
        index=_SORTED.get(key),
    )


def _figure(
    key: str, label: str, kind: Type, group: str, explains: str, *synonyms: str, **more: str
) -> Attribute:
    cast = "::numeric" if kind is Type.NUMBER else ""
    cast = "::text[]" if kind is Type.LIST else cast
    return Attribute(
        key,
        label,
        kind,
        f"{{f}}.{key}{cast}",
        explains=explains,
        synonyms=synonyms,
        history=FACTS,
        group=group,
        figure=key,
        unit=more.get("unit", ""),
        missing=more.get("missing", "Unknown until the account is measured."),
        index=_INDEXES.get(key),
    )


def _status(key: str, label: str, values: list[str], group: str, explains: str) -> Attribute:
    return Attribute(
        key,
        label,
        Type.ENUM,
        f"{{f}}.{key}",
        values=tuple(values),
        explains=explains,
        missing="Unknown until the account is measured.",
        history=FACTS,
        group=group,
        figure=key,
        index=_INDEXES.get(key),
    )


_NUMBER, _DATE, _LIST, _YES_NO = Type.NUMBER, Type.DATE, Type.LIST, Type.BOOLEAN
_FIGURES = (
    _money("mrr", "MRR", REVENUE, "Monthly recurring revenue of what runs today."),
    _money("arr", "ARR", REVENUE, "Twelve months of the MRR."),
    _money("paused_mrr", "Paused MRR", REVENUE, "What paused subscriptions would bring."),
    _money("trial_mrr", "Trial MRR", REVENUE, "What trials would bring."),
    _money("cancelling_mrr", "Cancelling MRR", REVENUE, "MRR that ends and will not renew."),
    _money("committed_mrr", "Committed MRR", REVENUE, "MRR with what is agreed for later."),
    _money("past_due_mrr", "Past-due MRR", REVENUE, "MRR of subscriptions with a late invoice."),
    _status(
        "subscription_status",
        "Subscription status",
        SubscriptionStatus.values,
        REVENUE,
        "What the account's subscriptions add up to.",
    ),
    _figure("plan_names", "Plans", _LIST, REVENUE, "Names of the plans that run.", "plan", "plans"),
    _figure(
        "plan_codes", "Plan codes", _LIST, REVENUE, "Codes of the plans that run.", "plan_code"
    ),
    _figure("total_quantity", "Quantity", _NUMBER, REVENUE, "Seats or units in all.", "quantity"),
    _figure("subscriptions_count", "Subscriptions", _NUMBER, REVENUE, "Every one there ever was."),
    _figure("active_subscriptions", "Active subscriptions", _NUMBER, REVENUE, "Those that run."),
    _figure(
        "next_renewal_date", "Next renewal", _DATE, REVENUE, "When the next term begins.", "renewal"
    ),
    _figure("next_bill_date", "Next bill", _DATE, REVENUE, "When the next invoice is made."),
    _figure(
        "term_end_date", "Term ends", _DATE, REVENUE, "The first term to end, renewing or not."
    ),
    _figure("customer_since", "Customer since", _DATE, REVENUE, "The first activation."),
    _figure("flags", "Flags", _LIST, REVENUE, "What is odd about its figures.", "flag"),
    _money("total_due", "Due", RECEIVABLES, "What is owed.", "due", "total_amount_due"),
    _money(
        "past_due",
        "Overdue",
        RECEIVABLES,
        "What is owed and late.",
        "overdue",
        "past_due_amount",
        "total_amount_overdue",
    ),
    _money("not_yet_due", "Not yet due", RECEIVABLES, "What is owed and not late."),
    _money("available_credit", "Available credit", RECEIVABLES, "Credit not used yet."),
    _money("failed_amount", "Failed", RECEIVABLES, "Invoices that failed for good."),
    _money("written_off", "Written off", RECEIVABLES, "What was given up."),
    _status(
        "invoice_status",
        "Invoice status",
        InvoiceStatus.values,
        RECEIVABLES,
        "What the account's invoices add up to.",
    ),
    _figure("invoices_count", "Invoices", _NUMBER, RECEIVABLES, "Every one there ever was."),
    _figure(
        "past_due_count",
        "Overdue invoices",
        _NUMBER,
        RECEIVABLES,
        "How many invoices are late.",
        "overdue_invoices",
    ),
    _figure(
        "oldest_past_due_days",
        "Days overdue",
        _NUMBER,
        RECEIVABLES,
        "How late the oldest is.",
        "days_overdue",
        unit="days",
    ),
    _figure(
        "oldest_past_due_since",
        "Overdue since",
        _DATE,
        RECEIVABLES,
        "Since when the oldest is late.",
        "overdue_since",
        missing="Unknown while nothing is late.",
    ),
    _figure(
        "next_due_date",
        "Next due date",
        _DATE,
        RECEIVABLES,
        "When the next is due.",
        missing="Unknown while nothing is due.",
    ),
    _figure("in_dunning", "In dunning", _YES_NO, RECEIVABLES, "Reminders are being sent."),
    _figure("dunning_step", "Dunning step", _NUMBER, RECEIVABLES, "How many reminders were sent."),
    _figure("final_dunning", "Final dunning", _YES_NO, RECEIVABLES, "The last reminder was sent."),
    _money("total_paid", "Paid", PAYMENTS, "Everything paid.", "paid", "total_amount_paid"),
    _money("net_paid", "Net paid", PAYMENTS, "Paid without refunds.", "lifetime_paid"),
    _money("total_refunded", "Refunded", PAYMENTS, "Everything paid back."),
    _money("billed", "Billed", PAYMENTS, "Everything billed.", "total_amount_billed"),
    _money("net_billed", "Net billed", PAYMENTS, "Billed without credits."),
    _money("last_paid", "Last payment", PAYMENTS, "The latest payment.", "last_payment_amount"),
    _figure(
        "last_paid_date",
        "Last paid",
        _DATE,
        PAYMENTS,
        "When the latest payment came.",
        "last_payment_date",
        missing="Unknown while nothing was ever paid.",
    ),
    _figure("last_invoice_date", "Last invoice", _DATE, PAYMENTS, "When the latest was issued."),
    _figure(
        "payment_failures_90d",
        "Failed payments in 90 days",
        _NUMBER,
        PAYMENTS,
        "Declined or failed tries.",
        "failed_payments",
    ),
    _figure(
        "on_time_rate_12m",
        "Paid on time",
        _NUMBER,
        PAYMENTS,
        "Share of invoices paid by their day, 12 months.",
        "on_time_rate",
        unit="share",
        missing="Unknown while no invoice fell due in 12 months.",
    ),
)

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
        synonyms=("past_due",),
    ),
    Attribute(
        "overdue_amount",
        "Overdue amount",
        Type.MONEY,
        f"({_OVERDUE}) * CASE i.currency{{converted}} END",
        by_currency=f"CASE WHEN i.currency = {{currency}} THEN {_OVERDUE} END",
        explains="Its balance while it is late, else nothing.",
        missing=_RATE,
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
