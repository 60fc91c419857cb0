"""What the world and the wire share: the records of each Recurly site, ready to be served.

The world writes here and the wire reads. A ``Record`` is one Recurly object in wire form: money is
``Decimal``, a time is text like ``2026-11-23T09:00:00Z``, null is None, nested objects are dicts.
Kinds are the names of Recurly's lists: accounts, subscriptions, invoices, line_items, transactions,
credit_payments, plans, add_ons, coupons, coupon_redemptions, custom_field_definitions, items and so
on. Line items, transactions and credit payments are kinds of their own and also stand, whole, in
their invoice; the world keeps both in step.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from tenure.simulator.table import Record, Table

__all__ = ["Record", "SiteStore", "Table", "World"]


class SiteStore:
    """One Recurly site: its ``/sites`` object, its API keys and a table for each kind of record.

    A record may be changed in place by its owner, but only ``put`` makes the change visible in
    lists; call it once per change, within the same turn of the event loop.
    """

    def __init__(self, site: Record, *, region: str = "us", keys: set[str] | None = None) -> None:
        if region not in ("us", "eu"):
            raise ValueError(f"region {region!r} is neither us nor eu")
        self.site = site
        self.region = region
        self.keys: set[str] = set(keys or ())
        self._tables: dict[str, Table] = defaultdict(Table)

    @property
    def id(self) -> str:
        """The site's own id."""
        return str(self.site["id"])

    @property
    def subdomain(self) -> str:
        """The name operators know the site by."""
        return str(self.site["subdomain"])

    def table(self, kind: str) -> Table:
        """The table of a kind; an empty one when nothing of the kind was ever put."""
        return self._tables[kind]

    def adopt(self, kind: str, table: Table) -> None:
        """Let a ready-made table serve a kind, as the bulk world does with computed records."""
        self._tables[kind] = table

    def kinds(self) -> list[str]:
        """Every kind that holds at least one record, in alphabetical order."""
        return sorted(kind for kind, table in self._tables.items() if len(table))

    def put(self, kind: str, record: Record) -> None:
        """Insert the record, or replace the one with its id."""
        self._tables[kind].put(record)

    def get(self, kind: str, id_: str) -> Record | None:
        """The record with this id, or None."""
        return self._tables[kind].get(id_)

    def remove(self, kind: str, id_: str) -> Record | None:
        """Take the record out of every list; returns it, or None when there was none."""
        return self._tables[kind].remove(id_)

    def find(self, kind: str, field: str, value: str) -> Record | None:
        """The record whose ``field`` (code, uuid, number, name …) equals ``value``, or None.

        Of several, the one with the smallest id.
        """
        return next(iter(self._tables[kind].where(field, value)), None)

    def of_account(self, kind: str, account_id: str) -> list[Record]:
        """The records of a kind whose embedded account has this id, in order of id."""
        return self._tables[kind].where("account.id", account_id)

    def all(self, kind: str) -> Iterator[Record]:
        """Every record of a kind, in order of first appearance."""
        return iter(self._tables[kind])

    def count(self, kind: str) -> int:
        """How many records a kind holds."""
        return len(self._tables[kind])


class World(Protocol):
    """What the wire needs of whoever makes the records."""

    @property
    def sites(self) -> Mapping[str, SiteStore]:
        """The sites by subdomain."""
        ...

    def now(self) -> datetime:
        """The virtual time, in UTC."""
        ...

    def advance_to(self, instant: datetime) -> None:
        """Let time pass up to ``instant`` and put what changes. Never goes back: ValueError."""
        ...

    def change(self, spec: Mapping[str, Any]) -> Record | None:
        """Make one scripted change; returns the record it made or changed, if it is one record.

        The spec names at least ``site`` (subdomain) and ``action``; the rest is the world's own.
        Raises ValueError, saying what is wrong, for a spec it cannot follow.
        """
        ...

    def truth(self) -> dict[str, Any]:
        """What is so now at every site, as a test compares it with what arrived elsewhere."""
        ...
