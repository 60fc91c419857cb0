"""What a run would do with what it would read: the records laid over the stored rows, and the
questions that a run asks put to the same pure functions. Nothing is locked or written.
"""

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.core.chunks import chunks
from tenure.customers import accounts, effective, feeding, fields, making, payers, retyping
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import Standing, decide
from tenure.customers.effective import Contribution
from tenure.customers.feeding import Feed, Joining, Row
from tenure.customers.making import Claim
from tenure.customers.models import Account, BillingAccount
from tenure.identity import rules
from tenure.identity.resolve import IdentifierRule
from tenure.sync import edits
from tenure.sync.planning import naming
from tenure.sync.planning.agreements import Agreements
from tenure.sync.planning.declared import entry_of, gone_of, mapping_of, to_be_declared
from tenure.sync.planning.entries import CHUNK, Entry
from tenure.sync.planning.naming import Found
from tenure.sync.planning.pending import Pending
from tenure.sync.planning.people import People
from tenure.sync.planning.telling import lost_of, pins_of, together, verb_of
from tenure.sync.planning.upstream import Upstream


@dataclass(slots=True)
class Working:
    """One plan being worked out. ``whole`` looks at all that is stored, as an activation or a
    changed mapping would, not only at what changed upstream or was set by hand; ``pending`` are the
    changes of the mapping whose replay it includes."""

    site: Site
    upstream: Upstream
    now: datetime
    whole: bool = False
    pending: Pending = field(default_factory=Pending)
    mapping: tuple[Mapped, ...] = ()
    daily: set[str] = field(default_factory=set)
    importing: set[str] = field(default_factory=set)
    gone: Mapping[str, Collection[str]] = field(default_factory=dict)
    read: fields.Read = dict
    rule: IdentifierRule = field(default_factory=IdentifierRule)
    people: People = field(init=False)

    def entries(self) -> Iterator[Entry]:
        """Every object the run would do something about, in no order."""
        staged = self.site.staged
        # Staged is what it is about to stop being: the plan shows what it would do then.
        self.site = copy.copy(self.site)
        self.site.staged = False
        declared = to_be_declared(self.site, self.upstream)
        self._prepare(mapping_of(fields.ACCOUNT, declared))
        yield from self._rejected()
        yield from map(entry_of, declared)
        yield from self._accounts()
        yield from Agreements(
            site=self.site,
            upstream=self.upstream,
            mapping=mapping_of(fields.SUBSCRIPTION, declared),
            gone=gone_of(self.site, self.upstream, fields.SUBSCRIPTION).get(
                self.site.subdomain, ()
            ),
            now=self.now,
            whole=self.whole and not staged,  # nobody has seen them yet
            pending=self.pending,
        ).entries()

    def _prepare(self, mapping: tuple[Mapped, ...]) -> None:
        self.mapping = mapping
        self.rule = rules.in_force()
        self.daily = accounts.daily_sites(self.site)
        self.importing = accounts.import_sites() if self.pending else set()
        self.gone = gone_of(self.site, self.upstream, fields.ACCOUNT)
        self.read = fields.reader(effective.paths_of(self.mapping))
        self.people = People.of(self.site, self.upstream.accounts, self.daily, self.now)

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
                found.joining.setdefault(known[claim], set()).update(named)
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
        for claims in chunks(making, CHUNK):
            rows = self.payers([i for claim in claims for i in making[claim]])
            for claim in claims:
                billing = [rows[i] for i in making[claim]]
                parts = [self._contribution(row) for row in billing]
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
                yield from self.people.made(claim.identifier, billing)

    def _contribution(self, row: Row) -> Contribution:
        return feeding.contribution(self.site, row, self.read)

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
        for ids in chunks(self._touched(found), CHUNK):
            standing = list(Account.objects.filter(pk__in=ids).order_by("pk"))
            converted = retyping.convert_accounts(standing, self.pending.retyped)
            feeds = feeding.contributions_of(ids, self.mapping, arriving=arriving)
            joining = self._joining({i: found.feeding[i] for i in ids if i in found.feeding})
            self._join(feeds, joining)
            for account in standing:
                feed = feeds.get(account.pk)
                if feed and feed.parts:
                    before = converted.get(account.pk, {})
                    yield from self._one(account, feed, before, found.joining)
            yield from self.people.followed(standing, joining)

    def _touched(self, found: Found) -> Iterator[int]:
        """The accounts a run would look at, each once."""
        known = set(found.touched) | set(found.feeding)
        yield from sorted(known)
        more = []
        if self.whole:
            more = [self._fed]
        elif self.site.accounts_mode == Mode.DAILY:
            more = [edits.edited_of, edits.contacts_edited_of]
        for find in more:
            last = 0
            while some := find(self.site.pk, last):
                yield from (account for account in some if account not in known)
                known.update(some if len(more) > 1 else ())
                last = some[-1]

    @staticmethod
    def _fed(site_id: int, after: int) -> list[int]:
        """The next accounts, by id, that this site feeds."""
        rows = Account.objects.filter(payers.fed_by([site_id]), pk__gt=after, removed_at=None)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])

    def _joining(self, feeding: Mapping[int, Collection[str]]) -> dict[int, list[Row]]:
        """What feeds these accounts by what arrives; in Link only that is nothing."""
        if self.site.accounts_mode == Mode.LINK:
            return {}
        rows = self.payers([i for some in feeding.values() for i in some])
        return {account: [rows[i] for i in sorted(some)] for account, some in feeding.items()}

    def _join(self, feeds: dict[int, Feed], joining: Mapping[int, Sequence[Row]]) -> None:
        """Add what would feed these accounts and does not yet."""
        for account, rows in joining.items():
            feed = feeds.setdefault(account, Feed())
            here = {part.upstream_id for part in feed.parts if part.site == self.site.subdomain}
            feed.parts += [self._contribution(row) for row in rows if row.upstream_id not in here]
            feed.allows_pins &= self.site.allows_pins

    def _one(
        self, account: Account, feed: Feed, before: Mapping[str, list[Any]], joining: Joining
    ) -> Iterator[Entry]:
        # An import gives an account it joins the values that account has none of.
        imports = account.pk in joining and self.site.accounts_mode == Mode.IMPORT
        terms = feeding.terms_of(
            feed,
            self.mapping,
            daily=self.daily,
            gone=self.gone,
            filling={one.name for one in self.mapping} if imports else self.pending.filling,
            importing={self.site.subdomain} if imports else self.importing,
        )
        decision = decide(
            Standing(account.name, account.state, account.attributes, account.sources),
            effective.compose(feed.parts, self.mapping),
            terms,
            now=self.now,
            filler=feeding.filler(feed, terms, joining if imports else None, account.pk),
            naming=feeding.naming(feed, terms, joining, account.pk) if imports else None,
        )
        changes = together(before, decision.changes)
        if account.removed_at and not account.merged_into_id:
            changes["removed_at"] = [account.removed_at.isoformat(), None]
        verb = verb_of(changes, decision.overridden, decision.held)
        if verb:
            yield Entry(
                verb,
                "account",
                account_id=account.pk,
                identifier=account.identifier,
                name=account.name,
                changes=changes if verb != "pinned" else {},
                overridden=lost_of(decision.overridden),
                reason=pins_of(decision.held),
            )


def _known(claims: Collection[Claim]) -> dict[Claim, int]:
    found: dict[Claim, int] = {}
    for some in chunks(claims, CHUNK):
        found |= making.known_accounts(some)
    return found


def _unlinked(upstream_id: str, claim: Claim) -> Entry:
    return Entry(
        "unidentified",
        "account",
        upstream_id=upstream_id,
        identifier=claim.identifier,
        reason=f"No account {claim.identifier} is here, and Link only makes none.",
    )
