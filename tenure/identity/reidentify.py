"""Changing the identifier rule when accounts exist: they are re-keyed, joined and split.

Everything is decided by the records in one order (site priority, age, id), so the outcome does not
depend on when it is done. An account takes the identifier of its first record that has one; of
several that would take the same, the one with the first record keeps its row and absorbs the others.
An account of that name that was joined before comes back. Values set by hand stay with the account
that keeps its row (docs/decisions/0022).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tenure.access.models import Member
from tenure.connections import models as connections
from tenure.connections.models import Site, Truth
from tenure.customers import sharing
from tenure.customers.accounts import Claim
from tenure.customers.history import open_set
from tenure.customers.landing import Batch
from tenure.customers.models import (
    Account,
    Alias,
    Allocation,
    BillingAccount,
    Change,
    ChangeSet,
    Contact,
    Invoice,
    Origin,
    Subscription,
)
from tenure.customers.write import By
from tenure.identity import allocation, moving, recognition, rules
from tenure.identity.models import Conflict, Merge, Resolution
from tenure.identity.resolve import IdentifierRule, Unidentified, identify

CHUNK = 1_000
EXAMPLES = 5
Record = tuple[int, str]  # site and upstream id


@dataclass(slots=True)
class Preview:
    """What a rule would do to the accounts that exist; a few of each as old and new identifier."""

    chosen: str
    rekeyed: int = 0
    joined: int = 0
    split: int = 0
    unidentified: int = 0
    unchanged: int = 0
    examples: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def as_json(self) -> dict[str, Any]:
        """The preview for scripts."""
        return {
            "field": self.chosen,
            "rekeyed": self.rekeyed,
            "joined": self.joined,
            "split": self.split,
            "unidentified": self.unidentified,
            "unchanged": self.unchanged,
            "examples": {
                kind: [{"old": old, "new": new} for old, new in found]
                for kind, found in self.examples.items()
            },
        }

    def count(self, kind: str, old: str, new: str) -> None:
        """One more of a kind."""
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append((old, new))


@dataclass(slots=True)
class Fate:
    """What becomes of everything. ``claims`` of records; ``owners`` the accounts that claims lead to,
    as far as they exist; ``rekeyed`` and ``absorbed`` by account."""

    claims: dict[Record, Claim] = field(default_factory=dict)
    owners: dict[Claim, int] = field(default_factory=dict)
    rekeyed: dict[int, Claim] = field(default_factory=dict)
    absorbed: dict[int, int] = field(default_factory=dict)
    nameless: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Applied:
    """A rule in force, what it did, and the accounts whose figures must be made anew."""

    rule: connections.IdentifierRule
    preview: Preview
    change_set: ChangeSet
    accounts: set[int] = field(default_factory=set)


def is_needed() -> bool:
    """Whether any account would have to be re-keyed by another rule."""
    linked = BillingAccount.objects.exclude(account=None).exists()
    return linked or Subscription.objects.exclude(account=None).exists()


def preview(field: str, *, joins: bool | None = None, fold_case: bool = False) -> Preview:
    """What this rule would do; nothing is written. Raises RuleRefused."""
    joins = rules.joins_of(field) if joins is None else joins
    told, _ = _foresee(rules.as_rule(field, joins=joins, fold_case=fold_case))
    return told


def apply(
    field: str,
    *,
    truth: str = Truth.SOURCE,
    joins: bool | None = None,
    fold_case: bool = False,
    by: By,
    now: datetime,
) -> Applied:
    """Put the rule in force and bring every account to it, in one transaction. Raises RuleRefused.

    The caller has the figures of ``accounts`` made anew.
    """
    member: Member | None = by.member
    with transaction.atomic():
        sites = list(Site.objects.select_for_update(no_key=True).order_by("priority", "pk"))
        for site in sites:
            sharing.alone(site.pk)
        chosen = rules.choose(
            field, truth=truth, joins=joins, fold_case=fold_case, member=member, now=now
        )
        rule = rules.in_force()
        told, fate = _foresee(rule)
        reason = by.reason or f"Accounts are identified by {field}"
        by = By(by.origin, member, reason, by.name)
        change_set = open_set(Origin(by.origin), now=now, member=member, reason=reason)
        done = Applied(chosen, told, change_set)
        _rename(fate, change_set, now)
        _absorb(fate, done, now)
        _link(rule, fate, done)
        done.accounts |= _recognise(sites, rule, change_set, now)
        _hide_empty(fate, now)
        Conflict.objects.filter(resolution="").update(
            resolution=Resolution.WENT_AWAY, resolved_at=now, change_set=change_set
        )
        done.accounts |= moving.recompose(done.accounts, by, now)
    return done


def _foresee(rule: IdentifierRule) -> tuple[Preview, Fate]:
    told, fate = Preview(rule.field), Fate()
    held = _held_by_hand()
    primary: dict[int, Claim] = {}
    first_seen: dict[Claim, int] = {}
    records: dict[int, set[Claim]] = defaultdict(set)
    fed: dict[int, None] = {}
    for key, claim, current in _records(rule):
        fed.update(dict.fromkeys(current))
        if claim is None:
            told.unidentified += 1
            continue
        fate.claims[key] = claim
        for account in current:
            if key in held.get(account, ()):
                continue
            primary.setdefault(account, claim)
            first_seen.setdefault(claim, account)
            records[account].add(claim)
    rows = Account.objects.in_bulk(list(fed))
    taken = _taken(set(fate.claims.values()), primary)
    for claim in dict.fromkeys(primary.values()):
        fate.owners[claim] = taken.get(claim) or next(
            account for account in fed if primary.get(account) == claim
        )
    for claim, account in taken.items():
        fate.owners.setdefault(claim, account)
    for account in fed:
        _judge(rows[account], primary.get(account), fate, told)
    made = set(fate.claims.values()) - fate.owners.keys()
    for claim in sorted(made & first_seen.keys(), key=lambda one: one.identifier):
        told.count("split", rows[first_seen[claim]].identifier, claim.identifier)
    _keep_merged(held, primary, fate)
    return told, fate


def _judge(account: Account, claim: Claim | None, fate: Fate, told: Preview) -> None:
    """What becomes of one account whose first record claims this."""
    now = Claim(account.identifier, account.scope_id)
    if claim is None:
        fate.nameless.add(account.pk)
    elif fate.owners[claim] != account.pk:
        fate.absorbed[account.pk] = fate.owners[claim]
        told.count("joined", account.identifier, claim.identifier)
    elif claim != now:
        fate.rekeyed[account.pk] = claim
        told.count("rekeyed", account.identifier, claim.identifier)
    else:
        told.unchanged += 1


def _records(rule: IdentifierRule) -> Iterable[tuple[Record, Claim | None, Sequence[int]]]:
    """Every record that may claim, in the order that decides, with its claim and the accounts it
    belongs to now."""
    model = Subscription if rule.on_subscriptions else BillingAccount
    rows: Any = model.objects.filter(site__staged=False, removed_at=None)
    rows = rows.order_by("site__priority", "created_at", "upstream_id", "site_id")
    also = {} if rule.on_subscriptions else _fed_in_part()
    wanted = {"account_id", "site_id", "upstream_id", "code", "custom_fields"}
    columns = wanted & {one.attname for one in model._meta.concrete_fields}
    columns |= {rule.field.split(".")[1]} & {one.name for one in model._meta.concrete_fields}
    for row in rows.only("pk", *sorted(columns)).iterator(chunk_size=5_000):
        found = identify(rule, row, row.site_id)
        claim = None if isinstance(found, Unidentified) else found
        key = (row.site_id, row.upstream_id)
        current = [row.account_id] if row.account_id else also.get(key, [])
        yield key, claim, current


def _fed_in_part() -> dict[Record, list[int]]:
    """The accounts of billing accounts that feed several, the oldest subscription's first."""
    found: dict[Record, list[int]] = defaultdict(list)
    rows = Subscription.objects.filter(identified_as__isnull=False, account__isnull=False)
    for site, payer, account in rows.order_by("created_at", "upstream_id").values_list(
        "site_id", "account_upstream_id", "account_id"
    ):
        if account not in found[(site, payer)]:
            found[(site, payer)].append(account)
    return found


def _held_by_hand() -> dict[int, set[Record]]:
    """The records that a merge by hand gave to an account: they go where that account goes."""
    found: dict[int, set[Record]] = defaultdict(set)
    for made in Merge.objects.filter(undone_at=None):
        for key, model in (("billing_accounts", BillingAccount), ("subscriptions", Subscription)):
            rows: Any = model.objects.filter(pk__in=made.moved[key], account_id=made.kept_id)
            found[made.kept_id] |= set(rows.values_list("site_id", "upstream_id"))
    return found


def _keep_merged(held: Mapping[int, set[Record]], primary: Mapping[int, Claim], fate: Fate) -> None:
    for account, records in held.items():
        target = fate.absorbed.get(account, account)
        for key in records & fate.claims.keys():
            claim = fate.claims[key]
            fate.owners.setdefault(claim, target)
        if account not in primary:
            fate.nameless.discard(account)


def _taken(claims: set[Claim], primary: Mapping[int, Claim]) -> dict[Claim, int]:
    """Accounts that have one of these identifiers already and are not about to take another."""
    found: dict[Claim, int] = {}
    names = sorted({claim.identifier for claim in claims})
    for start in range(0, len(names), 10_000):
        rows = Account.objects.filter(identifier__in=names[start : start + 10_000])
        for pk, identifier, scope in rows.values_list("pk", "identifier", "scope_id"):
            claim = Claim(identifier, scope)
            if claim in claims and primary.get(pk, claim) == claim:
                found[claim] = pk
    return found


def _rename(fate: Fate, change_set: ChangeSet, now: datetime) -> None:
    """Give accounts their identifiers. Old ones stay as aliases that lead people, not records."""
    Alias.objects.filter(claimable=True).update(claimable=False)
    ids = sorted(fate.rekeyed)
    old = {row.pk: row for row in Account.objects.filter(pk__in=ids).only("identifier", "scope_id")}
    names = [fate.rekeyed[pk].identifier for pk in ids]
    scopes = [fate.rekeyed[pk].scope_id for pk in ids]
    with connection.cursor() as cursor:
        # Two steps, because two accounts may change places.
        cursor.execute(
            "UPDATE customers_account SET identifier = chr(1) || id WHERE id = ANY(%s)", [ids]
        )
        cursor.execute(
            "UPDATE customers_account a SET identifier = v.identifier, scope_id = v.scope,"
            " updated_at = %s, changed_in_id = %s"
            " FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS v (id, identifier, scope)"
            " WHERE a.id = v.id",
            [now, change_set.pk, ids, names, scopes],
        )
    _alias([(old[pk].identifier, old[pk].scope_id, pk) for pk in ids], now)
    Change.objects.bulk_create(
        [
            _noted(change_set, pk, "identifier", old[pk].identifier, fate.rekeyed[pk].identifier)
            for pk in ids
        ],
        batch_size=5_000,
    )


def _alias(found: Sequence[tuple[str, int | None, int]], now: datetime) -> None:
    Alias.objects.bulk_create(
        [
            Alias(
                identifier=identifier,
                scope_id=scope,
                account_id=pk,
                created_at=now,
                claimable=False,
            )
            for identifier, scope, pk in found
        ],
        ignore_conflicts=True,
        batch_size=5_000,
    )


def _noted(change_set: ChangeSet, pk: int, what: str, old: str, new: str) -> Change:
    return Change(
        change_set=change_set,
        object_kind="identity",
        object_id=pk,
        account_id=pk,
        changes={what: [old, new]},
        at=change_set.created_at,
    )


def _absorb(fate: Fate, done: Applied, now: datetime) -> None:
    """Join accounts into those that keep their row, and bring back those that are named again."""
    revived = Account.objects.filter(pk__in=fate.owners.values()).exclude(removed_at=None)
    done.accounts |= set(revived.values_list("pk", flat=True))
    back = set(fate.owners.values())
    Merge.objects.filter(absorbed__in=back, undone_at=None).update(undone_at=now)
    Account.objects.filter(pk__in=back).exclude(removed_at=None).update(
        removed_at=None, merged_into=None
    )
    rows = Account.objects.in_bulk([*fate.absorbed, *set(fate.absorbed.values())])
    changes = []
    for gone, kept in fate.absorbed.items():
        account = rows[gone]
        for model in (BillingAccount, Subscription, Invoice):
            model.objects.filter(account=gone).update(account=kept)
        known = Contact.objects.filter(account=kept).values("identifier")
        Contact.objects.filter(account=gone).exclude(identifier__in=known).update(account=kept)
        Alias.objects.filter(account=gone).update(account=kept)
        account.merged_into, account.removed_at = rows[kept], now
        changes.append(_noted(done.change_set, gone, "merged into", "", rows[kept].identifier))
        done.accounts |= {gone, kept}
    Account.objects.bulk_update(
        [rows[gone] for gone in fate.absorbed], ["merged_into", "removed_at"], batch_size=5_000
    )
    _alias([(rows[gone].identifier, rows[gone].scope_id, kept)
            for gone, kept in fate.absorbed.items()], now)  # fmt: skip
    Change.objects.bulk_create(changes, batch_size=5_000)
    done.accounts |= set(fate.rekeyed)


_INHERIT = (
    """
    UPDATE customers_subscription o SET account_id = b.account_id, identified_as = NULL
    FROM customers_billingaccount b
    WHERE o.site_id = b.site_id AND o.account_upstream_id = b.upstream_id
        AND (o.account_id IS DISTINCT FROM b.account_id OR o.identified_as IS NOT NULL)
    """,
    """
    UPDATE customers_invoice o SET account_id = b.account_id
    FROM customers_billingaccount b
    WHERE o.site_id = b.site_id AND o.account_upstream_id = b.upstream_id
        AND o.account_id IS DISTINCT FROM b.account_id
    """,
)


def _link(rule: IdentifierRule, fate: Fate, done: Applied) -> None:
    """Link every record to the account its claim leads to, or to none, for now."""
    before = set(BillingAccount.objects.exclude(account=None).values_list("account_id", flat=True))
    before |= set(Subscription.objects.exclude(account=None).values_list("account_id", flat=True))
    model = Subscription if rule.on_subscriptions else BillingAccount
    keys = sorted(fate.claims)
    moved = [
        (site, name, fate.owners.get(fate.claims[site, name]), fate.claims[site, name].identifier)
        for site, name in keys
    ]
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET account_id = NULL, identified_as = NULL"  # noqa: S608
            " WHERE site_id IN (SELECT id FROM connections_site WHERE NOT staged)"
            " AND removed_at IS NULL"
        )
        for start in range(0, len(moved), 10_000):
            columns = zip(*moved[start : start + 10_000], strict=True)
            cursor.execute(
                f"UPDATE {table} r SET account_id = v.account,"  # noqa: S608
                " identified_as = CASE WHEN v.account IS NULL THEN NULL ELSE v.named END"
                " FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[])"
                " AS v (site, name, account, named)"
                " WHERE r.site_id = v.site AND r.upstream_id = v.name",
                [list(column) for column in columns],
            )
        if not rule.on_subscriptions:
            Allocation.objects.all().delete()
            for statement in _INHERIT:
                cursor.execute(statement)
        else:
            BillingAccount.objects.filter(site__staged=False).update(
                account=None, identified_as=None
            )
    done.accounts |= before | {owner for *_, owner, _ in moved if owner}


def _recognise(
    sites: Sequence[Site], rule: IdentifierRule, change_set: ChangeSet, now: datetime
) -> set[int]:
    """Make the accounts that are missing, and give records what follows from whose they are."""
    concerned: set[int] = set()
    for site in (one for one in sites if not one.staged):
        batch = Batch(site.pk, change_set, now)
        last = ""
        while chunk := _waiting(rule, site, last):
            names = [row.upstream_id for row in chunk]
            if rule.on_subscriptions:
                concerned |= recognition.subscriptions(site, names, batch).accounts
            else:
                concerned |= recognition.billing_accounts(site, chunk, batch).accounts
            last = names[-1]
        if rule.on_subscriptions:
            concerned |= _reshare(site)
        else:
            concerned |= recognition.adopt_orphans(site.pk)
    return concerned


def _waiting(rule: IdentifierRule, site: Site, after: str) -> list[Any]:
    model: Any = Subscription if rule.on_subscriptions else BillingAccount
    rows = model.objects.filter(site=site, account=None, removed_at=None, upstream_id__gt=after)
    return list(rows.order_by("upstream_id")[:CHUNK])


def _reshare(site: Site) -> set[int]:
    """Share out every invoice of the site by what its subscriptions say now."""
    concerned: set[int] = set()
    payers = list(BillingAccount.objects.filter(site=site).values_list("upstream_id", flat=True))
    sharing.settle(site.pk, payers)
    last = 0
    rows = Invoice.objects.filter(site=site).order_by("pk").values_list("pk", flat=True)
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        concerned |= allocation.allocate(chunk)
        last = chunk[-1]
    return concerned


def _hide_empty(fate: Fate, now: datetime) -> None:
    """An account whose records nobody can name any more leaves the list, unless somebody has worked
    on it: it comes back when a rule names it again."""
    rows = Account.objects.filter(pk__in=fate.nameless, edited=False, owner=None, contacts=None)
    rows.filter(removed_at=None).update(removed_at=now)
