"""Which billing account is whose, as it was before a change set."""

from typing import Any

from django.db import connection

from tenure.customers.models import BillingAccount, Change, ChangeSet
from tenure.customers.revert.act import Act
from tenure.customers.revert.lines import chunked

LINK = "account_id"


def of(change_set: ChangeSet) -> Any:
    """The changes of the change set that linked a billing account to another account."""
    return Change.objects.filter(
        change_set=change_set, object_kind="billing_account", changes__has_key=LINK
    )


def put_back(act: Act) -> tuple[int, set[int]]:
    """Give billing accounts back to whom they belonged before, where they still are as they were
    made; how many, and the accounts concerned."""
    count, concerned = 0, set[int]()
    for changes in chunked(of(act.of).order_by("object_id").iterator()):
        rows = BillingAccount.objects.select_for_update(no_key=True)
        standing = {row.pk: row for row in rows.filter(pk__in=[c.object_id for c in changes])}
        back = []
        for one in changes:
            row, (old, new) = standing.get(one.object_id), one.changes[LINK]
            if row is not None and row.account_id == new:
                _move(row, old)
                back.append(act.change("billing_account", row.pk, old or new, _back(new, old), {}))
                concerned |= {account for account in (old, new) if account}
        Change.objects.bulk_create(back)
        count += len(back)
    return count, concerned


def _back(new: int | None, old: int | None) -> dict[str, list[Any]]:
    return {LINK: [new, old]}


_MOVE = """
    UPDATE {table} SET account_id = %(to)s
    WHERE site_id = %(site)s AND account_upstream_id = %(payer)s
      AND account_id IS NOT DISTINCT FROM %(from)s
"""


def _move(row: BillingAccount, account_id: int | None) -> None:
    """Make a billing account, with what it paid for, another account's, or nobody's. It keeps the
    identifier it had, by which the next sync finds that it was recognised before."""
    bound = {
        "to": account_id,
        "from": row.account_id,
        "site": row.site_id,
        "payer": row.upstream_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVE.format(table="customers_invoice"), bound)
        own = _MOVE.format(table="customers_subscription") + " AND identified_as IS NULL"
        cursor.execute(own, bound)
    BillingAccount.objects.filter(pk=row.pk).update(account_id=account_id)
