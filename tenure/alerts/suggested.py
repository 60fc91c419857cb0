"""Rules to begin with: off until somebody accepts one, each shown with its back-test."""

from dataclasses import replace
from datetime import datetime

from tenure.access.models import Member
from tenure.alerts.models import AlertRule, Kind
from tenure.alerts.write import Draft, save

SUGGESTED = {
    "overdue-large": Draft(
        "Overdue over 50,000",
        "past_due > 50000",
        "{name} is overdue with {past_due}.",
        task="Call {name} about the overdue invoices.",
    ),
    "due-large": Draft(
        "Due over 50,000",
        "total_due > 50000",
        "{name} owes {total_due}.",
    ),
    "overdue-invoices": Draft(
        "More than 2 overdue invoices",
        "past_due_count > 2",
        "{name} has {past_due_count} overdue invoices.",
    ),
    "billed-small": Draft(
        "Billed under 50,000",
        "billed < 50000",
        "{name} was billed {billed} in all.",
    ),
    "paid-large": Draft(
        "Paid over 50,000",
        "total_paid > 50000",
        "{name} has paid {total_paid}.",
        kind=Kind.UPSELL,
    ),
    "overdue-month": Draft(
        "A month overdue",
        "oldest_past_due_days >= 30",
        "{name} is {oldest_past_due_days} overdue.",
    ),
    "revenue-fell": Draft(
        "MRR fell by a fifth",
        "mrr fell by 20 % in 30 days",
        "{name}'s MRR fell to {mrr}.",
    ),
    "renewal-at-risk": Draft(
        "Renewal in 30 days with an overdue invoice",
        "next_renewal_date in next 30 days and past_due_count > 0",
        "{name} renews on {next_renewal_date}. Overdue invoices: {past_due_count}.",
        kind=Kind.RENEWAL,
    ),
    "payments-failing": Draft(
        "Three failed payments in 90 days",
        "payment_failures_90d >= 3",
        "{payment_failures_90d} payments of {name} failed.",
    ),
    "cancelling": Draft(
        "Cancelling",
        "subscription_status = cancelling",
        "{name} will not renew: {subscription_status}.",
    ),
    "trial-ends": Draft(
        "Trial ends in a week",
        "any subscription (trial_ends in next 7 days)",
        "A trial of {name} ends within days.",
        kind=Kind.ONBOARDING,
    ),
    "health-red": Draft(
        "Health turned red",
        "health = red",
        "{name}'s financial health is {health}.",
    ),
}


def open_suggestions() -> dict[str, Draft]:
    """The suggestions nobody has accepted yet, by key."""
    taken = set(AlertRule.objects.exclude(suggested="").values_list("suggested", flat=True))
    return {key: draft for key, draft in SUGGESTED.items() if key not in taken}


def accept(key: str, *, now: datetime, member: Member | None = None, by: str = "") -> AlertRule:
    """Make a rule of a suggestion; it is still switched off. Raises KeyError for an unknown key."""
    return save(replace(SUGGESTED[key], suggested=key), now=now, member=member, by=by)
