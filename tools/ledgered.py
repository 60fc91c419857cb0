"""A worked example's records, decoded and stored like those of a sync, and taken back after its answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction
from msgspec import structs

from tenure.connections.models import Site, Workspace
from tenure.customers import coupons, tables
from tenure.customers.history import open_set
from tenure.customers.landing import Batch, land
from tenure.customers.models import Account, BillingAccount, Origin
from tenure.metrics import refresh
from tenure.metrics.inputs import Settings
from tenure.metrics.models import AccountFacts, FxRate
from tenure.metrics.settings import current
from tenure.metrics.vectors.documents import entered_rates, exact_amount
from tenure.sources import registry
from tenure.sources.base import Stream
from tenure.sources.records import Invoice
from tenure.sources.recurly.redemptions import of_account

Document = Mapping[str, Any]
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
PAYER = "payer"
# Whole numbers, which an example may give as text.
COUNTS = frozenset(
    "quantity interval_length net_terms dunning_events_sent remaining_billing_cycles"
    " total_billing_cycles".split()
)
_examples = count(1)


class NotStored(Exception):
    """Raised for an example of which nothing stored could be the answer."""


class _Undone(Exception):
    """Raised to take everything back."""


def taken_back(answer: Callable[..., Document]) -> Callable[..., Document]:
    """The answer of a function that stores what it needs, with all of it taken back afterwards."""

    def answered(given: Document, as_of: datetime, settings: Settings) -> Document:
        found: list[Document] = []
        try:
            with transaction.atomic():
                found.append(answer(given, as_of, settings))
                raise _Undone
        except _Undone:
            return found[0]

    return answered


class Ledgered:
    """One customer with the records of an example, stored; a site for each site they name."""

    def __init__(self, given: Document, as_of: datetime, settings: Settings) -> None:
        self.given, self.as_of = given, as_of
        self.number = next(_examples)
        self.account = Account.objects.create(
            identifier=f"example-{self.number}",
            name="Example",
            created_at=BEGINNING,
            updated_at=BEGINNING,
        )
        self.sites: dict[str, Site] = {}
        self._choose(settings)
        self._enter_rates()

    def _choose(self, settings: Settings) -> None:
        """The settings as a workspace has them; what only a site may choose is passed on."""
        Workspace.objects.all().delete()
        Workspace.objects.create(
            currency=self.given.get("workspace_currency") or settings.currency,
            zone=settings.zone.key,
            derive_rates=settings.derive_rates,
            days_per_month=str(settings.days_per_month),
            mrr_discounts=settings.mrr_discounts,
            drop_after_days=settings.drop_after_days,
            churn_recognition=settings.churn_recognition,
            pause_as_churn=settings.pause_as_churn,
            min_coverage=Decimal(settings.min_coverage.numerator)
            / settings.min_coverage.denominator,
        )
        order = settings.fixed_discounts_first
        self.settings = structs.replace(current(), fixed_discounts_first=order)

    def _enter_rates(self) -> None:
        rates = {(one.source, one.target, one.day): one for one in entered_rates(self.given)}
        FxRate.objects.bulk_create(
            FxRate(
                source=one.source,
                target=one.target,
                day=one.day,
                rate=Decimal(one.rate.numerator) / one.rate.denominator,
                set_at=self.as_of,
            )
            for one in rates.values()
        )

    def site(self, name: str) -> Site:
        """The site of this name, with the customer's billing account on it."""
        if name not in self.sites:
            known = f"{name or 'main'}-{self.number}"
            site = Site.objects.create(
                source=registry.DEFAULT, subdomain=known, region="us", site_id=known
            )
            BillingAccount.objects.create(
                site=site,
                account=self.account,
                upstream_id=PAYER,
                code=PAYER,
                state="active",
                content_hash=b"",
                created_at=BEGINNING,
                updated_at=BEGINNING,
            )
            self.sites[name] = site
        return self.sites[name]

    def land(
        self, stream: Stream, table: tables.Table, name: str, documents: Sequence[Document]
    ) -> None:
        """Store records of one site as a sync would. Raises ValueError for one the source cannot read."""
        payloads = [json.dumps(_complete(one), default=str).encode() for one in documents]
        site = self.site(name)
        records = registry.source(site.source).read(stream, payloads)
        if len(records) != len(payloads):
            raise ValueError(f"{len(payloads) - len(records)} of the {stream} cannot be read")
        change_set = open_set(Origin.SYNC, now=self.as_of)
        land(table, records, Batch(site.pk, change_set, self.as_of))

    def land_nested(self, documents: Sequence[Document]) -> None:
        """Store invoices of the first site with the lines inside them."""
        site, change_set = self.site(""), open_set(Origin.SYNC, now=self.as_of)
        payloads = [json.dumps(_complete(one), default=str).encode() for one in documents]
        bills = [
            one
            for one in registry.source(site.source).read(Stream.INVOICES, payloads)
            if isinstance(one, Invoice)
        ]
        if len(bills) != len(payloads):
            raise ValueError(f"{len(payloads) - len(bills)} of the line items cannot be read")
        batch = Batch(site.pk, change_set, self.as_of)
        land(tables.INVOICES, bills, batch)
        land(tables.LINES, [line for bill in bills for line in bill.lines], batch)

    def store(self, kind: str) -> None:
        """All records of a kind in the example, site by site."""
        by_site: dict[str, list[Document]] = {}
        for number, one in enumerate(self.given.get(kind) or (), 1):
            by_site.setdefault(str(one.get("site") or ""), []).append(
                {**one, "id": str(one.get("id") or f"{kind}-{number}")}
            )
        for name, documents in by_site.items():
            LANDING[kind](self, name, documents)

    def measured(self) -> AccountFacts:
        """The customer's figures as they are stored."""
        refresh.measure([self.account.pk], self.as_of, settings=self.settings)
        return AccountFacts.objects.get(pk=self.account.pk)


def _complete(document: Document) -> Document:
    """The record with what every record of the source has, where the example leaves it out."""
    always = {
        "account": {"id": PAYER},
        "created_at": stamped(BEGINNING),
        "updated_at": stamped(BEGINNING),
    }
    made = {**always, **{k: v for k, v in document.items() if k != "site"}}
    return {k: int(v) if k in COUNTS and isinstance(v, str) else v for k, v in made.items()}


def stamped(at: datetime) -> str:
    """The instant as the source writes it."""
    return at.isoformat().replace("+00:00", "Z")


def _subscriptions(here: Ledgered, name: str, documents: Sequence[Document]) -> None:
    """Subscriptions, and the plans that only examples carry inside them."""
    plans: list[Document] = []
    made = []
    for number, one in enumerate(documents, 1):
        document = {**one, "unit_amount": exact_amount(one), "quantity": one.get("quantity", 1)}
        if one.get("plan"):
            document["plan"] = _with_plan(one["plan"], f"plan-{number}", plans)
        pending = one.get("pending_change")
        if pending and pending.get("plan"):
            plan = _with_plan(pending["plan"], f"next-{number}", plans)
            document["pending_change"] = {**pending, "plan": plan}
        made.append(document)
    here.land(Stream.PLANS, tables.PLANS, name, plans)
    here.land(Stream.SUBSCRIPTIONS, tables.SUBSCRIPTIONS, name, made)


def _with_plan(plan: Document, key: str, plans: list[Document]) -> Document:
    """The plan as a subscription embeds it; its interval goes to a record of its own."""
    code = plan.get("code") or key
    if plan.get("interval_unit"):
        plans.append({"state": "active", **plan, "id": key, "code": code})
    return {"id": key, "code": plan.get("code"), "name": plan.get("name")}


def _invoices(here: Ledgered, name: str, documents: Sequence[Document]) -> None:
    made = []
    for one in documents:
        document = {"currency": "USD", **one}
        if not one.get("created_at"):
            # A stored invoice has a day. Without one in the example, its terms count from nowhere.
            document = {**document, "created_at": stamped(BEGINNING)}
            document.pop("net_terms", None)
        made.append(document)
    here.land(Stream.INVOICES, tables.INVOICES, name, made)


def _transactions(here: Ledgered, name: str, documents: Sequence[Document]) -> None:
    first = next((i.get("currency") for i in here.given.get("invoices") or ()), None) or "USD"
    here.land(
        Stream.TRANSACTIONS,
        tables.TRANSACTIONS,
        name,
        [{"currency": first, **one} for one in documents],
    )


def _coupons(here: Ledgered, name: str, documents: Sequence[Document]) -> None:
    """What the account redeemed for itself."""
    answer = of_account([json.dumps(one, default=str).encode() for one in documents])
    site, at = here.site(name), here.as_of
    coupons.keep(site.pk, PAYER, answer, asked_at=at, now=at)


LANDING: Mapping[str, Callable[[Ledgered, str, Sequence[Document]], None]] = {
    "subscriptions": _subscriptions,
    "coupon_redemptions": _coupons,
    "invoices": _invoices,
    "transactions": _transactions,
}
