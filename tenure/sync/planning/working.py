"""What a run would do with what it would read: the records laid over the stored rows, and the
questions that a run asks put to the same pure functions. Nothing is locked or written.
"""

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.customers import accounts, attributes, effective, fields, history, payers, tables
from tenure.customers.accounts import Claim, Feed, Row
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import Decision, Standing, decide
from tenure.customers.effective import Contribution
from tenure.customers.models import Account, Attribute, BillingAccount, SourceField
from tenure.identity import rules
from tenure.identity.resolve import IdentifierRule
from tenure.sources.base import Stream
from tenure.sync import edits
from tenure.sync.planning import naming
from tenure.sync.planning.entries import CHUNK, Entry, chunks
from tenure.sync.planning.naming import Found
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
    gone: Mapping[str, Collection[str]] = field(default_factory=dict)
    read: fields.Read = dict
    rule: IdentifierRule = field(default_factory=IdentifierRule)

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
        self.mapping = self._mapping(fields.ACCOUNT)
        self.rule = rules.in_force()
        self.daily = accounts.daily_sites(self.site)
        self.gone = self._gone()
        self.read = fields.reader(effective.paths_of(self.mapping))

    def _mapping(self, kind: str) -> tuple[Mapped, ...]:
        new = (_mapped(one) for one in self.declared if one.object_kind == kind)
        return (*attributes.mapped(kind), *new)

    def _gone(self) -> dict[str, set[str]]:
        """By site, the paths of custom fields it has no more, this one's as they were just read."""
        gone = dict(attributes.vanished_paths(fields.ACCOUNT))
        unread = any(stream == Stream.CUSTOM_FIELDS for stream, _ in self.upstream.rejected)
        if unread or not self.upstream.has_definitions:
            return gone
        alive = (d for d in self.upstream.definitions if d.deleted_at is None)
        living = {d.name for d in alive if d.related_type == fields.ACCOUNT}
        rows = SourceField.objects.filter(site=self.site.pk, object_kind=fields.ACCOUNT)
        known = set(rows.values_list("name", flat=True))
        gone[self.site.subdomain] = {f"{fields.CUSTOM}.{name}" for name in known - living}
        return gone

    def _rejected(self) -> Iterator[Entry]:
        for (stream, named), rejected in self.upstream.rejected.items():
            yield Entry(
                "quarantine", stream.rstrip("s"), upstream_id=named[:64], reason=rejected.reason
            )

    def _accounts(self) -> Iterator[Entry]:
        """Accounts made, joined and followed; what waits for a person on the way there."""
        found = self._found()
        yield from found.entries
        known = _known(found.claims)
        making: dict[Claim, Sequence[str]] = {}
        for claim, named in found.claims.items():
            if claim in known:
                found.feeding.setdefault(known[claim], set()).update(named)
                found.joined.add(known[claim])
            elif self.site.accounts_mode == Mode.LINK:
                yield from (_unlinked(i, claim) for i in sorted(named))
            else:
                making[claim] = sorted(named)
        yield from self._made(making)
        yield from self._followed(found)

    def _found(self) -> Found:
        find = naming.by_subscriptions if self.rule.on_subscriptions else naming.by_payers
        return find(self.site, self.upstream, self.rule, whole=self.whole)

    def _made(self, making: Mapping[Claim, Sequence[str]]) -> Iterator[Entry]:
        for claims in chunks(making):
            rows = self.payers([i for claim in claims for i in making[claim]])
            for claim in claims:
                parts = [self._contribution(rows[i]) for i in making[claim]]
                made = effective.compose(parts, self.mapping)
                changes = {f"attributes.{name}": [None, v] for name, v in made.values.items()}
                yield Entry(
                    "create",
                    "account",
                    upstream_id=making[claim][0],
                    identifier=claim.identifier,
                    name=made.name[:300],
                    changes={"name": [None, made.name], **changes},
                )

    def _contribution(self, row: Row) -> Contribution:
        return accounts.contribution(self.site, row, self.read)

    def payers(self, ids: Sequence[str]) -> dict[str, Row]:
        """The billing accounts of these ids as they would stand; the unknown are absent."""
        arriving = self.upstream.accounts
        stored = [i for i in ids if i not in arriving]
        found: dict[str, Row] = {i: arriving[i] for i in ids if i in arriving}
        if stored:
            rows = BillingAccount.objects.filter(site_id=self.site.pk, upstream_id__in=stored)
            found |= {row.upstream_id: row for row in rows}
        return found

    def _followed(self, found: Found) -> Iterator[Entry]:
        arriving = {(self.site.pk, i): row for i, row in self.upstream.accounts.items()}
        for ids in chunks(self._touched(found)):
            standing = list(Account.objects.filter(pk__in=ids).order_by("pk"))
            feeds = accounts.contributions_of(ids, self.mapping, arriving=arriving)
            self._join(feeds, {i: found.feeding[i] for i in ids if i in found.feeding})
            for account in standing:
                feed = feeds.get(account.pk)
                if feed and feed.parts:
                    yield from self._one(account, feed, joins=account.pk in found.joined)

    def _touched(self, found: Found) -> Iterator[int]:
        """The accounts a run would look at, each once."""
        known = set(found.touched) | set(found.feeding)
        yield from sorted(known)
        more = []
        if self.whole:
            more = [self._fed]
        elif self.site.accounts_mode == Mode.DAILY:
            more = [edits.edited_of]
        for find in more:
            last = 0
            while some := find(self.site.pk, last):
                yield from (account for account in some if account not in known)
                last = some[-1]

    @staticmethod
    def _fed(site_id: int, after: int) -> list[int]:
        """The next accounts, by id, that this site feeds."""
        rows = Account.objects.filter(payers.fed_by([site_id]), pk__gt=after, removed_at=None)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])

    def _join(self, feeds: dict[int, Feed], feeding: Mapping[int, Collection[str]]) -> None:
        """Add what would feed these accounts and does not yet; in Link only that is nothing."""
        if self.site.accounts_mode == Mode.LINK:
            return
        rows = self.payers([i for some in feeding.values() for i in some])
        for account, some in feeding.items():
            feed = feeds.setdefault(account, Feed())
            here = {part.upstream_id for part in feed.parts if part.site == self.site.subdomain}
            feed.parts += [self._contribution(rows[i]) for i in sorted(some) if i not in here]
            feed.allows_pins &= self.site.allows_pins

    def _one(self, account: Account, feed: Feed, *, joins: bool) -> Iterator[Entry]:
        standing = Standing(account.name, account.state, account.attributes, account.sources)
        # An import gives an account it joins the values that account has none of.
        importing = joins and self.site.accounts_mode == Mode.IMPORT
        terms = accounts.terms_of(
            feed,
            self.mapping,
            daily=self.daily,
            gone=self.gone,
            filling={one.name for one in self.mapping} if importing else (),
            importing={self.site.subdomain} if importing else (),
        )
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


def _unlinked(upstream_id: str, claim: Claim) -> Entry:
    return Entry(
        "unidentified",
        "account",
        upstream_id=upstream_id,
        identifier=claim.identifier,
        reason=f"No account {claim.identifier} is here, and Link only makes none.",
    )


def _to_be_declared(upstream: Upstream) -> list[Attribute]:
    """The attributes that the run would make of custom fields it meets first."""
    alive = [d for d in upstream.definitions if d.deleted_at is None]
    found = attributes.standard()
    arriving = {
        fields.ACCOUNT: upstream.accounts.values(),
        fields.SUBSCRIPTION: upstream.subscriptions.values(),
    }
    for kind, rows in arriving.items():
        defined = {d.name: d.display_name for d in alive if d.related_type == kind}
        met = dict.fromkeys(fields.custom_names(rows))
        found += attributes.undeclared({**met, **defined}, kind)
    return found


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
