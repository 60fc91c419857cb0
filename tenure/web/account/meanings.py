"""What each figure of an account means, in the words of the definition it is computed by."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """The name of a figure and what counts in it."""

    label: str
    words: str


_AGES = {
    "current": ("Owed, not yet due", "The balance of the open invoices that are not late."),
    "1-30": ("Owed, 1–30 days late", "The balance of the invoices that are 1 to 30 days late."),
    "31-60": ("Owed, 31–60 days late", "The balance of the invoices that are 31 to 60 days late."),
    "61-90": ("Owed, 61–90 days late", "The balance of the invoices that are 61 to 90 days late."),
    "90+": (
        "Owed, over 90 days late",
        "The balance of the invoices that are 91 days late or more.",
    ),
}
MEANINGS: Mapping[str, Meaning] = {
    "mrr": Meaning(
        "MRR",
        words="What each active subscription bills for one interval (quantity times unit price, with"
        " fixed add-ons, less recurring discounts and tax) brought to one month. Trials, paused and"
        " future subscriptions, usage and one-time charges do not count.",
    ),
    "arr": Meaning(
        "ARR",
        words="The same amounts as MRR brought to a year from the price of the period, not from"
        " rounded MRR.",
    ),
    "paused_mrr": Meaning("Paused MRR", "What paused subscriptions would be worth a month."),
    "trial_mrr": Meaning("Trial MRR", "What subscriptions in trial would be worth a month."),
    "cancelling_mrr": Meaning(
        "Cancelling MRR", "The part of MRR that ends: cancelled, or in its last cycle."
    ),
    "past_due_mrr": Meaning(
        "Past-due MRR", "The part of MRR that an overdue invoice bills: revenue in doubt."
    ),
    "committed_mrr": Meaning(
        "Committed MRR",
        words="MRR without what is cancelling, with what starts within 90 days and with the changes"
        " agreed for the next renewal.",
    ),
    "net_paid": Meaning(
        "Net paid", "Everything paid on invoices that are not voided, less refunds."
    ),
    "total_paid": Meaning("Paid", "Everything paid on bills that are not voided."),
    "total_refunded": Meaning("Refunded", "Every refund that succeeded."),
    "last_paid": Meaning("Last payment", "The payment that was collected last."),
    "billed": Meaning("Billed", "The totals of all bills that are not voided."),
    "net_billed": Meaning("Net billed", "What was billed, less credit invoices."),
    "written_off": Meaning("Written off", "Credit invoices made to write a bill off."),
    "failed_amount": Meaning(
        "Failed", "What is open on invoices that left dunning: lost, no longer owed."
    ),
    "total_due": Meaning(
        "Due",
        words="The balance of every open invoice, whether late or not. Credit that could be used"
        " stands beside it and is never taken off silently.",
    ),
    "past_due": Meaning("Overdue", "The balance of the open invoices whose due date has passed."),
    "not_yet_due": Meaning("Not yet due", "The balance of the open invoices that are not late."),
    "next_due": Meaning("Next due", "What falls due on the next due day."),
    "net_due": Meaning("Due, less credit", "What is owed less the credit that could be used."),
    "available_credit": Meaning("Credit to use", "What is left on open credit invoices."),
    **{f"ageing.{name}": Meaning(*words) for name, words in _AGES.items()},
    "next_renewal_date": Meaning(
        "Next renewal",
        words="The earliest end of a term among active subscriptions that renew by themselves and"
        " are not being cancelled.",
    ),
    "customer_since": Meaning("Customer since", "The day the first subscription was activated."),
    "next_bill_date": Meaning("Next bill", "The earliest end of a period that brings a bill."),
    "term_end_date": Meaning("Term ends", "The earliest end of a term, renewing or not."),
    "total_quantity": Meaning("Quantity", "The quantities of active subscriptions together."),
    "active_subscriptions": Meaning("Active subscriptions", "Those that count towards MRR."),
    "subscriptions_count": Meaning("Subscriptions", "All there ever were."),
    "plan_names": Meaning("Plans", "The plans of active, trial and paused subscriptions."),
    "plan_codes": Meaning("Plan codes", "The plans of active, trial and paused subscriptions."),
    "subscription_status": Meaning(
        "Status",
        words="The first that any subscription has: active, cancelling, paused, in trial, future,"
        " expired, failed.",
    ),
    "quantity_by_plan": Meaning(
        "Quantity by plan", "The quantities of active subscriptions, by the code of their plan."
    ),
    "addon_quantity": Meaning(
        "Add-ons", "The quantities of the add-ons that active subscriptions bought, by their code."
    ),
    "invoice_status": Meaning(
        "Invoice status",
        words="The first that any invoice has: past due, failed in the last 90 days with something"
        " open on it, processing, due, paid.",
    ),
    "last_paid_date": Meaning(
        "Last paid",
        words="The day the last payment was collected; where none is known of, the day the last"
        " paid invoice was closed.",
    ),
    "in_dunning": Meaning("In dunning", "An overdue invoice has been written about."),
    "final_dunning": Meaning("Last notice", "The last notice was sent for an overdue invoice."),
    "dso": Meaning(
        "DSO",
        words="What is owed, as days of what was billed in the last 90: owed, divided by billed,"
        " times 90. Over several currencies both are converted.",
    ),
    "past_due_count": Meaning("Overdue invoices", "Open invoices whose due date has passed."),
    "oldest_past_due_days": Meaning("Days overdue", "How late the latest-paying invoice is."),
    "oldest_past_due_since": Meaning("Overdue since", "The due day of the oldest overdue invoice."),
    "next_due_date": Meaning("Next due day", "The next day on which an open invoice falls due."),
    "last_invoice_date": Meaning("Last invoice", "The day of the newest bill."),
    "invoices_count": Meaning("Invoices", "Bills and credits that are not voided."),
    "on_time_rate_12m": Meaning(
        "On time, 12 months",
        words="Of the bills that fell due in the last 365 days and are paid, late or lost: the share"
        " paid on the due day or before it. 1 is on time, 0 is not.",
    ),
    "on_time_count_12m": Meaning("Paid on time, 12 months", "On the due day or before it."),
    "on_time_considered_12m": Meaning("Judged, 12 months", "Bills that fell due and are decided."),
    "average_days_to_pay": Meaning(
        "Days to pay", "Whole days from a bill to its payment, of bills paid in the last 365 days."
    ),
    "average_days_late": Meaning(
        "Days late", "Whole days a payment came after the due day, of bills paid in 365 days."
    ),
    "dunning_step": Meaning("Dunning notices", "The most notices sent for an overdue invoice."),
    "payment_failures_90d": Meaning(
        "Failed payments, 90 days",
        "Attempts to take money that were declined or ended in an error.",
    ),
    "first_paid_date": Meaning("First payment", "The day the first payment was collected."),
}
