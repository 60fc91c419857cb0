"""Changing the identifier rule when accounts exist: they are re-keyed, joined and split.

What is to become of everything is foreseen first (``foreseeing``) and then done in one transaction,
a chunk of rows at a time. An account of that name that was joined before comes back. Values set by
hand stay with the account that keeps its row (docs/decisions/0022).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tenure.access.models import Member
from tenure.connections import models as connections
from tenure.connections.models import Site, Truth
from tenure.core.chunks import chunks
from tenure.customers import sharing
from tenure.customers.history import open_set
from tenure.customers.landing import Batch
from tenure.customers.models import (
    Account,
    Allocation,
    BillingAccount,
    ChangeSet,
    Invoice,
    Origin,
    Subscription,
)
from tenure.customers.write import By
from tenure.identity import allocation, moving, recognition, rekeying, rules
from tenure.identity.foreseeing import MANY, Fate, Preview, foresee
from tenure.identity.models import Conflict, Resolution
from tenure.identity.resolve import IdentifierRule

CHUNK = 1_000


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


def waits() -> bool:
    """Whether records of sites that are in use are here and nobody's."""
    return any(
        model.objects.filter(site__staged=False, account=None, removed_at=None).exists()
        for model in (BillingAccount, Subscription)
    )


def preview(field: str, *, joins: bool | None = None, fold_case: bool = False) -> Preview:
    """What this rule would do; nothing is written. Raises RuleRefused."""
    joins = rules.joins_of(field) if joins is None else joins
    told, _ = foresee(rules.as_rule(field, joins=joins, fold_case=fold_case))
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
        told, fate = foresee(rule)
        reason = by.reason or f"Accounts are identified by {field}"
        by = By(by.origin, member, reason, by.name)
        change_set = open_set(Origin(by.origin), now=now, member=member, reason=reason)
        done = Applied(chosen, told, change_set)
        rekeying.rename(fate, change_set, now)
        done.accounts |= rekeying.bring_back(fate, now)
        rekeying.absorb(fate, change_set, now)
        done.accounts |= {*fate.rekeyed, *fate.absorbed, *fate.absorbed.values()}
        _link(rule, fate, done)
        done.accounts |= _recognise(sites, rule, change_set, now)
        _hide_empty(fate, now)
        Conflict.objects.filter(resolution="").update(
            resolution=Resolution.WENT_AWAY, resolved_at=now, change_set=change_set
        )
        done.accounts |= moving.recompose(done.accounts, by, now)
    return done


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
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET account_id = NULL, identified_as = NULL"  # noqa: S608
            " WHERE site_id IN (SELECT id FROM connections_site WHERE NOT staged)"
            " AND removed_at IS NULL"
        )
        for some in chunks(sorted(fate.claims), MANY):
            claims = [fate.claims[key] for key in some]
            owners = [fate.owners.get(claim) for claim in claims]
            done.accounts.update(owner for owner in owners if owner)
            cursor.execute(
                f"UPDATE {table} r SET account_id = v.account,"  # noqa: S608
                " identified_as = CASE WHEN v.account IS NULL THEN NULL ELSE v.named END"
                " FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[])"
                " AS v (site, name, account, named)"
                " WHERE r.site_id = v.site AND r.upstream_id = v.name",
                [
                    [site for site, _ in some],
                    [name for _, name in some],
                    owners,
                    [claim.identifier for claim in claims],
                ],
            )
        if not rule.on_subscriptions:
            Allocation.objects.all().delete()
            for statement in _INHERIT:
                cursor.execute(statement)
        else:
            BillingAccount.objects.filter(site__staged=False).update(
                account=None, identified_as=None
            )
    done.accounts |= before


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
    for ids in chunks(sorted(fate.nameless), MANY):
        rows = Account.objects.filter(pk__in=ids, edited=False, owner=None, contacts=None)
        rows.filter(removed_at=None).update(removed_at=now)
