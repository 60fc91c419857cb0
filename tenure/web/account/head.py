"""The head every tab of an account shares: who it is, where it is billed, what it is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse

from tenure.customers import read as customers
from tenure.customers.models import Account, BillingAccount
from tenure.customers.provenance import of_attribute
from tenure.customers.values_at import values_at
from tenure.health import read as health
from tenure.health.models import HealthScore, Verdict
from tenure.identity import conflicts
from tenure.metrics.as_of import Moment, figures_at, is_mrr_alone, kind_of
from tenure.metrics.models import Figures, VersionKind
from tenure.notify import read as notify
from tenure.sources import registry
from tenure.sources.base import Stream
from tenure.web.account.strip import past_strip, strip
from tenure.web.as_of import at
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers
from tenure.web.runs.freshness import standings_for

MADE_OUT = (VersionKind.RECONSTRUCTED, VersionKind.INFERRED)
GONE = "There is no such account here. It may have been removed together with its site."


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: its address name, label, and how many things are behind it when that is known."""

    name: str
    label: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """A billing account with the address of its page at the source, where it has one."""

    row: BillingAccount
    address: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an account before any tab asks for more."""

    account: Account
    payers: Sequence[Payer]
    facts: Figures | None
    score: HealthScore | None = None
    past_score: Verdict | None = None

    @property
    def rows(self) -> list[BillingAccount]:
        """The billing accounts alone."""
        return [payer.row for payer in self.payers]


def head_of(pk: int, moment: Moment | None = None) -> Head:
    """The account's head, at a past time with the values and figures known then. Raises Http404 with
    a sentence when there is no such account."""
    try:
        account = customers.get_account(pk)
    except Account.DoesNotExist:
        raise Http404(GONE) from None
    payers = [Payer(row, record_link(row)) for row in customers.billing_accounts(pk)]
    if moment:
        values_at([account], moment.instant)
        past = health.scores_at([pk], moment.instant).get(pk)
        return Head(account, payers, figures_at([pk], moment).get(pk), None, past)
    return Head(account, payers, *health.figures_of(pk))


def good_at(request: HttpRequest, payers: Sequence[Payer]) -> datetime | None:
    """By a real clock, when all sites that bill the account were last proved to be here whole; None when one never was."""
    good = {known.site.pk: known.good_at for known in standings_for(request)}
    times = [good.get(payer.row.site_id) for payer in payers]
    known = [at for at in times if at]
    return min(known) if known and len(known) == len(times) else None


def record_link(row: BillingAccount) -> str | None:
    """The billing account's page at its source."""
    source = registry.source(row.site.source)
    return source.record_url(row.site.subdomain, Stream.ACCOUNTS, row.code)


def shown(request: HttpRequest, head: Head, tab: str, **more: Any) -> dict[str, Any]:
    """The values every tab's template needs, with the tab's own."""
    facts, moment = head.facts, at(request)
    counted = facts if facts and not (moment and is_mrr_alone(facts)) else None
    tabs = [
        Tab("account", "Overview"),
        Tab("account_health", "Health"),
        Tab("account_money", "Money"),
        Tab(
            "account_subscriptions",
            "Subscriptions",
            counted.subscriptions_count if counted else None,
        ),
        Tab("account_invoices", "Invoices", counted.invoices_count if counted else None),
        Tab("account_attributes", "Attributes"),
        Tab("account_users", "Users"),
        Tab("account_timeline", "Timeline"),
        Tab("account_raw", "Raw"),
    ]
    unread, follows = notify.at_hand(member_of(request), head.account.pk)
    request.unread = unread  # type: ignore[attr-defined]  # the frame asks for it
    return {
        "head": head,
        "account": head.account,
        "good_at": None if moment else good_at(request, head.payers),
        "made_out": moment is not None and kind_of(facts) in MADE_OUT,
        "facts": facts,
        "open_conflicts": () if moment else conflicts.listing(account_id=head.account.pk, limit=3),
        "tiles": past_strip(facts) if moment else strip(facts),
        "follows": follows,
        "may_edit": may_edit_customers(member_of(request)) and moment is None,
        "name_kept": of_attribute(head.account, "name", head.rows),
        "tabs": [
            (
                item,
                reverse(item.name, args=[head.account.pk]),
                item.name == tab,
            )
            for item in tabs
        ],
        **more,
    }
