"""Another rule in the rows of accounts: their identifiers, those that are one now, those that come back.

Runs in the caller's transaction, a chunk of rows at a time.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from tenure.core.chunks import chunks
from tenure.customers.making import Claim
from tenure.customers.models import Account, Alias, Change, ChangeSet
from tenure.identity.foreseeing import MANY, Fate
from tenure.identity.models import Merge


def rename(fate: Fate, change_set: ChangeSet, now: datetime) -> None:
    """Give accounts their identifiers. Old ones stay as aliases that lead people, not records."""
    Alias.objects.filter(claimable=True).update(claimable=False)
    old = dict[int, Claim]()
    for ids in chunks(sorted(fate.rekeyed), MANY):
        rows = Account.objects.filter(pk__in=ids).values_list("pk", "identifier", "scope_id")
        old |= {pk: Claim(identifier, scope) for pk, identifier, scope in rows}
        with connection.cursor() as cursor:
            # All of them first, because two accounts may change places.
            cursor.execute(
                "UPDATE customers_account SET identifier = chr(1) || id WHERE id = ANY(%s)", [ids]
            )
    for ids in chunks(sorted(fate.rekeyed), MANY):
        claims = [fate.rekeyed[pk] for pk in ids]
        names, scopes = [c.identifier for c in claims], [c.scope_id for c in claims]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE customers_account a SET identifier = v.identifier, scope_id = v.scope,"
                " updated_at = %s, changed_in_id = %s"
                " FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS v (id, identifier, scope)"
                " WHERE a.id = v.id",
                [now, change_set.pk, ids, names, scopes],
            )
        _alias([(old[pk].identifier, old[pk].scope_id, pk) for pk in ids], now)
        Change.objects.bulk_create(
            _noted(change_set, pk, "identifier", old[pk].identifier, fate.rekeyed[pk].identifier)
            for pk in ids
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


def bring_back(fate: Fate, now: datetime) -> set[int]:
    """Show accounts again that were joined or hidden and are named now; which these are."""
    wanted = set(fate.owners.values())
    hidden = Account.objects.exclude(removed_at=None).values_list("pk", flat=True)
    back = sorted(wanted & set(hidden.iterator()))
    merged = Merge.objects.filter(undone_at=None).values_list("pk", "absorbed_id")
    undone = [pk for pk, absorbed in merged if absorbed in wanted]
    Merge.objects.filter(pk__in=undone).update(undone_at=now)
    for ids in chunks(back, MANY):
        Account.objects.filter(pk__in=ids).update(removed_at=None, merged_into=None)
    return set(back)


# The accounts that go and those that take what they had, in the order that decides.
_PAIRS = "unnest(%(gone)s::bigint[], %(kept)s::bigint[]) WITH ORDINALITY AS p (gone, kept, place)"
_ABSORB = (
    *(
        f"UPDATE {table} o SET account_id = p.kept FROM {_PAIRS} WHERE o.account_id = p.gone"
        for table in (
            "customers_billingaccount",
            "customers_subscription",
            "customers_invoice",
            "customers_alias",
        )
    ),
    # Of a person at several of them the first comes along, unless they are known there already.
    f"""
    UPDATE customers_contact o SET account_id = c.kept FROM (
        SELECT DISTINCT ON (p.kept, c.identifier) c.id, p.kept
        FROM {_PAIRS} JOIN customers_contact c ON c.account_id = p.gone
        WHERE NOT EXISTS (
            SELECT 1 FROM customers_contact k WHERE k.account_id = p.kept AND k.identifier = c.identifier
        )
        ORDER BY p.kept, c.identifier, p.place
    ) c WHERE o.id = c.id
    """,
    f"""
    UPDATE customers_account o SET merged_into_id = p.kept, removed_at = %(now)s
    FROM {_PAIRS} WHERE o.id = p.gone
    """,
)


def absorb(fate: Fate, change_set: ChangeSet, now: datetime) -> None:
    """Join accounts into those that keep their row."""
    for gone in chunks(list(fate.absorbed), MANY):
        kept = [fate.absorbed[pk] for pk in gone]
        rows = Account.objects.filter(pk__in={*gone, *kept})
        named = {pk: Claim(i, s) for pk, i, s in rows.values_list("pk", "identifier", "scope_id")}
        with connection.cursor() as cursor:
            for statement in _ABSORB:
                cursor.execute(statement, {"gone": gone, "kept": kept, "now": now})
        pairs = list(zip(gone, kept, strict=True))
        _alias([(named[pk].identifier, named[pk].scope_id, into) for pk, into in pairs], now)
        Change.objects.bulk_create(
            _noted(change_set, pk, "merged into", "", named[into].identifier) for pk, into in pairs
        )
