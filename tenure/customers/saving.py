"""Writing many accounts' values in one statement."""

from collections.abc import Sequence

import msgspec
from django.db import connection

from tenure.customers.models import Account

_SAVE = """
    UPDATE customers_account a
    SET name = v.name, state = v.state, attributes = v.attributes, sources = v.sources,
        search = v.search, edited = v.edited, updated_at = v.updated_at,
        changed_in_id = v.changed_in
    FROM jsonb_to_recordset(%s::jsonb)
        AS v (id bigint, name text, state text, attributes jsonb, sources jsonb, search text,
              edited bool, updated_at timestamptz, changed_in bigint)
    WHERE a.id = v.id
"""


def save_accounts(accounts: Sequence[Account]) -> None:
    """Write the values of these accounts; their rows are locked by the caller."""
    if not accounts:
        return
    # One document rather than an array a column: the driver would escape every element by itself.
    rows = msgspec.json.encode([_row(account) for account in accounts]).decode()
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [rows])


def _row(account: Account) -> dict[str, object]:
    return {
        "id": account.pk,
        "name": account.name[:300],
        "state": account.state,
        "attributes": account.attributes,
        "sources": account.sources,
        "search": account.search,
        "edited": account.edited,
        "updated_at": account.updated_at,
        "changed_in": account.changed_in_id,
    }
