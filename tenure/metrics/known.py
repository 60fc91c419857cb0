"""An account's subscriptions and invoices: as they are, as they were known on a past day, or, of a
day before the account was first measured, as they are made out since."""

from datetime import datetime

from tenure.customers import bills as billed
from tenure.customers import read as customers
from tenure.customers.bills import InvoicePlace
from tenure.customers.models import Invoice, Subscription
from tenure.customers.timeline import Then
from tenure.metrics import rewound
from tenure.metrics.as_of import Moment, figures_at, kind_of
from tenure.metrics.models import Figures, VersionKind

MOST_MADE_OUT = 100_000
SETTLED = ("paid", "closed", "failed", "voided")


def made_out(facts: Figures | None, moment: Moment | None) -> bool:
    """Whether nothing of the account was kept yet on that day, by the figures known of it: its
    records are then made out."""
    return moment is not None and kind_of(facts) != VersionKind.SNAPSHOT


def subscriptions(
    account_id: int, facts: Figures | None, moment: Moment | None
) -> list[Subscription]:
    """The account's agreements, the living ones first."""
    if moment and made_out(facts, moment):
        return rewound.subscriptions(customers.subscriptions(account_id), moment.last)
    return customers.subscriptions(account_id, at=moment.instant if moment else None)


def invoices(
    account_id: int,
    facts: Figures | None,
    moment: Moment | None,
    *,
    limit: int,
    after: InvoicePlace | None = None,
    before: datetime | None = None,
    only_open: bool = False,
) -> list[Invoice]:
    """The account's bills, the newest first, going on after a place or an instant."""
    if moment and made_out(facts, moment):
        until = min(before or moment.instant, moment.instant)
        rows = billed.invoices(account_id, limit=limit, after=after, before=until)
        found = rewound.invoices(account_id, rows, moment.last)
        return [row for row in found if not only_open or row.state not in SETTLED]
    then = moment.instant if moment else None
    return billed.invoices(
        account_id, limit=limit, after=after, before=before, only_open=only_open, at=then
    )


def then(account_id: int, moment: Moment | None) -> Then | None:
    """What the account's timeline is told of: None for all that is known now."""
    if moment is None:
        return None
    facts = figures_at([account_id], moment).get(account_id)
    if not made_out(facts, moment):
        return Then(moment.instant)
    bills = invoices(account_id, facts, moment, limit=MOST_MADE_OUT)
    return Then(moment.instant, subscriptions(account_id, facts, moment), bills)
