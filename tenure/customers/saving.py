"""Writing many accounts' values in one statement."""

import json
from collections.abc import Sequence

from django.db import connection

from tenure.customers.models import Account

_SAVE = """
    UPDATE customers_account a
    SET name = v.name, state = v.state, attributes = v.attributes, sources = v.sources,
        search = v.search, edited = v.edited, updated_at = v.updated_at,
        changed_in_id = v.changed_in
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[], %s::text[],
                %s::bool[], %s::timestamptz[], %s::bigint[])
        AS v (id, name, state, attributes, sources, search, edited, updated_at, changed_in)
    WHERE a.id = v.id
"""


def save_accounts(accounts: Sequence[Account]) -> None:
    """Write the values of these accounts; their rows are locked by the caller."""
    if not accounts:
        return
    columns = zip(*(_row(account) for account in accounts), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [list(column) for column in columns])


def _row(account: Account) -> tuple[object, ...]:
    return (
        account.pk,
        account.name[:300],
        account.state,
        json.dumps(account.attributes),
        json.dumps(account.sources),
        account.search,
        account.edited,
        account.updated_at,
        account.changed_in_id,
    )
