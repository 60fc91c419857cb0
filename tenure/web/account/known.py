"""The subscriptions and invoices a page of an account shows: as they are, as they were known on a past
day, or, of a day before the account was first measured, as they are made out since."""

from datetime import datetime

from tenure.customers import read as customers
from tenure.customers.models import Invoice, Subscription
from tenure.customers.read import InvoicePlace
from tenure.metrics import rewound
from tenure.metrics.as_of import Moment, kind_of
from tenure.metrics.models import VersionKind
from tenure.web.account.head import Head

SETTLED = ("paid", "closed", "failed", "voided")


def made_out(head: Head, moment: Moment | None) -> bool:
    """Whether nothing of the account was kept yet on that day: its records are then made out."""
    return moment is not None and kind_of(head.facts) != VersionKind.SNAPSHOT


def subscriptions(head: Head, moment: Moment | None) -> list[Subscription]:
    """The account's agreements, the living ones first."""
    pk = head.account.pk
    if moment and made_out(head, moment):
        return rewound.subscriptions(customers.subscriptions(pk), moment.last)
    return customers.subscriptions(pk, at=moment.instant if moment else None)


def invoices(
    head: Head,
    moment: Moment | None,
    *,
    limit: int,
    after: InvoicePlace | None = None,
    before: datetime | None = None,
    only_open: bool = False,
) -> list[Invoice]:
    """The account's bills, the newest first, going on after a place or an instant."""
    pk = head.account.pk
    if moment and made_out(head, moment):
        until = min(before or moment.instant, moment.instant)
        rows = customers.invoices(pk, limit=limit, after=after, before=until)
        found = rewound.invoices(pk, rows, moment.last)
        return [row for row in found if not only_open or row.state not in SETTLED]
    then = moment.instant if moment else None
    return customers.invoices(
        pk, limit=limit, after=after, before=before, only_open=only_open, at=then
    )
