"""What rules may ask of an account's figures; of its related rows ``row_offers`` says it.

Every money figure is asked in the workspace's currency at today's rates, or in one named currency
(METRICS section 8). The past ones are those of ``FactsVersion``, as we knew them then.
"""

from tenure.metrics.models import Figures, InvoiceStatus, SubscriptionStatus, VersionKind
from tenure.metrics.offering import (
    FACTS,
    PAYMENTS,
    RECEIVABLES,
    REVENUE,
    aged,
    derived,
    figure,
    money,
    status,
)
from tenure.rules.catalogue import Attribute, History
from tenure.rules.operators import Type


def histories() -> dict[str, History]:
    """The figures of accounts through time, the present ones last; ``kind`` says how they are known."""
    kept = ", ".join(str(field.column) for field in Figures._meta.fields)
    return {
        FACTS: History(
            "f",
            f"""(SELECT account_id, valid_from, valid_to, kind, {kept} FROM metrics_factsversion
                UNION ALL
                SELECT account_id, updated_at, 'infinity'::timestamptz, '{VersionKind.SNAPSHOT}',
                       {kept}
                FROM metrics_accountfacts)""",
        )
    }


def account_attributes() -> tuple[Attribute, ...]:
    """The figures of an account (METRICS sections 3 and 4)."""
    return _FIGURES


_NUMBER, _DATE, _LIST, _YES_NO = Type.NUMBER, Type.DATE, Type.LIST, Type.BOOLEAN
_FIGURES = (
    money("mrr", "MRR", REVENUE, "Monthly recurring revenue of what runs today.", "mrr_converted"),
    money("arr", "ARR", REVENUE, "Twelve months of the MRR."),
    money("paused_mrr", "Paused MRR", REVENUE, "What paused subscriptions would bring."),
    money("trial_mrr", "Trial MRR", REVENUE, "What trials would bring."),
    money("cancelling_mrr", "Cancelling MRR", REVENUE, "MRR that ends and will not renew."),
    money("committed_mrr", "Committed MRR", REVENUE, "MRR with what is agreed for later."),
    money("past_due_mrr", "Past-due MRR", REVENUE, "MRR of subscriptions with a late invoice."),
    status(
        "subscription_status",
        "Subscription status",
        SubscriptionStatus.values,
        REVENUE,
        "What the account's subscriptions add up to.",
    ),
    figure("plan_names", "Plans", _LIST, REVENUE, "Names of the plans that run.", "plan", "plans"),
    figure("plan_codes", "Plan codes", _LIST, REVENUE, "Codes of the plans that run.", "plan_code"),
    figure(
        "total_quantity",
        "Quantity",
        _NUMBER,
        REVENUE,
        "Seats or units in all.",
        "quantity",
        missing="Unknown while nothing that runs has a quantity.",
    ),
    derived(
        "add_ons",
        "Add-ons",
        _LIST,
        "CASE WHEN {f}.account_id IS NOT NULL THEN ARRAY(SELECT jsonb_object_keys({f}.addon_quantity)) END",
        REVENUE,
        "Codes of the add-ons that run.",
        "add_on",
    ),
    derived(
        "addon_quantity",
        "Add-on quantity",
        _NUMBER,
        "CASE WHEN {f}.account_id IS NOT NULL THEN (SELECT coalesce(sum(addon.value::numeric), 0)"
        " FROM jsonb_each_text({f}.addon_quantity) addon) END",
        REVENUE,
        "Units of all add-ons that run.",
    ),
    figure("subscriptions_count", "Subscriptions", _NUMBER, REVENUE, "Every one there ever was."),
    figure("active_subscriptions", "Active subscriptions", _NUMBER, REVENUE, "Those that run."),
    figure(
        "next_renewal_date",
        "Next renewal",
        _DATE,
        REVENUE,
        "When the next term begins.",
        "renewal",
        missing="Unknown while nothing renews by itself.",
    ),
    figure(
        "next_bill_date",
        "Next bill",
        _DATE,
        REVENUE,
        "When the next invoice is made.",
        missing="Unknown while no invoice is to come.",
    ),
    figure(
        "term_end_date",
        "Term ends",
        _DATE,
        REVENUE,
        "The first term to end, renewing or not.",
        missing="Unknown while nothing runs.",
    ),
    figure(
        "customer_since",
        "Customer since",
        _DATE,
        REVENUE,
        "The first activation.",
        missing="Unknown before the first subscription begins.",
    ),
    figure("flags", "Flags", _LIST, REVENUE, "What is odd about its figures.", "flag"),
    derived(
        "main_currency",
        "Main currency",
        Type.TEXT,
        "nullif({f}.main_currency, '')",
        REVENUE,
        "The currency with the most of its money.",
        "currency",
    ),
    figure(
        "missing_rates",
        "Missing rates",
        _LIST,
        REVENUE,
        "Currencies of its amounts that nobody can convert today.",
    ),
    money(
        "total_due", "Due", RECEIVABLES, "What is owed.", "due", "total_amount_due", "receivable"
    ),
    money(
        "past_due",
        "Overdue",
        RECEIVABLES,
        "What is owed and late.",
        "overdue",
        "past_due_amount",
        "total_amount_overdue",
    ),
    money("not_yet_due", "Not yet due", RECEIVABLES, "What is owed and not late."),
    aged("current", "current", "Owed, not late", "What is owed on invoices that are not late."),
    aged("1-30", "1_30", "Owed, 1–30 days late", "What is owed on invoices 1 to 30 days late."),
    aged("31-60", "31_60", "Owed, 31–60 days late", "The same, 31 to 60 days late."),
    aged("61-90", "61_90", "Owed, 61–90 days late", "The same, 61 to 90 days late."),
    aged("90+", "over_90", "Owed, over 90 days late", "The same, 91 days late or more."),
    money("net_due", "Due, less credit", RECEIVABLES, "What is owed less the credit to use."),
    money("available_credit", "Available credit", RECEIVABLES, "Credit not used yet."),
    money("failed_amount", "Failed", RECEIVABLES, "Invoices that failed for good."),
    money("written_off", "Written off", RECEIVABLES, "What was given up."),
    status(
        "invoice_status",
        "Invoice status",
        InvoiceStatus.values,
        RECEIVABLES,
        "What the account's invoices add up to.",
    ),
    figure("invoices_count", "Invoices", _NUMBER, RECEIVABLES, "Every one there ever was."),
    figure(
        "past_due_count",
        "Overdue invoices",
        _NUMBER,
        RECEIVABLES,
        "How many invoices are late.",
        "overdue_invoices",
    ),
    figure(
        "oldest_past_due_days",
        "Days overdue",
        _NUMBER,
        RECEIVABLES,
        "How late the oldest is.",
        "days_overdue",
        unit="days",
    ),
    figure(
        "oldest_past_due_since",
        "Overdue since",
        _DATE,
        RECEIVABLES,
        "Since when the oldest is late.",
        "overdue_since",
        missing="Unknown while nothing is late.",
    ),
    figure(
        "next_due_date",
        "Next due date",
        _DATE,
        RECEIVABLES,
        "When the next is due.",
        missing="Unknown while nothing is due.",
    ),
    money(
        "next_due",
        "Next due",
        RECEIVABLES,
        "What falls due on the next due day; nothing where none is known.",
        "next_due_amount",
    ),
    figure("in_dunning", "In dunning", _YES_NO, RECEIVABLES, "Reminders are being sent."),
    figure(
        "dunning_step",
        "Dunning step",
        _NUMBER,
        RECEIVABLES,
        "How many reminders were sent.",
        missing="Unknown while none is being sent.",
    ),
    figure("final_dunning", "Final dunning", _YES_NO, RECEIVABLES, "The last reminder was sent."),
    money("total_paid", "Paid", PAYMENTS, "Everything paid.", "paid", "total_amount_paid"),
    money("net_paid", "Net paid", PAYMENTS, "Paid without refunds.", "lifetime_paid"),
    money("total_refunded", "Refunded", PAYMENTS, "Everything paid back."),
    money(
        "billed", "Billed", PAYMENTS, "Everything billed.", "total_amount_billed", "billed_amount"
    ),
    money("net_billed", "Net billed", PAYMENTS, "Billed without credits."),
    money(
        "last_paid",
        "Last payment",
        PAYMENTS,
        "The latest payment.",
        "last_payment_amount",
        "last_paid_amount",
    ),
    derived(
        "first_paid_date",
        "First paid",
        _DATE,
        "{f}.first_paid_date",
        PAYMENTS,
        "When the first payment came.",
        "first_payment_date",
        missing="Unknown while nothing was ever paid.",
    ),
    figure(
        "last_paid_date",
        "Last paid",
        _DATE,
        PAYMENTS,
        "When the latest payment came.",
        "last_payment_date",
        missing="Unknown while nothing was ever paid.",
    ),
    figure(
        "last_invoice_date",
        "Last invoice",
        _DATE,
        PAYMENTS,
        "When the latest was issued.",
        missing="Unknown while nothing was ever billed.",
    ),
    figure(
        "payment_failures_90d",
        "Failed payments in 90 days",
        _NUMBER,
        PAYMENTS,
        "Declined or failed tries.",
        "failed_payments",
    ),
    figure(
        "on_time_rate_12m",
        "Paid on time",
        _NUMBER,
        PAYMENTS,
        "Share of invoices paid by their day, 12 months.",
        "on_time_rate",
        unit="share",
        missing="Unknown while no invoice fell due in 12 months.",
    ),
    figure(
        "average_days_to_pay",
        "Days to pay",
        _NUMBER,
        PAYMENTS,
        "From issue to payment, on average, of what was paid in 365 days.",
        "days_to_pay",
        unit="days",
        missing="Unknown while nothing was paid in 365 days.",
    ),
    figure(
        "average_days_late",
        "Days late",
        _NUMBER,
        PAYMENTS,
        "From due day to payment, on average, of what was paid in 365 days; in time counts as nothing.",
        "days_late",
        unit="days",
        missing="Unknown while nothing with a due day was paid in 365 days.",
    ),
    figure(
        "dso",
        "DSO",
        _NUMBER,
        PAYMENTS,
        "Days of billing that are owed: what is due by what was billed in 90 days, times 90.",
        "days_sales_outstanding",
        unit="days",
        missing="Unknown while nothing was billed in 90 days.",
    ),
)
