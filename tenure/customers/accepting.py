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

from tenure.customers import agreements, history, tables, versions
from tenure.customers.history import replaced
from tenure.customers.landing import Batch
from tenure.customers.models import Change, Origin, Subscription

MARK = "content_hash"  # under this name in ``Change.was``
TABLE = tables.SUBSCRIPTIONS


_MARK_OF = "SELECT encode(content_hash, 'hex') FROM customers_subscription WHERE id = %s"
# PostgreSQL reads each value as its column's type.
_WRITE = """
    UPDATE customers_subscription s SET {taken}content_hash = decode(%s, 'hex')
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


def accept(
    row: Subscription, wanted: Mapping[str, Sequence[Any]], whole: str | None, batch: Batch
) -> None:
    """Give a locked row these values, ``{field: [held, says]}``, in the batch's change set. ``whole``
    is the hash of the record when nothing is left that differs from it."""
    held = agreements.held(row)
    was: dict[str, Any] = dict(replaced(held.sources, wanted))
    facts = {place: pair[1] for place, pair in wanted.items() if not _is_attribute(place)}
    was[MARK] = write(row.pk, facts, {"hash": whole} if whole else {}, batch.now)
    for place, (_, says) in wanted.items():
        if _is_attribute(place):
            _take(held, place.removeprefix(agreements.PREFIX), says, batch)
    agreements.save([held], batch)
    Change.objects.create(
        change_set=batch.change_set,
        object_kind=agreements.KIND,
        object_id=row.pk,
        account_id=row.account_id,
        changes={place: list(pair) for place, pair in wanted.items()},
        was=was,
        at=batch.now,
    )


def _is_attribute(place: str) -> bool:
    return place.startswith(agreements.PREFIX)


def _take(held: agreements.Held, name: str, value: Any, batch: Batch) -> None:
    if value is None:
        held.attributes.pop(name, None)
    else:
        held.attributes[name] = value
    held.sources[name] = {
        "source": Origin.SYNC.value,
        "set_by": batch.change_set.member.email if batch.change_set.member else "",
        "set_at": batch.now.isoformat(),
        "change_set": batch.change_set.pk,
    }


def write(
    pk: int, facts: Mapping[str, Any], mark: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Give a locked row these facts, in the form of history, and the hash that ``mark`` names, if
    any; the mark of before."""
    versions.keep(TABLE, [pk], now)
    names = [name for name in facts if name in TABLE.columns or name == "removed_at"]
    taken = "".join(f"{name} = v.{name}, " for name in names)
    with connection.cursor() as cursor:
        cursor.execute(_MARK_OF, [pk])
        before = cursor.fetchone()[0]
        said = json.dumps(dict(facts))
        cursor.execute(_WRITE.format(taken=taken), [mark.get("hash", before), said, pk])
    return {"hash": before}
