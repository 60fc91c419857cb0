"""What becomes of a page of each stream: which tables it lands in and whom it touches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from tenure.connections.models import Mode, Site
from tenure.customers import agreements, attributes, coupons, payers, sharing, tables
from tenure.customers.landing import Batch, Landed, land
from tenure.identity import recognition, rules
from tenure.identity.resolve import IdentifierRule
from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sources.records import Record
from tenure.sync import payloads
from tenure.sync.definitions import seen


@dataclass(slots=True)
class Outcome:
    """What a page did: counts by the stream's own record, and whose numbers may have moved."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    overridden: int = 0
    written: set[str] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)

    def add(self, other: "Outcome") -> None:
        """Count another outcome in."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.overridden += other.overridden
        self.written |= other.written
        self.accounts |= other.accounts


Lander = Callable[[Site, Sequence[Record], Batch], Outcome]


def land_page(stream: Stream, site: Site, page: Sequence[Record], batch: Batch) -> Outcome:
    """Write a page of ``stream`` into its tables. Runs inside the page's transaction."""
    return _LANDERS[stream](site, page, batch) if page else Outcome()


def _outcome(landed: Landed) -> Outcome:
    return Outcome(
        created=landed.created,
        updated=landed.updated,
        unchanged=landed.unchanged,
        written=landed.written,
        accounts=landed.accounts,
    )


def _custom_fields(site: Site, page: Sequence[Record], batch: Batch) -> Outcome:
    # The payloads tell what changed; what is defined is settled when the whole list was read.
    definitions = cast("Sequence[records.CustomFieldDefinition]", page)
    new, changed = payloads.differing(site.pk, Stream.CUSTOM_FIELDS, definitions)
    seen(site, definitions, batch.now)
    return Outcome(
        created=len(new),
        updated=len(changed),
        unchanged=len(definitions) - len(new | changed),
        written=new | changed,
    )


def _plans(site: Site, page: Sequence[Record], batch: Batch) -> Outcome:
    landed = land(tables.PLANS, page, batch)
    outcome = _outcome(landed)
    if landed.updated:
        outcome.accounts = payers.accounts_on_plans(site.pk, landed.written)
    return outcome


def _accounts(site: Site, page: Sequence[Record], batch: Batch) -> Outcome:
    billing = cast("Sequence[records.BillingAccount]", page)
    rule = _rule(site)
    landed = land(tables.BILLING_ACCOUNTS, billing, batch)
    written = [r for r in billing if r.upstream_id in landed.written]
    followed = recognition.billing_accounts(site, written, batch, rule)
    outcome = _outcome(landed)
    outcome.accounts |= followed.accounts
    outcome.overridden = followed.overridden
    return outcome


def _subscriptions(site: Site, page: Sequence[Record], batch: Batch) -> Outcome:
    subscriptions = cast("Sequence[records.Subscription]", page)
    only_new = site.subscriptions_mode == Mode.IMPORT
    rule = _rule(site)
    inherits = not rule.on_subscriptions
    landed = land(tables.SUBSCRIPTIONS, subscriptions, batch, only_new=only_new, inherits=inherits)
    written = [s for s in subscriptions if s.upstream_id in landed.written]
    settled = agreements.follow(site, written, landed, batch)
    outcome = _outcome(landed)
    outcome.overridden = settled.overridden
    outcome.accounts |= recognition.subscriptions(site, landed.written, batch, rule).accounts
    if not only_new:
        return outcome
    # The rows stay as imported; what upstream says now is kept beside them, as raw payloads.
    new, changed = payloads.differing(site.pk, Stream.SUBSCRIPTIONS, page)
    outcome.written = new | changed
    return outcome


def _rule(site: Site) -> IdentifierRule:
    """The rule that names the accounts, which stays in force until this page is in. Where
    subscriptions name them, the page has the site to itself."""
    attributes.hold()
    rule = rules.in_force()
    if rule.on_subscriptions:
        sharing.alone(site.pk)
    return rule


def _invoices(site: Site, page: Sequence[Record], batch: Batch) -> Outcome:
    invoices = cast("Sequence[records.Invoice]", page)
    rule = _rule(site)
    landed = land(tables.INVOICES, invoices, batch, inherits=not rule.on_subscriptions)
    written = [i for i in invoices if i.upstream_id in landed.written]
    nested = (
        (tables.LINES, [line for i in written for line in i.lines]),
        (tables.TRANSACTIONS, [t for i in written for t in i.transactions]),
        (tables.CREDIT_PAYMENTS, [c for i in written for c in i.credit_payments]),
    )
    for table, rows in nested:
        if rows:
            land(table, rows, batch)
    coupons.note(site.pk, written)
    outcome = _outcome(landed)
    outcome.accounts |= recognition.invoices(landed.rows.values(), rule)
    return outcome


def _transactions(site: Site, page: Sequence[Record], batch: Batch) -> Outcome:
    transactions = cast("Sequence[records.Transaction]", page)
    landed = land(tables.TRANSACTIONS, transactions, batch)
    payer_ids = {t.account_upstream_id for t in transactions if t.upstream_id in landed.written}
    outcome = _outcome(landed)
    outcome.accounts = payers.accounts_of(site.pk, payer_ids)
    return outcome


def _credit_payments(site: Site, page: Sequence[Record], batch: Batch) -> Outcome:
    credited = cast("Sequence[records.CreditPayment]", page)
    landed = land(tables.CREDIT_PAYMENTS, credited, batch)
    payer_ids = {c.account_upstream_id for c in credited if c.upstream_id in landed.written}
    outcome = _outcome(landed)
    outcome.accounts = payers.accounts_of(site.pk, payer_ids)
    return outcome


_LANDERS: Mapping[Stream, Lander] = {
    Stream.CUSTOM_FIELDS: _custom_fields,
    Stream.PLANS: _plans,
    Stream.ACCOUNTS: _accounts,
    Stream.SUBSCRIPTIONS: _subscriptions,
    Stream.INVOICES: _invoices,
    Stream.TRANSACTIONS: _transactions,
    Stream.CREDIT_PAYMENTS: _credit_payments,
}

TABLES: Mapping[Stream, tables.Table] = {
    Stream.PLANS: tables.PLANS,
    Stream.ACCOUNTS: tables.BILLING_ACCOUNTS,
    Stream.SUBSCRIPTIONS: tables.SUBSCRIPTIONS,
    Stream.INVOICES: tables.INVOICES,
    Stream.TRANSACTIONS: tables.TRANSACTIONS,
    Stream.CREDIT_PAYMENTS: tables.CREDIT_PAYMENTS,
}


def grown_by(stream: Stream) -> Sequence[str]:
    """The names of the tables that grow with the pages of this stream and are looked up afterwards."""
    nested = (tables.LINES, tables.TRANSACTIONS, tables.CREDIT_PAYMENTS)
    written = [TABLES[stream]] if stream in TABLES else []
    names = [table.name for table in (*written, *(nested if stream == Stream.INVOICES else ()))]
    return [*names, "customers_account"] if stream == Stream.ACCOUNTS else names
