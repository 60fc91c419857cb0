"""Giving records to another account, with everything that hangs on them, and composing values anew.

Runs in the caller's transaction. What comes back are the accounts whose figures must be made anew.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection

from tenure.core.chunks import chunks
from tenure.customers import accounts, sharing
from tenure.customers.history import open_set
from tenure.customers.landing import Batch
from tenure.customers.making import Followed
from tenure.customers.models import BillingAccount, Change, ChangeSet, Origin, Subscription
from tenure.customers.write import By
from tenure.identity import allocation

CHUNK = 1_000  # accounts that are composed at a time

# A subscription that names its account itself does not go with its payer.
_WITH_PAYERS = (
    """
    UPDATE customers_subscription o SET account_id = b.account_id
    FROM customers_billingaccount b
    WHERE b.id = ANY(%s) AND o.site_id = b.site_id AND o.account_upstream_id = b.upstream_id
        AND o.identified_as IS NULL AND o.account_id IS DISTINCT FROM b.account_id
    """,
    """
    UPDATE customers_invoice o SET account_id = b.account_id
    FROM customers_billingaccount b
    WHERE b.id = ANY(%s) AND o.site_id = b.site_id AND o.account_upstream_id = b.upstream_id
        AND o.account_id IS DISTINCT FROM b.account_id
    """,
)


def give_payers(rows: Iterable[int], account_id: int | None, named: str | None = None) -> None:
    """These billing accounts are this account's now, with their subscriptions and invoices; from
    now on they are known by ``named``, if it is given."""
    ids = list(rows)
    values: dict[str, object] = {"account_id": account_id}
    if named is not None:
        values["identified_as"] = named or None
    BillingAccount.objects.filter(pk__in=ids).update(**values)
    with connection.cursor() as cursor:
        for statement in _WITH_PAYERS:
            cursor.execute(statement, [ids])


def give_subscriptions(
    rows: Iterable[int], account_id: int | None, named: str | None = None
) -> set[int]:
    """These subscriptions, which name their account themselves, are this account's now; the
    accounts whose part of an invoice is another by that."""
    found = list(Subscription.objects.filter(pk__in=list(rows)))
    values: dict[str, object] = {"account_id": account_id}
    if named is not None:
        values["identified_as"] = named or None
    Subscription.objects.filter(pk__in=[row.pk for row in found]).update(**values)
    return reshare(found)


def reshare(rows: Collection[Subscription]) -> set[int]:
    """Share out anew what these subscriptions' invoices are, after whose they are has changed."""
    concerned: set[int] = set()
    for site_id in sorted({row.site_id for row in rows}):
        here = [row for row in rows if row.site_id == site_id]
        payers = {row.account_upstream_id for row in here}
        sharing.settle(site_id, payers)
        invoices = allocation.invoices_of(
            site_id, subscriptions={row.upstream_id for row in here}, payers=payers
        )
        concerned |= allocation.allocate(invoices)
    return concerned


def recompose(account_ids: Iterable[int], by: By, now: datetime) -> set[int]:
    """Compose these accounts anew from what feeds them now; those with another value. The values are
    the source's, whoever moved the records, and have a change set of their own."""
    change_set = open_set(Origin.SYNC, now=now, reason=by.reason)
    followed, ids, daily = Followed(), sorted(account_ids), accounts.daily_sites()
    for some in chunks(ids, CHUNK):
        accounts.bring_up_to_date(
            some,
            Batch(0, change_set, now),
            followed,
            daily=daily,
            spares_hand=True,
        )
    return followed.changed


def note(change_set: ChangeSet, account_id: int, field: str, old: str, new: str) -> None:
    """Keep in an account's history what became of its identity."""
    Change.objects.create(
        change_set=change_set,
        object_kind="identity",
        object_id=account_id,
        account_id=account_id,
        changes={field: [old or None, new or None]},
        at=change_set.created_at,
    )
