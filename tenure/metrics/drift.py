"""Drift of subscriptions: what the source says now of those that were imported once, and what that
comes to in money.

Their rows stay as imported; the newest payload of each is kept beside them. It is decoded as the
source decodes what arrives, and priced by the same formula as every figure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import transaction

from tenure.connections.models import Mode, Site
from tenure.customers import accepting, agreements, history, tables
from tenure.customers.history import open_set
from tenure.customers.landing import Batch
from tenure.customers.models import ChangeSet, Subscription
from tenure.customers.touched import touch
from tenure.customers.write import By, ValueRefused
from tenure.metrics import stored as pricing
from tenure.metrics.account_coupons import alone
from tenure.metrics.amounts import add
from tenure.metrics.inputs import Settings
from tenure.metrics.mrr import subscription_mrr
from tenure.metrics.settings import current
from tenure.sources import records, registry
from tenure.sources.base import Stream
from tenure.sync import payloads, read

CHUNK = 500


@dataclass(frozen=True, slots=True)
class SubscriptionDrift:
    """One subscription: ``changes`` maps field to what is held and what the source says; ``held`` and
    ``says`` are the MRR of the two, None where it cannot be computed."""

    pk: int
    site: str
    upstream_id: str
    plan: str
    account_id: int | None
    account: str
    changes: Mapping[str, Sequence[Any]]
    currency: str
    held: Fraction | None
    says_currency: str
    says: Fraction | None


@dataclass(slots=True)
class Money:
    """How many subscriptions differ, by how many fields, and the MRR of both sides by currency."""

    subscriptions: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    held: dict[str, Fraction] = field(default_factory=dict)
    says: dict[str, Fraction] = field(default_factory=dict)
    unknown: int = 0


def importing(sites: Sequence[Site] | None = None) -> list[Site]:
    """The sites whose subscriptions are imported once; of these sites, or of all."""
    found = Site.objects.filter(subscriptions_mode=Mode.IMPORT, staged=False)
    return list(found if sites is None else found.filter(pk__in=[site.pk for site in sites]))


def listing(
    sites: Sequence[Site], now: datetime, *, after: int = 0, limit: int = 50
) -> list[SubscriptionDrift]:
    """The subscriptions that differ, going on after one's number."""
    found: list[SubscriptionDrift] = []
    for one in _drifts(sites, now, after=after):
        found.append(one)
        if len(found) == limit:
            break
    return found


def count(sites: Sequence[Site], now: datetime) -> Money:
    """What all of it comes to."""
    money = Money()
    for one in _drifts(sites, now):
        money.subscriptions += 1
        for name in one.changes:
            money.fields[name] = money.fields.get(name, 0) + 1
        if one.held is None or one.says is None:
            money.unknown += 1
            continue
        add(money.held, one.currency, one.held)
        add(money.says, one.says_currency, one.says)
    return money


def subscription_named(upstream_id: str, sites: Sequence[Site]) -> int:
    """Our id of the subscription of one of these sites. Raises ValueRefused when there is none."""
    rows = Subscription.objects.filter(upstream_id=upstream_id, site__in=sites)
    found: int | None = rows.values_list("pk", flat=True).first()
    if found is None:
        raise ValueRefused(
            "subscription",
            f"No site in Import Only has a subscription {upstream_id[:64]!r}.",
            "List them with tenure drift.",
        )
    return found


def are_more_than(count: int, sites: Sequence[Site]) -> bool:
    """Whether more subscriptions than so many may differ; told without reading what they say."""
    ids = [site.pk for site in sites]
    return len(read.drifted(Stream.SUBSCRIPTIONS, ids, after=0, limit=count + 1)) > count


def accept(pk: int, by: By, *, now: datetime, name: str = "", shown: Any = ...) -> ChangeSet:
    """Take one field of a subscription as the source has it now, or all of them; it follows nothing
    afterwards. ``shown`` is what the person saw of the field. Raises ValueRefused when the field, or
    the subscription, does not differ any more, or when the source says something else by now."""
    with transaction.atomic():
        rows = Subscription.objects.select_for_update(no_key=True, of=("self",))
        row = rows.select_related("site").get(pk=pk)
        one = next(iter(_differing(row.site, [row], name)), None)
        if one is None or row.site.subscriptions_mode != Mode.IMPORT:
            raise ValueRefused("subscription", "It does not differ any more.", "Reload the page.")
        if shown is not ... and one.wanted[name][1] != shown:
            raise ValueRefused(
                name, "The source says something else by now.", "Reload the page to see it."
            )
        change_set = open_set(by.origin, now=now, member=by.member, reason=by.reason)
        accepting.accept(row, one.wanted, one.whole, Batch(row.site_id, change_set, now))
        touch({row.account_id} if row.account_id else set(), now)
    return change_set


@dataclass(slots=True)
class Accepted:
    """What accepting many did: ``change_set`` is None when nothing differed."""

    change_set: ChangeSet | None = None
    subscriptions: int = 0


def accept_all(sites: Sequence[Site], by: By, *, now: datetime, name: str = "") -> Accepted:
    """Take every subscription of these sites as the source has it now, in one field or in all, as one
    change set."""
    done, after = Accepted(), 0
    by_pk = {site.pk: site for site in importing(sites)}
    with transaction.atomic():
        while some := read.drifted(Stream.SUBSCRIPTIONS, list(by_pk), after=after, limit=CHUNK):
            after = max(some)
            rows = Subscription.objects.select_for_update(no_key=True).filter(pk__in=some)
            locked = list(rows.order_by("upstream_id"))  # as a page locks them
            for site in by_pk.values():
                mine = [row for row in locked if row.site_id == site.pk]
                for one in _differing(site, mine, name):
                    if done.change_set is None:
                        done.change_set = open_set(
                            by.origin, now=now, member=by.member, reason=by.reason
                        )
                    batch = Batch(site.pk, done.change_set, now)
                    accepting.accept(one.row, one.wanted, one.whole, batch)
                    done.subscriptions += 1
            touch({row.account_id for row in locked if row.account_id}, now)
    return done


@dataclass(frozen=True, slots=True)
class _Differing:
    """A locked row, the fields of it to take, and the record's hash when that is all that differs."""

    row: Subscription
    wanted: Mapping[str, Sequence[Any]]
    whole: str | None


def _differing(site: Site, rows: Sequence[Subscription], name: str) -> Iterator[_Differing]:
    """Those of the rows that differ in this field, or in any when it is empty."""
    by_id = {row.upstream_id: row for row in rows}
    said = _said(site, list(by_id)) if by_id else {}
    for upstream_id, differing in _changes(site, by_id, said).items():
        wanted = {n: pair for n, pair in differing.items() if name in ("", n)}
        if wanted:
            whole = said[upstream_id].content_hash.hex() if wanted == differing else None
            yield _Differing(by_id[upstream_id], wanted, whole)


def _drifts(sites: Sequence[Site], now: datetime, *, after: int = 0) -> Iterator[SubscriptionDrift]:
    by_pk = {site.pk: site for site in sites}
    while some := read.drifted(Stream.SUBSCRIPTIONS, list(by_pk), after=after, limit=CHUNK):
        after = max(some)
        yield from _of(some, by_pk, now)


def _of(
    some: Sequence[int], sites: Mapping[int, Site], now: datetime
) -> Iterator[SubscriptionDrift]:
    rows = Subscription.objects.filter(pk__in=some).select_related("account").order_by("pk")
    stored = {(row.site_id, row.upstream_id): row for row in rows}
    held = pricing.agreements([row.pk for row in stored.values()])
    chosen = current()
    for site in sites.values():
        mine = {name: row for (where, name), row in stored.items() if where == site.pk}
        said = _said(site, list(mine))
        changed = _changes(site, mine, said)
        for name, row in mine.items():
            if changes := changed.get(name):
                yield _drift(site, row, said[name], changes, held[site.pk, name], now, chosen)


def _changes(
    site: Site, rows: Mapping[str, Subscription], said: Mapping[str, records.Subscription]
) -> dict[str, dict[str, list[Any]]]:
    """In which fields these rows of a site differ from what it says, attributes among them."""
    ids = {name: row.pk for name, row in rows.items()}
    facts = history.would_change(tables.SUBSCRIPTIONS, ids, list(said.values()))
    values = agreements.differing(site, rows, said)
    return {
        name: {f: pair for f, pair in facts.get(name, {}).items() if f != "account_id"}
        | values.get(name, {})
        for name in rows
    }


def _said(site: Site, ids: Sequence[str]) -> dict[str, records.Subscription]:
    """The newest of these subscriptions as the source's own decoder reads them."""
    kept = read.raw_payloads(site.pk, Stream.SUBSCRIPTIONS, ids)
    page = registry.source(site.source).read(
        Stream.SUBSCRIPTIONS, [payloads.read(one) for one in kept]
    )
    return {r.upstream_id: r for r in page if isinstance(r, records.Subscription)}


def _drift(
    site: Site,
    row: Subscription,
    said: records.Subscription,
    changes: Mapping[str, Sequence[Any]],
    held: Any,
    now: datetime,
    chosen: Settings,
) -> SubscriptionDrift:
    return SubscriptionDrift(
        pk=row.pk,
        site=site.subdomain,
        upstream_id=row.upstream_id,
        plan=row.plan_name or row.plan_code or row.upstream_id,
        account_id=row.account_id,
        account=row.account.name if row.account else "",
        changes=changes,
        currency=row.currency,
        held=subscription_mrr(alone(held, now, chosen), now, chosen).mrr,
        says_currency=said.currency,
        says=subscription_mrr(
            alone(pricing.agreement(said, site.pk), now, chosen), now, chosen
        ).mrr,
    )
