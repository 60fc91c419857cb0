"""A year of a simulated business, day by day: what is stored and measured against what is so.

Each day only what changed is landed, and only accounts that were touched or whose time had come are
measured; yet every figure of every customer must be right every day. What is right is worked out
here from the business's own records and truth, without the product's formulas.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from tenure.connections.models import Site
from tenure.customers import coupons, tables
from tenure.customers.history import open_set
from tenure.customers.landing import Batch, land
from tenure.customers.models import Account, BillingAccount, Origin
from tenure.metrics import refresh
from tenure.metrics.models import AccountFacts
from tenure.simulator.store import SiteStore
from tenure.simulator.table import _encode as encoded
from tenure.simulator.world import SiteSpec, build
from tenure.simulator.world.truth import business
from tenure.sources import registry
from tenure.sources.base import Stream
from tenure.sources.records import Invoice
from tenure.sources.recurly.redemptions import of_account
from tests.metrics import briefs

pytestmark = pytest.mark.django_db

BORN = datetime(2024, 12, 1, 8, 0, tzinfo=UTC)
BEGIN = datetime(2025, 3, 1, 6, 0, tzinfo=UTC)
DAYS = 365
SPEC = SiteSpec("brightwharf-us", "key-of-the-us-site-0001", "us", share=1.0)
LANDED = (
    ("plans", Stream.PLANS, tables.PLANS),
    ("subscriptions", Stream.SUBSCRIPTIONS, tables.SUBSCRIPTIONS),
    ("invoices", Stream.INVOICES, tables.INVOICES),
    ("transactions", Stream.TRANSACTIONS, tables.TRANSACTIONS),
)
MILLIONTH = Decimal("0.000001")
Sums = dict[str, Decimal]


class Mirror:
    """What we hold of the business: landed as it changes, by the doors a sync uses."""

    def __init__(self) -> None:
        self.site = Site.objects.create(
            source=registry.DEFAULT, subdomain=SPEC.subdomain, region="us", site_id="x"
        )
        self.accounts: dict[str, int] = {}
        self.seen: dict[tuple[str, str], str] = {}

    def follow(self, store: SiteStore, now: datetime) -> set[int]:
        """Land what changed since the last time; whom it concerns."""
        touched = {self._account(one["id"], now) for one in self._changed(store, "accounts")}
        for kind, stream, table in LANDED:
            changed = self._changed(store, kind)
            if not changed:
                continue
            records = registry.source(registry.DEFAULT).read(stream, [encoded(r) for r in changed])
            assert len(records) == len(changed)
            batch = Batch(self.site.pk, open_set(Origin.SYNC, now=now), now)
            land(table, records, batch)
            if stream == Stream.INVOICES:
                coupons.note(self.site.pk, cast("list[Invoice]", records))
            touched |= {self.accounts[r["account"]["id"]] for r in changed if r.get("account")}
        return touched | self._coupons(store, now)

    def _coupons(self, store: SiteStore, now: datetime) -> set[int]:
        """What accounts answer that are to be asked for their own coupons."""
        touched: set[int] = set()
        for payer in coupons.to_ask(self.site.pk, now, only_new=False):
            said = store.of_account("coupon_redemptions", payer)
            answer = of_account([encoded(one) for one in said])
            kept = coupons.keep(self.site.pk, payer, answer, asked_at=now, now=now)
            touched |= kept.accounts
        return touched

    def _changed(self, store: SiteStore, kind: str) -> list[Mapping[str, Any]]:
        found = []
        for record in store.all(kind):
            stamp = str(record["updated_at"]) + str(record.get("state", record.get("status")))
            if self.seen.get((kind, record["id"])) != stamp:
                self.seen[kind, record["id"]] = stamp
                found.append(record)
        return found

    def _account(self, upstream_id: str, now: datetime) -> int:
        if upstream_id not in self.accounts:
            account = Account.objects.create(
                identifier=upstream_id, name=upstream_id, created_at=now, updated_at=now
            )
            BillingAccount.objects.create(
                site=self.site,
                account=account,
                upstream_id=upstream_id,
                code=upstream_id,
                state="active",
                content_hash=b"",
                created_at=now,
                updated_at=now,
            )
            self.accounts[upstream_id] = account.pk
        return self.accounts[upstream_id]


def test_every_figure_is_right_on_every_day_of_a_year() -> None:
    world = build([SPEC], seed=11, accounts=12, start=BORN, until=BEGIN)
    store = world.sites[SPEC.subdomain]
    mirror = Mirror()
    seen: dict[str, int] = defaultdict(int)
    for day in range(DAYS):
        now = BEGIN + timedelta(days=day)
        world.advance_to(now)
        waiting = mirror.follow(store, now) | set(refresh.due(now))
        while waiting:
            refresh.measure(waiting, now)
            waiting = set(refresh.due(now))
        customers = world._sites[SPEC.subdomain].customers
        known = {one.record["id"]: business(one, now) for one in customers}
        facts = AccountFacts.objects.in_bulk(list(mirror.accounts.values()))
        records = by_account(store)
        for upstream_id, pk in mirror.accounts.items():
            expected = what_is_so(records[upstream_id], known[upstream_id], now)
            differs = {k: v for k, v in expected.items() if not same(got(facts[pk], k), v)}
            found = {name: got(facts[pk], name) for name in differs}
            assert not differs, f"{now:%Y-%m-%d}, {upstream_id}: {found} and not {differs}"
            for name, value in expected.items():
                seen[name] += bool(value)
    assert briefs.differing() == []
    # Nothing that was compared was nothing all year long.
    assert all(seen[name] for name in seen), dict(seen)
    assert {"mrr", "past_due", "oldest_past_due_days", "payment_failures_90d"} <= seen.keys()


Records = Mapping[str, list[Mapping[str, Any]]]


def by_account(store: SiteStore) -> Mapping[str, Records]:
    found: dict[str, Records] = defaultdict(lambda: defaultdict(list))
    for kind in ("subscriptions", "invoices", "transactions"):
        for record in store.all(kind):
            if record.get("account"):
                found[record["account"]["id"]][kind].append(record)
    return found


def what_is_so(records: Records, known: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The customer's figures from the business's own records, at an instant, in UTC days."""
    currency_of = {one["id"]: one["currency"] for one in records["subscriptions"]}
    mrr = totals((currency_of[i], Decimal(amount)) for i, amount in known["mrr"].items())
    bills = [b for b in records["invoices"] if b["type"] != "credit" and b["state"] != "voided"]
    credits_ = [b for b in records["invoices"] if b["type"] == "credit" and b["state"] == "open"]
    owing = [b for b in bills if b["id"] in known["owed"]]
    late = [b for b in owing if is_late(b, now)]
    days = [max(1, (now.date() - when(b["due_at"]).date()).days) for b in late]
    paid = [
        t
        for t in records["transactions"]
        if t["type"] in ("purchase", "capture") and t["status"] == "success" and t["collected_at"]
    ]
    return {
        "mrr": mrr,
        "total_due": totals((b["currency"], Decimal(known["owed"][b["id"]])) for b in owing),
        "past_due": totals((b["currency"], Decimal(b["balance"])) for b in late),
        "past_due_count": len(late),
        "oldest_past_due_days": max(days, default=0),
        "over_thirty": totals(
            (b["currency"], Decimal(b["balance"]))
            for b, age in zip(late, days, strict=True)
            if age > 30
        ),
        "available_credit": totals((b["currency"], abs(Decimal(b["balance"]))) for b in credits_),
        "total_paid": totals((b["currency"], Decimal(b["paid"])) for b in bills),
        "billed": totals((b["currency"], Decimal(b["total"])) for b in bills),
        "payment_failures_90d": sum(
            1
            for t in records["transactions"]
            if t["type"] in ("purchase", "capture")
            and t["status"] in ("declined", "error")
            and now - timedelta(days=90) < when(t["created_at"]) <= now
        ),
        "last_paid_date": max((when(t["collected_at"]).date() for t in paid), default=None)
        or max(
            (
                when(b["closed_at"]).date()
                for b in bills
                if b["closed_at"] and Decimal(b["paid"]) > 0
            ),
            default=None,
        ),
        "on_time": on_time(bills, now),
    }


def is_late(bill: Mapping[str, Any], now: datetime) -> bool:
    if bill["state"] == "processing":
        return False
    grace = timedelta(days=1 if bill["collection_method"] == "manual" else 0)
    return bool(bill["state"] == "past_due" or now >= when(bill["due_at"]) + grace)


def on_time(bills: Iterable[Mapping[str, Any]], now: datetime) -> tuple[int, int]:
    good = considered = 0
    for bill in bills:
        due = when(bill["due_at"]).date() if bill["due_at"] else None
        judged = bill["state"] in ("past_due", "failed") or (
            bill["state"] == "paid" and bill["closed_at"]
        )
        if due is None or not judged or Decimal(bill["total"]) <= 0:
            continue
        if now.date() - timedelta(days=365) < due <= now.date():
            considered += 1
            good += bill["state"] == "paid" and when(bill["closed_at"]).date() <= due
    return good, considered


def totals(amounts: Iterable[tuple[str, Decimal]]) -> Sums:
    found: Sums = defaultdict(Decimal)
    for currency, amount in amounts:
        found[currency] += amount
    return {currency: amount for currency, amount in found.items() if amount}


def when(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def got(facts: AccountFacts, name: str) -> Any:
    if name == "on_time":
        return facts.on_time_count_12m, facts.on_time_considered_12m
    if name == "over_thirty":
        old = ("31-60", "61-90", "90+")
        ages = facts.ageing.items()
        return totals((code, sum(Decimal(a[group]) for group in old)) for code, a in ages)  # type: ignore[misc]
    value = getattr(facts, name)
    if isinstance(value, dict):
        return totals((code, Decimal(text)) for code, text in value.items())
    return value or 0 if name == "oldest_past_due_days" else value


def same(found: Any, expected: Any) -> bool:
    """Equal; an amount to a few millionths, one for each subscription that was rounded."""
    if not isinstance(expected, dict):
        return bool(found == expected)
    return found.keys() == expected.keys() and all(
        abs(found[code] - amount) <= 10 * MILLIONTH for code, amount in expected.items()
    )
