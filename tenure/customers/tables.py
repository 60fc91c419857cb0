"""Which table keeps which neutral record, and how its columns travel in a binary COPY."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from tenure.customers.models import (
    BillingAccount,
    CreditPayment,
    Invoice,
    InvoiceVersion,
    LineItem,
    Plan,
    Subscription,
    SubscriptionVersion,
    Transaction,
)
from tenure.customers.models.billing import Upstream
from tenure.sources import records
from tenure.sources.records import Record

COPY_TYPES: "Mapping[type[models.Field[Any, Any]], str]" = {
    models.CharField: "text",
    models.TextField: "text",
    models.DateTimeField: "timestamptz",
    models.DecimalField: "numeric",
    models.BooleanField: "bool",
    models.IntegerField: "int4",
    models.SmallIntegerField: "int2",
    models.BinaryField: "bytea",
    # JSON arrives as the bytes the source decoded; PostgreSQL reads them itself, so no JSON is
    # decoded and encoded again on our side.
    models.JSONField: "bytea",
    ArrayField: "text[]",
}
UNTRACKED = frozenset(
    {
        "id",
        "site_id",
        "content_hash",
        "created_in_id",
        "changed_in_id",
        "updated_at",
        "upstream_id",
        "attributes",
        "sources",
        "edited",
        "identified_as",
        "valid_from",
    }
)


@dataclass(frozen=True)
class Table:
    """One upstream table. ``payer`` is the column that names the billing account it belongs to,
    when its rows carry an ``account_id`` of ours to be filled from there. ``versions`` is where
    rows are kept as they were before a change, for tables that are asked about past times."""

    kind: str
    model: type[Upstream]
    record: type[Record]
    payer: str | None = None
    versions: type[models.Model] | None = None

    @cached_property
    def name(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return records.columns(self.record)

    @cached_property
    def copy_types(self) -> tuple[str, ...]:
        fields = {field.name: field for field in self.model._meta.fields}
        return tuple(COPY_TYPES[type(fields[column])] for column in self.columns)

    @cached_property
    def json_columns(self) -> frozenset[str]:
        return frozenset(
            c for c in self.columns if isinstance(self.model._meta.get_field(c), models.JSONField)
        )

    def values(self, record: Record) -> Sequence[Any]:
        """The record as a row of ``columns``."""
        row: tuple[Any, ...] = self._read(record)
        if not self._arrays:
            return row
        changed = list(row)
        for place in self._arrays:
            changed[place] = list(row[place])  # the driver knows arrays as lists only
        return changed

    @cached_property
    def _read(self) -> "attrgetter[tuple[Any, ...]]":
        """All columns at once: a row is read for every record there is, and for each nested in it."""
        return attrgetter(*self.columns)

    @cached_property
    def _arrays(self) -> tuple[int, ...]:
        return tuple(i for i, kind in enumerate(self.copy_types) if kind.endswith("[]"))


PLANS = Table("plan", Plan, records.Plan)
BILLING_ACCOUNTS = Table("billing_account", BillingAccount, records.BillingAccount)
SUBSCRIPTIONS = Table(
    "subscription",
    Subscription,
    records.Subscription,
    "account_upstream_id",
    SubscriptionVersion,
)
INVOICES = Table("invoice", Invoice, records.Invoice, "account_upstream_id", InvoiceVersion)
LINES = Table("line_item", LineItem, records.LineItem)
TRANSACTIONS = Table("transaction", Transaction, records.Transaction)
CREDIT_PAYMENTS = Table("credit_payment", CreditPayment, records.CreditPayment)

OF_RECORD: Mapping[type[Record], Table] = {
    table.record: table
    for table in (
        PLANS,
        BILLING_ACCOUNTS,
        SUBSCRIPTIONS,
        INVOICES,
        LINES,
        TRANSACTIONS,
        CREDIT_PAYMENTS,
    )
}


def analyse(table: Table) -> None:
    """Have the server count what the table holds, so that it plans for that from now on."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {table.name}")
