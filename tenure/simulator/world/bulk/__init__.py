"""A business of any size for benchmarks: every record computed from its number on demand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tenure.simulator.store import Record, SiteStore
from tenure.simulator.world.bulk.numbers import FIRST_NUMBER, LINES, Plan
from tenure.simulator.world.bulk.records import Writer
from tenure.simulator.world.bulk.table import BulkTable, Finder
from tenure.simulator.world.moments import wire
from tenure.simulator.world.sites import opened_site
from tenure.simulator.world.state import Queue, Site, SiteSpec

__all__ = ["BulkWorld", "bulk"]


class BulkWorld:
    """Sites of equal records at rest: time passes, but only scripted changes change anything."""

    def __init__(self, stores: Mapping[str, SiteStore], now: datetime) -> None:
        self._stores = dict(stores)
        self._now = now

    @property
    def sites(self) -> Mapping[str, SiteStore]:
        """The stores by subdomain."""
        return self._stores

    def now(self) -> datetime:
        """The virtual time."""
        return self._now

    def advance_to(self, instant: datetime) -> None:
        """Move the clock; nothing else happens. Raises ValueError for an instant before now."""
        if instant < self._now:
            raise ValueError(f"The world is at {wire(self._now)} and cannot go back.")
        self._now = instant.astimezone(UTC).replace(microsecond=0)

    def change(self, spec: Mapping[str, Any]) -> Record | None:
        """Make one change: ``set`` values on one record, ``touch`` many, or ``remove`` one.

        ``{"site": s, "kind": k, "id": i, "set": {…}}``, ``{"site": s, "remove": k, "id": i}``, or
        ``{"site": s, "touch": k, "count": n}``: n records spread over the kind change at one second.
        """
        store = self._stores.get(str(spec.get("site")))
        if store is None:
            raise ValueError(f"There is no site {spec.get('site')!r}.")
        if "touch" in spec:
            self._touch(store, str(spec["touch"]), int(spec.get("count", 1)))
            return None
        kind = str(spec.get("remove") or spec.get("kind"))
        made = store.get(kind, str(spec.get("id")))
        if made is None:
            raise ValueError(f"{store.subdomain} has no {kind} with id {spec.get('id')!r}.")
        if "remove" in spec:
            return store.remove(kind, made["id"])
        made.update(spec.get("set", {}))
        made["updated_at"] = wire(self._now)
        store.put(kind, made)
        return made

    def _touch(self, store: SiteStore, kind: str, count: int) -> None:
        keys = store.table(kind).keys("created_at")
        step = max(1, len(keys) // max(1, count))
        for _, id_ in keys[::step][:count]:
            made = store.get(kind, id_)
            if made is not None:
                made["updated_at"] = wire(self._now)
                store.put(kind, made)

    def truth(self) -> dict[str, Any]:
        """How many records of each kind every site holds."""
        return {
            "now": wire(self._now),
            "sites": {
                name: {"id": s.id, "counts": {kind: s.count(kind) for kind in s.kinds()}}
                for name, s in self._stores.items()
            },
        }


def bulk(
    site: SiteSpec | None = None,
    *,
    seed: int = 1,
    accounts: int = 20_000,
    periods: int = 2,
    until: datetime,
) -> BulkWorld:
    """One site of ``accounts`` accounts, each with a subscription and ``periods`` monthly invoices of
    two lines and a payment. Takes no time to build and hardly any memory, whatever its size.
    """
    spec = site or SiteSpec("brightwharf-bulk", "demo-key-brightwharf-bulk")
    plan = Plan(seed, spec.subdomain, accounts, periods, until.astimezone(UTC))
    opened = datetime.fromtimestamp(plan.opened, UTC)
    made = opened_site(spec, seed, opened, Queue(), bump_on_time_events=True)
    _fill(made, plan)
    return BulkWorld({spec.subdomain: made.store}, plan.until.replace(microsecond=0))


def _fill(site: Site, plan: Plan) -> None:
    writer = Writer(plan, site.plans["team-monthly"])
    for kind, write in writer.write.items():
        site.store.adopt(
            kind, BulkTable(plan, kind, write, writer.glimpse[kind], _finders(plan, kind))
        )


def _finders(plan: Plan, kind: str) -> dict[str, Finder]:
    """How to find a kind's records by the fields that Recurly's paths and lists ask for."""

    def by_account(id_: str) -> range:
        n = plan.index("accounts", id_)
        return range(0) if n is None else _of_account(n)

    def _of_account(n: int) -> range:
        return (
            range(n, n + 1) if kind == "subscriptions" else range(n, plan.invoices, plan.accounts)
        )

    if kind == "accounts":
        return {"code": lambda code: _from_text(code, "BW-", 100000, plan.accounts)}
    if kind == "line_items":
        return {
            "account.id": lambda id_: [
                m * LINES + part for m in by_account(id_) for part in range(LINES)
            ],
        }
    found: dict[str, Finder] = {"account.id": by_account}
    if kind == "invoices":
        found["number"] = lambda number: _from_text(number, "", FIRST_NUMBER, plan.invoices)
        found["previous_invoice_id"] = lambda _: range(0)
    return found


def _from_text(text: str, prefix: str, first: int, count: int) -> range:
    digits = text.removeprefix(prefix)
    n = int(digits) - first if digits.isascii() and digits.isdigit() else -1
    return range(n, n + 1) if text.startswith(prefix) and 0 <= n < count else range(0)
