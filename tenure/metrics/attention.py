"""What of accounts wants attention: terms and trials that end, money that is late, failed or due soon."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from tenure.customers.models import Invoice
from tenure.customers.models.invoicing import OPEN
from tenure.metrics.models import AccountFacts, SubscriptionFacts

LATELY, SOON = timedelta(days=30), timedelta(days=7)


def terms_ending(
    first: date, last: date, owner_id: int | None, *, limit: int
) -> Sequence[AccountFacts]:
    """Terms that end from one day to another, both included, the soonest and largest first; of one
    owner's accounts alone, if one is named."""
    rows = _of(owner_id).filter(term_end_date__gte=first, term_end_date__lte=last)
    return list(rows.order_by("term_end_date", "-mrr_sort")[:limit])


def most_overdue(owner_id: int | None, *, limit: int) -> Sequence[AccountFacts]:
    """Those that owe what is late, the most first."""
    return list(_of(owner_id).filter(past_due_sort__gt=0).order_by("-past_due_sort")[:limit])


def trials_ending(
    first: date, last: date, owner_id: int | None, *, limit: int
) -> Sequence[SubscriptionFacts]:
    """Trials that end from one day to another, both included, the soonest and largest first."""
    rows = SubscriptionFacts.objects.filter(
        status="trial", trial_ends_on__gte=first, trial_ends_on__lte=last, account__removed_at=None
    )
    if owner_id is not None:
        rows = rows.filter(account__owner_id=owner_id)
    return list(rows.select_related("account").order_by("trial_ends_on", "-monthly")[:limit])


def failed_or_due(now: datetime, owner_id: int | None, *, limit: int) -> Sequence[Invoice]:
    """Bills that failed in the last thirty days, the newest first, then those that fall due within a
    week, the soonest first."""
    bills = Invoice.objects.filter(account__removed_at=None, removed_at=None, balance__gt=0)
    if owner_id is not None:
        bills = bills.filter(account__owner_id=owner_id)
    bills = bills.select_related("account")
    # Of what failed lately none was made much earlier, and by the day it was made there is an index.
    failed = bills.filter(
        state="failed", closed_at__gte=now - LATELY, created_at__gte=now - LATELY * 6
    )
    soon = bills.filter(OPEN, due_at__gte=now, due_at__lt=now + SOON)
    found = list(failed.order_by("-created_at", "-pk")[:limit])
    return [*found, *soon.order_by("due_at", "pk")[: limit - len(found)]]


def _of(owner_id: int | None) -> "QuerySet[AccountFacts]":
    rows = AccountFacts.objects.select_related("account").filter(account__removed_at=None)
    return rows if owner_id is None else rows.filter(account__owner_id=owner_id)
