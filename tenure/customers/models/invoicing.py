"""Invoices and what hangs on them. Facts, not attributes: they follow the source in every mode."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenure.customers.models.account import Account
from tenure.customers.models.billing import Upstream, money_column, once

OPEN_STATES = ("open", "past_due", "pending", "processing")
OPEN = models.Q(state__in=OPEN_STATES, balance__gt=0)


class InvoiceColumns(Upstream):
    """What is kept of a bill, now or at an earlier time. Amounts are in ``currency``; ``balance`` is
    what is still owed, by the source's word. ``share`` is the part of it that is the account's it
    was read for, when its lines belong to several accounts."""

    share: "Allocation | None" = None

    uuid = models.CharField(max_length=40, null=True)
    number = models.CharField(max_length=60, null=True)
    type = models.CharField(max_length=60, null=True)
    origin = models.CharField(max_length=40, null=True)
    state = models.CharField(max_length=60)
    account_upstream_id = models.CharField(max_length=64)
    subscription_upstream_ids = ArrayField(models.CharField(max_length=64), default=list)
    previous_invoice_upstream_id = models.CharField(max_length=64, null=True)
    collection_method = models.CharField(max_length=60, null=True)
    po_number = models.CharField(max_length=120, null=True)
    net_terms = models.IntegerField(null=True)
    net_terms_type = models.CharField(max_length=60, null=True)
    currency = models.CharField(max_length=3)
    subtotal = money_column()
    discount = money_column()
    tax = money_column()
    total = money_column()
    paid = money_column()
    balance = money_column()
    refundable_amount = money_column()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    dunning_campaign_upstream_id = models.CharField(max_length=64, null=True)
    dunning_events_sent = models.IntegerField(null=True)
    final_dunning_event = models.BooleanField(null=True)
    custom_fields = models.JSONField(default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number or self.upstream_id

    @property
    def part(self) -> "Allocation | InvoiceColumns":
        """The amounts of it that count for the account it was read for."""
        return self.share or self


class Invoice(InvoiceColumns):
    """A bill as it is. ``account`` is whose it is as a whole; when its lines belong to several
    accounts it is None, and the parts are its ``allocations``. ``valid_from`` is since when it reads
    as it does; what it read before are its versions."""

    account = models.ForeignKey(
        Account, null=True, on_delete=models.SET_NULL, related_name="invoices", db_index=False
    )
    valid_from = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [once("invoice")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["account", "-created_at", "-id"], name="customers_invoice_of_account"
            ),
            models.Index(fields=["site", "account_upstream_id"], name="customers_invoice_payer"),
            models.Index(
                fields=["site", "account_upstream_id"],
                condition=models.Q(account=None),
                name="customers_invoice_orphan",
            ),
            models.Index(fields=["site", "number"], name="customers_invoice_number"),
            # The list across accounts: each serves an order of it, in both directions.
            models.Index(fields=["created_at", "id"], name="customers_invoice_by_issue"),
            models.Index(fields=["due_at", "id"], name="customers_invoice_by_due"),
            models.Index(fields=["closed_at", "id"], name="customers_invoice_by_paid"),
            models.Index(fields=["total", "id"], name="customers_invoice_by_total"),
            # What is owed is a small part of all bills, and asked for most.
            models.Index(
                fields=["due_at", "id"], condition=OPEN, name="customers_invoice_open_due"
            ),
            # What is late comes after very many that are not due yet: told by the index alone.
            models.Index(
                fields=["created_at", "id"],
                include=(
                    "state",
                    "type",
                    "due_at",
                    "net_terms",
                    "net_terms_type",
                    "collection_method",
                    "currency",
                ),
                condition=models.Q(OPEN, removed_at=None),
                name="customers_invoice_owed_issued",
            ),
            models.Index(
                fields=["total", "id"], condition=OPEN, name="customers_invoice_open_total"
            ),
            # Rules ask of one account after the other whether it owes: nearly all of them do not.
            models.Index(
                fields=["account", "state"],
                include=("balance", "currency"),
                condition=models.Q(state__in=OPEN_STATES, removed_at=None),
                name="customers_invoice_who_owes",
            ),
            models.Index(
                fields=["balance", "id"], condition=OPEN, name="customers_invoice_open_balance"
            ),
            models.Index(fields=["state", "created_at", "id"], name="customers_invoice_by_state"),
            # What has a balance, owed or not, in its order; who is in dunning, in whatever order.
            models.Index(
                fields=["balance", "id"],
                include=("state", "type", "currency"),
                condition=models.Q(
                    models.Q(balance__gt=0) | models.Q(balance__lt=0), removed_at=None
                ),
                name="customers_invoice_with_balance",
            ),
            models.Index(
                fields=["balance", "id"],
                condition=models.Q(OPEN, dunning_events_sent__gt=0),
                name="customers_invoice_in_dunning",
            ),
            # Paid bills are looked for among closed ones too, which nearly all are credits.
            models.Index(
                fields=["created_at", "id"],
                condition=models.Q(state="closed") & ~models.Q(type="credit"),
                name="customers_invoice_closed_bill",
            ),
            # Leads to what is in a rare currency, in whatever order; equal entries take next to nothing.
            models.Index(fields=["currency"], name="customers_invoice_by_currency"),
        ]


class Allocation(models.Model):
    """The part of an invoice that is one account's, when its lines belong to several accounts.

    ``account`` None is what no line gives to anyone: shown as unallocated, never guessed (DESIGN
    3.2). The parts of an invoice add up to it exactly.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="allocations")
    account = models.ForeignKey(
        Account, null=True, on_delete=models.CASCADE, related_name="allocations"
    )
    total = models.DecimalField(max_digits=24, decimal_places=9)
    paid = models.DecimalField(max_digits=24, decimal_places=9)
    balance = models.DecimalField(max_digits=24, decimal_places=9)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "invoice", "account", name="customers_allocation_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total} of {self.invoice}"


class LineItem(Upstream):
    """One line of an invoice; its subscription decides whose it is when an invoice is split."""

    uuid = models.CharField(max_length=40, null=True)
    type = models.CharField(max_length=60, null=True)
    state = models.CharField(max_length=60, null=True)
    origin = models.CharField(max_length=40, null=True)
    account_upstream_id = models.CharField(max_length=64, null=True)
    bill_for_account_upstream_id = models.CharField(max_length=64, null=True)
    subscription_upstream_id = models.CharField(max_length=64, null=True)
    invoice_upstream_id = models.CharField(max_length=64, null=True)
    plan_upstream_id = models.CharField(max_length=64, null=True)
    plan_code = models.CharField(max_length=120, null=True)
    add_on_upstream_id = models.CharField(max_length=64, null=True)
    add_on_code = models.CharField(max_length=120, null=True)
    product_code = models.CharField(max_length=120, null=True)
    description = models.TextField(null=True)
    credit_reason_code = models.CharField(max_length=60, null=True)
    currency = models.CharField(max_length=3)
    quantity = money_column()
    unit_amount = money_column()
    subtotal = money_column()
    discount = money_column()
    tax = money_column()
    tax_inclusive = models.BooleanField(null=True)
    amount = money_column()
    proration_rate = money_column()
    start_date = models.DateTimeField(null=True)
    end_date = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [once("line_item")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "invoice_upstream_id"], name="customers_line_of_invoice"),
            models.Index(
                fields=["site", "subscription_upstream_id"], name="customers_line_of_subscr"
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.upstream_id


class Transaction(Upstream):
    """One attempt to move money, successful or not."""

    uuid = models.CharField(max_length=40, null=True)
    original_upstream_id = models.CharField(max_length=64, null=True)
    account_upstream_id = models.CharField(max_length=64, null=True)
    invoice_upstream_id = models.CharField(max_length=64, null=True)
    type = models.CharField(max_length=60, null=True)
    origin = models.CharField(max_length=40, null=True)
    status = models.CharField(max_length=60, null=True)
    success = models.BooleanField(null=True)
    refunded = models.BooleanField(null=True)
    amount = money_column()
    currency = models.CharField(max_length=3)
    collection_method = models.CharField(max_length=60, null=True)
    payment_method = models.CharField(max_length=60, null=True)
    status_code = models.CharField(max_length=60, null=True)
    status_message = models.TextField(null=True)
    voided_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [once("transaction")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["site", "invoice_upstream_id"], name="customers_payment_of_invoice"
            ),
            models.Index(
                fields=["site", "account_upstream_id", "-created_at"],
                name="customers_payment_of_payer",
            ),
        ]

    def __str__(self) -> str:
        return self.upstream_id


class CreditPayment(Upstream):
    """Credit used on an invoice."""

    uuid = models.CharField(max_length=40, null=True)
    action = models.CharField(max_length=60, null=True)
    account_upstream_id = models.CharField(max_length=64, null=True)
    applied_to_invoice_upstream_id = models.CharField(max_length=64, null=True)
    original_invoice_upstream_id = models.CharField(max_length=64, null=True)
    amount = money_column()
    currency = models.CharField(max_length=3)
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [once("credit_payment")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["site", "applied_to_invoice_upstream_id"],
                name="customers_credit_of_invoice",
            ),
        ]

    def __str__(self) -> str:
        return self.upstream_id
