"""Subscriptions and invoices as they were known at the end of a past day.

What is kept of the past are the records and the MRR of each day; what is computed for the present
alone (attempts, late days of a subscription) is null.
"""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from django.http import HttpResponse

from tenure.api import answers, finding
from tenure.api.problems import Problem
from tenure.customers import lists, paging
from tenure.metrics import past_rows
from tenure.metrics.as_of import Moment

ALLOWED = ("site", "account")
Shape = Callable[[Sequence[Any], Moment], list[dict[str, Any]]]


def subscriptions(source: ModuleType, how: Any, at: Moment) -> HttpResponse:
    """A page of agreements at that time."""
    return _page(source, how, at, lists.subscriptions, past_rows.subscriptions)


def invoices(source: ModuleType, how: Any, at: Moment) -> HttpResponse:
    """A page of bills at that time."""
    return _page(source, how, at, lists.invoices, past_rows.invoices)


def _page(
    source: ModuleType, how: Any, at: Moment, rows: Callable[..., lists.Rows], shape: Shape
) -> HttpResponse:
    for one in source.FILTERS:
        if one.name not in ALLOWED and getattr(how, one.name) is not None:
            raise Problem(
                400,
                f"With as_of this list takes site and account, not {one.name}.",
                next_step=f"Leave {one.name} out, or as_of.",
                field=one.name,
            )
    found = paging.page(
        rows(
            site=finding.site(how.site).pk if how.site is not None else None,
            account=finding.account(how.account).pk if how.account is not None else None,
            state=None,
            at=at.instant,
        ),
        sort=how.sort,
        limit=how.limit,
        cursor=how.cursor,
    )
    return answers.page(shape(found.rows, at), found.next)
