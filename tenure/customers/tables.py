"""Which table keeps which neutral record, and how its columns travel in a binary COPY."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from tenure.core.adapters import text_array
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
_AS_TEXT = frozenset({"numeric", "text[]"})
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

    @cached_property
    def staged_types(self) -> tuple[str, ...]:
        """The types under which columns travel. Amounts and lists go as text: to write them as the
        server keeps them takes the driver ten times as long."""
        return tuple("text" if kind in _AS_TEXT else kind for kind in self.copy_types)

    def taken(self, column: str) -> str:
        """The column of a row that has travelled, aliased ``s``, as the table keeps it."""
        kind = self.copy_types[self.columns.index(column)]
        if column in self.json_columns:
            return f"convert_from(s.{column}, 'UTF8')::jsonb"
        return f"s.{column}::{kind}" if kind in _AS_TEXT else f"s.{column}"

    def values(self, record: Record) -> Sequence[Any]:
        """The record as a row of ``columns`` that travels."""
        row = list(self._read(record))
        for place in self._amounts:
            if row[place] is not None:
                row[place] = str(row[place])
        for place in self._arrays:
            row[place] = text_array(row[place])
        return row

    @cached_property
    def _read(self) -> "attrgetter[tuple[Any, ...]]":
        """All columns at once: a row is read for every record there is, and for each nested in it."""
        return attrgetter(*self.columns)

    @cached_property
    def _amounts(self) -> tuple[int, ...]:
        return tuple(i for i, kind in enumerate(self.copy_types) if kind == "numeric")

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


def analyse(table: str) -> None:
    """Have the server count what the table of this name holds, so that it plans for that from now on."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {table}")
