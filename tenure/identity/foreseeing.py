"""What another identifier rule would do to the accounts there are. Nothing is written.

Everything is decided by the records in one order (site priority, age, id), so the outcome does not
depend on when it is done. An account takes the identifier of its first record that has one; of
several that would take the same, the one with the first record keeps its row and absorbs the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenure.core.chunks import chunks
from tenure.customers.making import Claim
from tenure.customers.models import Account, BillingAccount, Subscription
from tenure.identity.models import Merge
from tenure.identity.resolve import IdentifierRule, Unidentified, identify

MANY = 10_000  # rows of one statement
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


def foresee(rule: IdentifierRule) -> tuple[Preview, Fate]:
    """What this rule would do, in numbers and for every record and account. Nothing is written."""
    told, fate = Preview(rule.field), Fate()
    held = _held_by_hand()
    primary: dict[int, Claim] = {}
    first_seen: dict[Claim, int] = {}
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
    standing = _standing(list(fed))
    _choose_owners(fate, primary, fed)
    for account, now in standing.items():
        _judge(account, now, primary.get(account), fate, told)
    made = set(fate.claims.values()) - fate.owners.keys()
    for claim in sorted(made & first_seen.keys(), key=lambda one: one.identifier):
        told.count("split", standing[first_seen[claim]].identifier, claim.identifier)
    _keep_merged(held, primary, fate)
    return told, fate


def _standing(ids: Sequence[int]) -> dict[int, Claim]:
    """How these accounts are identified now, in their order."""
    found: dict[int, Claim] = {}
    for some in chunks(ids, MANY):
        rows = Account.objects.filter(pk__in=some)
        named = {pk: Claim(i, s) for pk, i, s in rows.values_list("pk", "identifier", "scope_id")}
        found.update((pk, named[pk]) for pk in some)
    return found


def _choose_owners(fate: Fate, primary: Mapping[int, Claim], fed: Iterable[int]) -> None:
    """Which account each claim leads to: the one that has the identifier already, else the first whose
    first record claims it."""
    taken = _taken(set(fate.claims.values()), primary)
    first: dict[Claim, int] = {}
    for account in fed:
        if account in primary:
            first.setdefault(primary[account], account)
    fate.owners.update(first)
    fate.owners.update(taken)


def _judge(account: int, now: Claim, claim: Claim | None, fate: Fate, told: Preview) -> None:
    """What becomes of one account, called this now, whose first record claims that."""
    if claim is None:
        fate.nameless.add(account)
    elif fate.owners[claim] != account:
        fate.absorbed[account] = fate.owners[claim]
        told.count("joined", now.identifier, claim.identifier)
    elif claim != now:
        fate.rekeyed[account] = claim
        told.count("rekeyed", now.identifier, claim.identifier)
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
    for names in chunks(sorted({claim.identifier for claim in claims}), MANY):
        rows = Account.objects.filter(identifier__in=names)
        for pk, identifier, scope in rows.values_list("pk", "identifier", "scope_id"):
            claim = Claim(identifier, scope)
            if claim in claims and primary.get(pk, claim) == claim:
                found[claim] = pk
    return found
