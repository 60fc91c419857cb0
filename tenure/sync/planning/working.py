"""What a run would do with what it would read: the records laid over the stored rows, and the
questions that a run asks put to the same pure functions. Nothing is locked or written.
"""

import copy
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.customers import accounts, attributes, effective, fields, history, tables
from tenure.customers.accounts import Claim, Feed
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import Decision, Standing, decide
from tenure.customers.models import Account, Attribute, BillingAccount
from tenure.identity import rules
from tenure.identity.claims import Row, claims_of
from tenure.identity.resolve import Unidentified, identify
from tenure.sources.base import Stream
from tenure.sync import edits
from tenure.sync.planning.entries import CHUNK, Entry, chunks
from tenure.sync.planning.upstream import Upstream

TOLD = ("source", "set_by", "set_at")


@dataclass(slots=True)
class Working:
    """One plan being worked out. ``whole`` looks at all that is stored, as an activation or a
    changed mapping would, not only at what changed upstream or was set by hand."""

    site: Site
    upstream: Upstream
    now: datetime
    whole: bool = False
    declared: list[Attribute] = field(default_factory=list)
    mapping: tuple[Mapped, ...] = ()
    daily: set[str] = field(default_factory=set)
    gone: Collection[str] = ()
    read: fields.Read = dict

    def entries(self) -> Iterator[Entry]:
        """Every object the run would do something about, in no order."""
        self._prepare()
        yield from self._rejected()
        yield from (_declared(one) for one in self.declared)
        yield from self._accounts()
        yield from self._subscriptions()

    def _prepare(self) -> None:
        # Staged is what it is about to stop being: the plan shows what it would do then.
        self.site = copy.copy(self.site)
        self.site.staged = False
        self.declared = _to_be_declared(self.upstream)
        new = (_mapped(one) for one in self.declared if one.source_field)
        self.mapping = (*attributes.mapped(fields.ACCOUNT), *new)
        self.daily = accounts.daily_sites(self.site)
        self.gone = accounts.vanished_paths(fields.ACCOUNT)
        self.read = fields.reader(effective.paths_of(self.mapping))

    def _rejected(self) -> Iterator[Entry]:
        for (stream, named), rejected in self.upstream.rejected.items():
            yield Entry(
                "quarantine", stream.rstrip("s"), upstream_id=named[:64], reason=rejected.reason
            )

    def _accounts(self) -> Iterator[Entry]:
        owners = self._owners()
        linked = {i: account for i, account in owners.items() if account is not None}
        claims, unclaimed = self._claims(i for i in self.upstream.accounts if i not in linked)
        yield from self._unidentified(unclaimed)
        known = _known(claims)
        joining: dict[int, list[str]] = defaultdict(list)
        for i, account in linked.items():
            joining[account].append(i)
        making: dict[Claim, list[str]] = {}
        for claim, ids in claims.items():
            if claim in known:
                joining[known[claim]] += ids
            elif self.site.accounts_mode == Mode.LINK:
                yield from (self._unlinked(i, claim) for i in ids)
            else:
                making[claim] = ids
        yield from self._made(making)
        yield from self._followed(joining)

    def _owners(self) -> dict[str, int | None]:
        """Whose the changed billing accounts are that are here already."""
        found: dict[str, int | None] = {}
        for ids in chunks(self.upstream.known.get(Stream.ACCOUNTS, ())):
            rows = BillingAccount.objects.filter(site_id=self.site.pk, upstream_id__in=ids)
            found.update(rows.values_list("upstream_id", "account_id"))
        return found

    def _claims(self, fresh: Iterable[str]) -> tuple[dict[Claim, list[str]], dict[str, Row]]:
        """Who claims which account, and the billing accounts that claim none."""
        claims: dict[Claim, list[str]] = {}
        unclaimed: dict[str, Row] = {}
        for rows in self._unlinked_rows(fresh):
            found = claims_of(self.site, rows)
            for row in rows:
                claim = found.get(row.upstream_id)
                if claim is None:
                    unclaimed[row.upstream_id] = row
                else:
                    claims.setdefault(claim, []).append(row.upstream_id)
        return claims, unclaimed

    def _unlinked_rows(self, fresh: Iterable[str]) -> Iterator[list[Row]]:
        for ids in chunks(fresh):
            yield [self.upstream.accounts[i] for i in ids]
        if not self.whole:
            return
        rows = BillingAccount.objects.filter(site_id=self.site.pk, account=None, removed_at=None)
        last = 0
        while stored := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
            last = stored[-1].pk
            yield [row for row in stored if row.upstream_id not in self.upstream.accounts]

    def _unidentified(self, unclaimed: Mapping[str, Row]) -> Iterator[Entry]:
        rule = rules.in_force()
        for upstream_id, row in unclaimed.items():
            found = identify(rule, row, self.site.pk)
            reason = found.reason if isinstance(found, Unidentified) else ""
            yield Entry(
                "unidentified", "account", upstream_id=upstream_id, name=row.code, reason=reason
            )

    def _unlinked(self, upstream_id: str, claim: Claim) -> Entry:
        reason = f"No account {claim.identifier} is here, and Link only makes none."
        return Entry(
            "unidentified",
            "account",
            upstream_id=upstream_id,
            identifier=claim.identifier,
            reason=reason,
        )

    def _made(self, making: Mapping[Claim, Sequence[str]]) -> Iterator[Entry]:
        follows = self.site.subdomain in self.daily
        for claims in chunks(making):
            rows = self._rows([i for claim in claims for i in making[claim]])
            for claim in claims:
                # An import takes the first record that comes; what joins later changes nothing.
                ids = making[claim] if follows else making[claim][:1]
                parts = [accounts.contribution(self.site, rows[i], self.read) for i in ids]
                made = effective.compose(parts, self.mapping)
                changes = {f"attributes.{name}": [None, v] for name, v in made.values.items()}
                yield Entry(
                    "create",
                    "account",
                    upstream_id=ids[0],
                    identifier=claim.identifier,
                    name=made.name[:300],
                    changes={"name": [None, made.name], **changes},
                )

    def _rows(self, ids: Sequence[str]) -> dict[str, Row]:
        """The billing accounts of these ids as they would stand."""
        stored = [i for i in ids if i not in self.upstream.accounts]
        found: dict[str, Row] = {
            i: self.upstream.accounts[i] for i in ids if i in self.upstream.accounts
        }
        if stored:
            rows = BillingAccount.objects.filter(site_id=self.site.pk, upstream_id__in=stored)
            found |= {row.upstream_id: row for row in rows}
        return found

    def _followed(self, joining: Mapping[int, Sequence[str]]) -> Iterator[Entry]:
        for ids in chunks(self._touched(joining)):
            standing = list(Account.objects.filter(pk__in=ids).order_by("pk"))
            feeding = self._feeding(ids, joining)
            for account in standing:
                feed = feeding.get(account.pk)
                if feed and feed.parts:
                    yield from self._one(account, feed)

    def _touched(self, joining: Mapping[int, Any]) -> Iterator[int]:
        """The accounts a run would look at, each once."""
        yield from joining
        last = 0
        more = _fed_by if self.whole else edits.edited_of
        if not self.whole and self.site.accounts_mode != Mode.DAILY:
            return
        while found := more(self.site.pk, last):
            yield from (account for account in found if account not in joining)
            last = found[-1]

    def _feeding(
        self, ids: Sequence[int], joining: Mapping[int, Sequence[str]]
    ) -> Mapping[int, Feed]:
        """What would feed these accounts: the stored rows, with the changed ones in their place."""
        found: dict[int, Feed] = defaultdict(Feed)
        rows = BillingAccount.objects.filter(account_id__in=ids, removed_at=None)
        for row in rows.select_related("site"):
            if row.site_id == self.site.pk and row.upstream_id in self.upstream.accounts:
                continue
            self._feed(found[row.account_id or 0], row.site, row)
        arriving = self._rows([i for account in ids for i in joining.get(account, ())])
        for account in ids:
            for i in joining.get(account, ()):
                self._feed(found[account], self.site, arriving[i])
        return found

    def _feed(self, feed: Feed, site: Site, row: Row) -> None:
        feed.parts.append(accounts.contribution(site, row, self.read))
        feed.allows_pins &= site.allows_pins

    def _one(self, account: Account, feed: Feed) -> Iterator[Entry]:
        standing = Standing(account.name, account.state, account.attributes, account.sources)
        terms = accounts.terms_of(feed, self.mapping, daily=self.daily, gone=self.gone)
        composed = effective.compose(feed.parts, self.mapping)
        decision = decide(standing, composed, terms, now=self.now)
        changes = dict(decision.changes)
        if account.removed_at and not account.merged_into_id:
            changes["removed_at"] = [account.removed_at.isoformat(), None]
        verb = _verb(changes, decision)
        if verb:
            yield Entry(
                verb,
                "account",
                account_id=account.pk,
                identifier=account.identifier,
                name=account.name,
                changes=changes if verb != "pinned" else {},
                overridden={p: _told(entry) for p, entry in decision.overridden.items()},
                reason=_reason(decision),
            )

    def _subscriptions(self) -> Iterator[Entry]:
        known = self.upstream.known.get(Stream.SUBSCRIPTIONS, set())
        for ids in chunks(self.upstream.subscriptions):
            records = [self.upstream.subscriptions[i] for i in ids]
            stored = self._stored_subscriptions([i for i in ids if i in known])
            changed = history.would_change(tables.SUBSCRIPTIONS, stored, records)
            for record in records:
                named = record.plan_name or record.plan_code or ""
                new = record.upstream_id not in known
                changes = changed.get(record.upstream_id, {})
                if new or changes:
                    yield Entry(
                        "create" if new else "update",
                        "subscription",
                        upstream_id=record.upstream_id,
                        name=named[:300],
                        changes=changes,
                    )

    def _stored_subscriptions(self, ids: Sequence[str]) -> dict[str, int]:
        if not ids or self.site.subscriptions_mode == Mode.IMPORT:
            return {}
        table = tables.SUBSCRIPTIONS.model
        rows = table.objects.filter(site_id=self.site.pk, upstream_id__in=ids)
        return dict(rows.values_list("upstream_id", "pk"))


def _known(claims: Collection[Claim]) -> dict[Claim, int]:
    found: dict[Claim, int] = {}
    for some in chunks(claims):
        found |= accounts.known_accounts(some)
    return found


def _fed_by(site_id: int, after: int) -> list[int]:
    """The next accounts, by id, that this site feeds."""
    rows = BillingAccount.objects.filter(site_id=site_id, account_id__gt=after, removed_at=None)
    found = rows.order_by("account_id").values_list("account_id", flat=True).distinct()
    return [account for account in found[:CHUNK] if account is not None]


def _to_be_declared(upstream: Upstream) -> list[Attribute]:
    """The attributes that the run would make of custom fields it meets first."""
    alive = [d for d in upstream.definitions if d.deleted_at is None]
    defined = {d.name: d.display_name for d in alive if d.related_type == fields.ACCOUNT}
    met = dict.fromkeys(fields.custom_names(upstream.accounts.values()))
    return [*attributes.standard(), *attributes.undeclared({**met, **defined})]


def _mapped(attribute: Attribute) -> Mapped:
    return Mapped(attribute.name, attribute.kind, fields.split(attribute.source_field)[1])


def _declared(attribute: Attribute) -> Entry:
    return Entry(
        "create",
        "attribute",
        identifier=attribute.name,
        name=attribute.label,
        reason=f"Read from {attribute.source_field}.",
    )


def _verb(changes: Mapping[str, Any], decision: Decision) -> str:
    if decision.overridden:
        return "override"
    if changes:
        return "update"
    return "pinned" if decision.held else ""


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Who set a value that is about to be lost, and when."""
    return {name: entry.get(name) for name in TOLD}


def _reason(decision: Decision) -> str:
    if not decision.held:
        return ""
    return f"Kept by a pin: {', '.join(sorted(decision.held))}."
