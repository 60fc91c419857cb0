"""What changing how a site is kept would do to the values of its accounts, worked out before it is done."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, effective, fields
from tenure.customers.accounts import daily_sites
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import Decision, Standing, decide
from tenure.customers.feeding import Feed, contributions_of, terms_of
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
    accounts that its next run would replace, and ``others`` on ``drifted`` accounts that it would bring
    up to date; ``whole`` and ``all_others`` are False when there were too many accounts to count."""

    accounts: int
    values: int = 0
    edited: int = 0
    others: int = 0
    drifted: int = 0
    samples: list[Override] = field(default_factory=list)
    whole: bool = True
    all_others: bool = True


def switch(site: Site, *, accounts_mode: str, allows_pins: bool, now: datetime) -> Switch:
    """What the site's next run would change if it were kept like this from now on."""
    fed = BillingAccount.objects.filter(site=site, removed_at=None).exclude(account=None)
    found = Switch(accounts=fed.values("account_id").distinct().count())
    if accounts_mode != Mode.DAILY or site.staged:
        return found
    daily = daily_sites() | {site.subdomain}
    mapping, gone = attributes.mapped(fields.ACCOUNT), attributes.vanished_paths(fields.ACCOUNT)
    rule = _Rule(site, mapping, daily, gone, allows_pins, now)
    for number, account, decision in _decided(rule, edited=True):
        if number > MOST:
            found.whole = False
            break
        _count(found, account, decision)
    if site.accounts_mode == Mode.DAILY:
        return found  # all others follow it already
    for number, _, decision in _decided(rule, edited=False):
        if number > MOST:
            found.all_others = False
            break
        _count_others(found, decision)
    return found


@dataclass(frozen=True, slots=True)
class _Rule:
    """What decides about every account of the site."""

    site: Site
    mapping: Sequence[Mapped]
    daily: set[str]
    gone: Mapping[str, Collection[str]]
    allows_pins: bool
    now: datetime


def _decided(rule: _Rule, *, edited: bool) -> Iterator[tuple[int, Account, Decision]]:
    """The accounts that the site feeds, edited by hand or not, each with what a run would decide."""
    last = number = 0
    while chunk := _fed(rule.site, last, edited=edited):
        feeding = contributions_of([account.pk for account in chunk], rule.mapping)
        for account in chunk:
            number += 1
            feed = feeding.get(account.pk)
            if feed and feed.parts:
                yield number, account, _decide(rule, account, feed)
        last = chunk[-1].pk


def _decide(rule: _Rule, account: Account, feed: Feed) -> Decision:
    terms = terms_of(feed, rule.mapping, daily=rule.daily, gone=rule.gone)
    as_now = rule.allows_pins == rule.site.allows_pins
    held = terms.allows_pins if as_now else rule.allows_pins
    standing = Standing(account.name, account.state, account.attributes, account.sources)
    composed = effective.compose(feed.parts, rule.mapping)
    return decide(standing, composed, replace(terms, allows_pins=held), now=rule.now)


def _fed(site: Site, after: int, *, edited: bool) -> list[Account]:
    rows = Account.objects.filter(edited=edited, removed_at=None, pk__gt=after)
    fed = rows.filter(billing_accounts__site=site, billing_accounts__removed_at=None).distinct()
    return list(fed.defer("search").order_by("pk")[:CHUNK])


def _count_others(found: Switch, decision: Decision) -> None:
    others = len(decision.changes) - len(decision.overridden)
    found.others += others
    found.drifted += bool(others)


def _count(found: Switch, account: Account, decision: Decision) -> None:
    _count_others(found, decision)
    overridden: Mapping[str, Mapping[str, Any]] = decision.overridden
    found.values += len(overridden)
    found.edited += bool(overridden)
    for place, entry in overridden.items():
        if len(found.samples) < SAMPLES:
            old, new = decision.changes[place]
            name = place.removeprefix("attributes.")
            by, at = entry.get("set_by") or "", entry.get("set_at") or ""
            found.samples.append(Override(account, name, old, new, by, at))
