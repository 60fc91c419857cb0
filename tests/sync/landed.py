"""Pages landed as a run lands them, without a run: for what follows from records alone."""

from collections.abc import Sequence
from typing import Any

from tenure.connections.models import Site
from tenure.customers.models import Account, Attribute, BillingAccount, Subscription
from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sync.streams import Outcome, land_page
from tests.builders import a_batch


def land_accounts(site: Site, page: Sequence[records.BillingAccount]) -> Outcome:
    """Land a page of accounts, their own accounts made and brought up to date."""
    return land_page(Stream.ACCOUNTS, site, page, a_batch(site))


def land_subscriptions(site: Site, page: Sequence[records.Subscription]) -> Outcome:
    """Land a page of subscriptions with their attributes."""
    return land_page(Stream.SUBSCRIPTIONS, site, page, a_batch(site))


def attribute(name: str, field: str, kind: str = "text") -> Attribute:
    """Map a field as it stands from now on, in place of what the name meant before."""
    values = {"label": name, "kind": kind, "source_field": field}
    object_kind = field.partition(".")[0]
    return Attribute.objects.update_or_create(name=name, object_kind=object_kind, defaults=values)[
        0
    ]


def everything() -> list[Any]:
    """What people see of all customers: by identifier, never by a number of our own."""
    seen: list[Any] = [
        (a.identifier, a.scope and a.scope.subdomain, a.name, a.state, a.attributes, a.search)
        for a in Account.objects.select_related("scope")
    ]
    for model in (BillingAccount, Subscription):
        rows = model.objects.select_related("site", "account")
        seen += [
            (r.site.subdomain, r.upstream_id, r.account and r.account.identifier) for r in rows
        ]
    seen += [(s.upstream_id, s.attributes) for s in Subscription.objects.all()]
    return sorted(seen, key=repr)
