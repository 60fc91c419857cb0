"""The subscriptions and invoices a page of an account shows, by the day it shows (``metrics.known``)."""

from typing import Any

from tenure.customers.models import Invoice, Subscription
from tenure.metrics import known
from tenure.metrics.as_of import Moment
from tenure.web.account.head import Head


def made_out(head: Head, moment: Moment | None) -> bool:
    """Whether nothing of the account was kept yet on that day: its records are then made out."""
    return known.made_out(head.facts, moment)


def subscriptions(head: Head, moment: Moment | None) -> list[Subscription]:
    """The account's agreements, the living ones first."""
    return known.subscriptions(head.account.pk, head.facts, moment)


def invoices(head: Head, moment: Moment | None, **which: Any) -> list[Invoice]:
    """The account's bills, the newest first: ``which`` as ``metrics.known.invoices`` has it."""
    return known.invoices(head.account.pk, head.facts, moment, **which)
