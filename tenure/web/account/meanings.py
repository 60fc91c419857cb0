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
    "available_credit": Meaning("Credit to use", "What is left on open credit invoices."),
    **{f"ageing.{name}": Meaning(*words) for name, words in _AGES.items()},
    "next_renewal_date": Meaning(
        "Next renewal",
        words="The earliest end of a term among active subscriptions that renew by themselves and"
        " are not being cancelled.",
    ),
    "customer_since": Meaning("Customer since", "The day the first subscription was activated."),
}
