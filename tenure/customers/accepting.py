"""Facts of a subscription that a person accepts from the source, one by one, and takes back again.

A row that was imported once is the import's; what is accepted is written into its columns as it
would have landed. The hash of the record it stands for is kept beside, so that what was not accepted
still counts as differing, and what is taken back differs again.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from tenure.customers import history, tables, versions

MARK = "content_hash"  # under this name in ``Change.was``
TABLE = tables.SUBSCRIPTIONS


_MARK_OF = "SELECT encode(content_hash, 'hex') FROM customers_subscription WHERE id = %s"
# PostgreSQL reads each value as its column's type.
_WRITE = """
    UPDATE customers_subscription s SET {taken}, content_hash = decode(%s, 'hex')
    FROM jsonb_populate_record(NULL::customers_subscription, %s::jsonb) v WHERE s.id = %s
"""


def standing(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """These rows as history tells of them, the facts alone."""
    rows = history.snapshot(TABLE.name, list(ids))
    untold = tables.UNTRACKED | {"account_id"}
    return {
        pk: {name: value for name, value in row.items() if name not in untold}
        for pk, row in rows.items()
    }


def write(
    pk: int, facts: Mapping[str, Any], mark: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Give a locked row these facts, in the form of history, and the hash that ``mark`` names, if
    any; the mark of before."""
    versions.keep(TABLE, [pk], now)
    names = [name for name in facts if name in TABLE.columns or name == "removed_at"]
    taken = ", ".join(f"{name} = v.{name}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(_MARK_OF, [pk])
        before = cursor.fetchone()[0]
        said = json.dumps(dict(facts))
        cursor.execute(_WRITE.format(taken=taken), [mark.get("hash", before), said, pk])
    return {"hash": before}
