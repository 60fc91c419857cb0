"""Accounts whose figures want attention: terms that end, money that is late."""

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet

from tenure.metrics.models import AccountFacts


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


def _of(owner_id: int | None) -> "QuerySet[AccountFacts]":
    rows = AccountFacts.objects.select_related("account").filter(account__removed_at=None)
    return rows if owner_id is None else rows.filter(account__owner_id=owner_id)
