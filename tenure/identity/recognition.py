"""Recognising records: from what a page brought, or what is stored, to accounts, links and conflicts.

Everything runs in the caller's transaction and change set. The same functions take a page that just
arrived and stored rows that are gone through again, so both end alike.
"""

from collections.abc import Collection, Sequence

from tenure.connections.models import Site
from tenure.customers import accounts, payers, sharing
from tenure.customers.landing import Batch
from tenure.customers.making import Followed
from tenure.customers.models import Subscription
from tenure.identity import allocation, disagreement, rules
from tenure.identity.claims import Row, claims_of, claims_of_subscriptions
from tenure.identity.models import RecordKind
from tenure.identity.resolve import IdentifierRule


def billing_accounts(
    site: Site, rows: Sequence[Row], batch: Batch, rule: IdentifierRule | None = None
) -> Followed:
    """Recognise these billing accounts, and whatever waited for them; by the rule in force, which a
    page has asked for already."""
    rule = rule or rules.in_force()
    if rule.on_subscriptions:
        waiting = sharing.waiting(site.pk, [row.upstream_id for row in rows])
        return _subscriptions(site, waiting, batch, brought=rows)
    claims = claims_of(site, rows, rule)
    followed = accounts.follow(site, rows, claims, batch)
    disagreement.review(site, RecordKind.BILLING_ACCOUNT, claims, followed, batch)
    return followed


def subscriptions(
    site: Site, upstream_ids: Collection[str], batch: Batch, rule: IdentifierRule | None = None
) -> Followed:
    """Recognise these stored subscriptions. Nothing to do while accounts are named by what bills
    them: a subscription then belongs to its billing account's."""
    if not upstream_ids or not (rule or rules.in_force()).on_subscriptions:
        return Followed()
    rows = Subscription.objects.filter(site=site, upstream_id__in=list(upstream_ids))
    return _subscriptions(site, list(rows), batch)


def invoices(rows: Collection[int], rule: IdentifierRule | None = None) -> set[int]:
    """Share out these stored invoices that just landed; every account that has a part of one."""
    if not rows or not (rule or rules.in_force()).on_subscriptions:
        return set()
    return allocation.allocate(rows) | allocation.sharers(rows)


def adopt_orphans(site_id: int) -> set[int]:
    """Link what arrived before its billing account; the accounts it belongs to. Where subscriptions
    name the accounts nothing is inherited, so nothing is left to adopt."""
    if rules.in_force().on_subscriptions:
        return set()
    return payers.adopt_orphans(site_id)


def _subscriptions(
    site: Site, rows: Sequence[Subscription], batch: Batch, *, brought: Sequence[Row] = ()
) -> Followed:
    claims = claims_of_subscriptions(site, rows)
    followed = sharing.follow(site, rows, claims, batch, brought=brought)
    disagreement.review(site, RecordKind.SUBSCRIPTION, claims, followed, batch)
    fresh = [row for row in rows if row.upstream_id not in followed.linked]
    if fresh:
        followed.accounts |= allocation.allocate(
            allocation.invoices_of(
                site.pk,
                subscriptions={row.upstream_id for row in fresh},
                payers={row.account_upstream_id for row in fresh},
            )
        )
    return followed
