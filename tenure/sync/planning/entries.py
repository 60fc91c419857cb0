"""Keeping the entries of a plan: in order, counted, and with a digest that stands for all of them.

They are copied into a temporary table as they are worked out, so a plan of a million accounts
never stands in memory, and numbered there.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper

from tenure.core.chunks import chunks
from tenure.customers.staging import empty, stage
from tenure.sync.models import Plan

CHUNK = 1_000
# What a person must see comes first: manual edits about to be lost, then what waits for them.
RANK = {
    "override": 0,
    "conflict": 1,
    "quarantine": 2,
    "unidentified": 3,
    "update": 4,
    "create": 5,
    "pinned": 6,
}
VERBS = tuple(RANK)
NEEDS_A_PERSON = ("override", "conflict", "quarantine", "unidentified")
UNPROMISED = frozenset({"pinned"})  # nothing is done about these, so nothing is promised
BACK = frozenset({"removed", "removed_at"})  # what was hidden and comes back


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a plan, as ``PlanEntry`` keeps it. ``belongs_to`` is the identifier of the account
    that a contact or subscription is of."""

    verb: str
    object_kind: str
    upstream_id: str = ""
    account_id: int | None = None
    identifier: str = ""
    name: str = ""
    changes: Mapping[str, list[Any]] = field(default_factory=dict)
    overridden: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    belongs_to: str = ""

    @property
    def moment(self) -> str:
        """When the newest of the values about to be lost was set; "" when none is."""
        return max((str(one.get("set_at") or "") for one in self.overridden.values()), default="")

    @property
    def promise(self) -> str:
        """A digest of what is promised about the object; "" where nothing is."""
        if self.verb in UNPROMISED:
            return ""
        said: list[Any] = [self.verb, self.object_kind, self.upstream_id, self.identifier]
        said += [self.changes, self.belongs_to if self.object_kind == "contact" else ""]
        told = msgspec.json.encode([*said, sorted(self.overridden)], order="sorted")
        return hashlib.blake2b(told, digest_size=16).hexdigest()


_COLUMNS = {
    "rank": "int2",
    "moment": "text",
    "promise": "text",
    "verb": "text",
    "object_kind": "text",
    "upstream_id": "text",
    "account_id": "int8",
    "identifier": "text",
    "name": "text",
    "changes": "text",
    "overridden": "text",
    "reason": "text",
    "belongs_to": "text",
}
_TYPED = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
# Texts are compared by their bytes, so that the order is the same on every server.
_ORDER = (
    "rank, moment DESC, object_kind,"
    ' identifier COLLATE "C", upstream_id COLLATE "C", belongs_to COLLATE "C"'
)
_KEEP = f"""
    INSERT INTO sync_planentry (plan_id, position, verb, object_kind, upstream_id, account_id,
                                identifier, name, changes, overridden, reason, belongs_to)
    SELECT %s, row_number() OVER (ORDER BY {_ORDER}), verb, object_kind, upstream_id, account_id,
           identifier, name, changes::jsonb, overridden::jsonb, reason, belongs_to
    FROM planned_entry
"""
_DIGEST = f"""
    SELECT encode(sha256(convert_to(coalesce(string_agg(promise, '' ORDER BY {_ORDER}), ''),
                                    'UTF8')), 'hex')
    FROM planned_entry WHERE promise <> ''
"""


def keep(plan: Plan, entries: Iterable[Entry]) -> dict[str, Any]:
    """Store the entries and the plan's digest; what they come to, by object and verb and by field.
    ``back`` are the hidden ones that come back.

    Runs in the caller's transaction.
    """
    verbs: dict[str, Counter[str]] = {}
    back: Counter[str] = Counter()
    by_field: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    with connection.cursor() as cursor:
        stage(cursor, "planned_entry", _TYPED)
        for some in chunks(entries, CHUNK):  # the next ones need the connection to be worked out
            for entry in some:
                verbs.setdefault(entry.object_kind, Counter())[entry.verb] += 1
                back[entry.object_kind] += not BACK.isdisjoint(entry.changes)
                by_field.update(list(entry.changes) if entry.verb != "create" else ())
                lost.update(list(entry.overridden))
            _copy(cursor, some)
        cursor.execute(_KEEP, [plan.pk])
        cursor.execute(_DIGEST)
        plan.digest = cursor.fetchone()[0]
        empty(cursor, "planned_entry")
    objects = {kind: dict(counted) for kind, counted in verbs.items()}
    return {"objects": objects, "fields": dict(by_field), "lost": dict(lost), "back": dict(back)}


def _copy(cursor: CursorWrapper, some: Sequence[Entry]) -> None:
    names = ", ".join(_COLUMNS)
    with cursor.copy(f"COPY planned_entry ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(tuple(_COLUMNS.values()))
        for entry in some:
            copy.write_row(_row(entry))


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        RANK[entry.verb],
        entry.moment,
        entry.promise,
        entry.verb,
        entry.object_kind,
        entry.upstream_id,
        entry.account_id,
        entry.identifier,
        entry.name,
        _json(entry.changes),
        _json(entry.overridden),
        entry.reason,
        entry.belongs_to,
    )


def _json(value: Mapping[str, Any]) -> str:
    # PostgreSQL keeps no such character in JSON.
    return msgspec.json.encode(value).decode().replace("\\u0000", "") if value else "{}"
