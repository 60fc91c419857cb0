"""Whose the records are that a run would write: what they claim, what waits for a person, and which
accounts they would feed. The same questions as recognition asks, with nothing written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.core.chunks import chunks
from tenure.customers import making, sharing
from tenure.customers.making import Claim, Linked
from tenure.customers.models import BillingAccount, Subscription
from tenure.identity import disagreement
from tenure.identity.claims import Row, SubscriptionRow, claims_of, claims_of_subscriptions
from tenure.identity.models import ConflictKind, RecordKind
from tenure.identity.resolve import IdentifierRule, Unidentified, identify
from tenure.sources.base import Stream
from tenure.sync.planning.entries import CHUNK, Entry
from tenure.sync.planning.upstream import Upstream


@dataclass(slots=True)
class Found:
    """``claims`` has the billing accounts (upstream ids) behind each claim of records that belong to
    nobody yet; ``touched`` the accounts a run would look at because of records that are theirs,
    ``feeding`` what would feed some of them, ``joining`` the part of it that does not yet; ``entries``
    what waits for a person."""

    claims: dict[Claim, set[str]] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    joining: dict[int, set[str]] = field(default_factory=dict)
    feeding: dict[int, set[str]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def claim(self, claim: Claim, payer: str) -> None:
        """Count a billing account in behind a claim."""
        self.claims.setdefault(claim, set()).add(payer)


def by_payers(site: Site, upstream: Upstream, rule: IdentifierRule, *, whole: bool) -> Found:
    """Whose the billing accounts are, where these name the accounts."""
    found = Found()
    known = upstream.known.get(Stream.ACCOUNTS, set())
    for rows in _payers(site, upstream, whole=whole):
        claims = claims_of(site, rows, rule)
        ids = [row.upstream_id for row in rows if row.upstream_id in known]
        linked = making.linked_of(BillingAccount, site.pk, ids)
        for row in rows:
            name = row.upstream_id
            if name in linked:
                account = linked[name].account_id
                found.touched.add(account)
                found.feeding.setdefault(account, set()).add(name)
            elif name in claims:
                found.claim(claims[name], name)
            else:
                found.entries.append(_unidentified(rule, row, site, "account", row.code))
        kept = {name: claim for name, claim in claims.items() if name in linked}
        found.entries += _conflicts(site, RecordKind.BILLING_ACCOUNT, kept, linked)
    return found


def _payers(site: Site, upstream: Upstream, *, whole: bool) -> Iterator[list[Row]]:
    """What would be recognised: what changed, and with ``whole`` what is nobody's yet."""
    for ids in chunks(upstream.accounts, CHUNK):
        yield [upstream.accounts[i] for i in ids]
    stored = BillingAccount.objects.filter(site_id=site.pk, account=None, removed_at=None)
    if not whole:  # a run in Daily Sync links those again whose link was taken back
        stored = stored.filter(identified_as__isnull=False)
    if whole or site.accounts_mode == Mode.DAILY:
        for rows in _stored(stored):
            yield [row for row in rows if row.upstream_id not in upstream.accounts]


def by_subscriptions(site: Site, upstream: Upstream, rule: IdentifierRule, *, whole: bool) -> Found:
    """Whose the subscriptions are, where each names its own account."""
    found = Found()
    for ids in chunks(upstream.accounts, CHUNK):
        fed = sharing.fed_by(site.pk, ids)
        found.touched |= fed
    for rows in _subscriptions(site, upstream, whole=whole):
        claims = claims_of_subscriptions(site, rows, rule)
        linked = making.linked_of(Subscription, site.pk, [row.upstream_id for row in rows])
        here = _here(site, upstream, {row.account_upstream_id for row in rows})
        for row in rows:
            name = row.upstream_id
            if name in linked:
                found.touched.add(linked[name].account_id)
            elif name not in claims:
                told = row.plan_name or row.plan_code or ""
                found.entries.append(_unidentified(rule, row, site, "subscription", told))
            elif row.account_upstream_id in here:
                found.claim(claims[name], row.account_upstream_id)
        kept = {name: claim for name, claim in claims.items() if name in linked}
        found.entries += _conflicts(site, RecordKind.SUBSCRIPTION, kept, linked)
    return found


def _subscriptions(
    site: Site, upstream: Upstream, *, whole: bool
) -> Iterator[list[SubscriptionRow]]:
    """What changed, and what waited for a billing account that arrives; with ``whole`` all that is
    nobody's yet."""
    known = upstream.known.get(Stream.SUBSCRIPTIONS, set())
    arriving = upstream.subscriptions
    written = arriving
    if site.subscriptions_mode == Mode.IMPORT:  # what is here stays as it was imported
        written = {i: row for i, row in arriving.items() if i not in known}
    for ids in chunks(written, CHUNK):
        yield [written[i] for i in ids]
    rows = Subscription.objects.filter(site_id=site.pk, account=None, removed_at=None)
    if whole:
        for some in _stored(rows):
            yield [row for row in some if row.upstream_id not in written]
        return
    for ids in chunks(upstream.accounts, CHUNK):
        waiting = sharing.waiting(site.pk, ids)
        yield [row for row in waiting if row.upstream_id not in written]


def _here(site: Site, upstream: Upstream, ids: set[str]) -> set[str]:
    """Those of these billing accounts that are here, or are about to be."""
    rows = BillingAccount.objects.filter(site_id=site.pk, upstream_id__in=ids)
    return set(rows.values_list("upstream_id", flat=True)) | (ids & upstream.accounts.keys())


def _stored(rows: Any) -> Iterator[list[Any]]:
    last = 0
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = some[-1].pk
        yield some


def _unidentified(
    rule: IdentifierRule, row: Row | SubscriptionRow, site: Site, kind: str, name: str
) -> Entry:
    told = identify(rule, row, site.pk)
    reason = told.reason if isinstance(told, Unidentified) else ""
    return Entry(
        "unidentified", kind, upstream_id=row.upstream_id, name=name[:300], reason=f"{reason}."
    )


def _conflicts(
    site: Site,
    kind: RecordKind,
    claims: Mapping[str, Claim],
    linked: Mapping[str, Linked],
) -> Iterable[Entry]:
    raised = disagreement.would_raise(site, kind, claims, linked) if linked else {}
    for name, (what, new) in sorted(raised.items()):
        known = linked[name]
        yield Entry(
            "conflict",
            "account" if kind == RecordKind.BILLING_ACCOUNT else "subscription",
            upstream_id=name,
            account_id=known.account_id,
            identifier=known.identified_as or "",
            changes={"identifier": [known.identified_as, new or None]},
            reason=_SAID[what].format(old=known.identified_as, new=new),
        )


_SAID: Mapping[str, str] = {
    ConflictKind.CHANGED: "It was {old} and says {new} now; {old} stands until a person decides.",
    ConflictKind.VANISHED: "It was {old} and says nothing now; {old} stands until a person decides.",
    ConflictKind.CLAIMED_TWICE: (
        "It was {old} and now says {new}, which is another account; a person must decide."
    ),
}
