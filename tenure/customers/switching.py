"""What changing how a site is kept would do to values set by hand, worked out before it is done."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, effective, fields
from tenure.customers.accounts import contributions_of, daily_sites, terms_of
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import Decision, Standing, decide
from tenure.customers.models import Account, BillingAccount

CHUNK = 500
MOST = 10_000
SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Override:
    """One value set by hand that a run would replace: what it is, what the site says, whose it is."""

    account: Account
    name: str
    value: Any
    says: Any
    set_by: str
    set_at: str


@dataclass(slots=True)
class Switch:
    """What a change comes to. ``accounts`` the site feeds; ``values`` set by hand on ``edited``
    accounts that its next run would replace; ``whole`` is False when there were too many to count."""

    accounts: int
    values: int = 0
    edited: int = 0
    samples: list[Override] = field(default_factory=list)
    whole: bool = True


def switch(site: Site, *, accounts_mode: str, allows_pins: bool, now: datetime) -> Switch:
    """What the site's next run would replace if it were kept like this from now on."""
    fed = BillingAccount.objects.filter(site=site, removed_at=None).exclude(account=None)
    found = Switch(accounts=fed.values("account_id").distinct().count())
    if accounts_mode != Mode.DAILY or site.staged:
        return found
    daily = daily_sites() | {site.subdomain}
    mapping, gone = attributes.mapped(fields.ACCOUNT), attributes.vanished_paths(fields.ACCOUNT)
    for number, account, decision in _decided(site, mapping, daily, gone, allows_pins, now):
        if number > MOST:
            found.whole = False
            break
        _count(found, account, decision)
    return found


def _decided(
    site: Site,
    mapping: Sequence[Mapped],
    daily: set[str],
    gone: Mapping[str, Collection[str]],
    allows_pins: bool,
    now: datetime,
) -> Iterator[tuple[int, Account, Decision]]:
    """The accounts edited by hand that the site feeds, each with what a run would decide about it."""
    last = number = 0
    while chunk := _edited(site, last):
        feeding = contributions_of([account.pk for account in chunk], mapping)
        for account in chunk:
            number += 1
            feed = feeding.get(account.pk)
            if feed and feed.parts:
                terms = terms_of(feed, mapping, daily=daily, gone=gone)
                held = terms.allows_pins if allows_pins == site.allows_pins else allows_pins
                standing = Standing(
                    account.name, account.state, account.attributes, account.sources
                )
                composed = effective.compose(feed.parts, mapping)
                decision = decide(standing, composed, replace(terms, allows_pins=held), now=now)
                yield number, account, decision
        last = chunk[-1].pk


def _edited(site: Site, after: int) -> list[Account]:
    rows = Account.objects.filter(edited=True, removed_at=None, pk__gt=after)
    fed = rows.filter(billing_accounts__site=site, billing_accounts__removed_at=None).distinct()
    return list(fed.defer("search").order_by("pk")[:CHUNK])


def _count(found: Switch, account: Account, decision: Decision) -> None:
    overridden: Mapping[str, Mapping[str, Any]] = decision.overridden
    found.values += len(overridden)
    found.edited += bool(overridden)
    for place, entry in overridden.items():
        if len(found.samples) < SAMPLES:
            old, new = decision.changes[place]
            name = place.removeprefix("attributes.")
            by, at = entry.get("set_by") or "", entry.get("set_at") or ""
            found.samples.append(Override(account, name, old, new, by, at))
