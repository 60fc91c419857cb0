"""Billing accounts, plans and subscriptions. Column names equal those of the neutral records."""

from typing import Any, ClassVar

from django.db import models

from tenure.connections.models import Site
from tenure.customers.models.account import Account
from tenure.customers.models.history import Tracked


def money_column() -> "models.DecimalField[Any, Any]":
    """An exact amount in major units of the row's currency; unit prices have up to nine decimals."""
    return models.DecimalField(max_digits=24, decimal_places=9, null=True)


class Upstream(Tracked):
    """A row kept for one upstream record, keyed by (site, upstream id), never by code or number.

    ``removed_at`` is set when the record's own address answered that it is gone.
    """

    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    upstream_id = models.CharField(max_length=64)
    content_hash = models.BinaryField(max_length=16)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True


def once(table: str) -> models.UniqueConstraint:
    """The key of every upstream table: one row a site and upstream id."""
    return models.UniqueConstraint("site", "upstream_id", name=f"customers_{table}_once")


class Plan(Upstream):
    """A plan as the source has it; the billing interval is read here."""

    code = models.CharField(max_length=120)
    name = models.CharField(max_length=300, null=True)
    state = models.CharField(max_length=60)
    pricing_model = models.CharField(max_length=60, null=True)
    interval_unit = models.CharField(max_length=60, null=True)
    interval_length = models.IntegerField(null=True)
    trial_unit = models.CharField(max_length=60, null=True)
    trial_length = models.IntegerField(null=True)
    total_billing_cycles = models.IntegerField(null=True)
    auto_renew = models.BooleanField(null=True)
    prices = models.JSONField(default=list)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [once("plan")]

    def __str__(self) -> str:
        return self.name or self.code


class BillingAccount(Upstream):
    """Who the source bills. ``account`` is the customer it was recognised as, None while unidentified
    or when its subscriptions belong to several. ``identified_as`` is the identifier it had then."""

    account = models.ForeignKey(
        Account, null=True, on_delete=models.SET_NULL, related_name="billing_accounts"
    )
    code = models.CharField(max_length=120)
    state = models.CharField(max_length=60)
    email = models.CharField(max_length=320, null=True)
    cc_emails = models.TextField(null=True)
    username = models.CharField(max_length=300, null=True)
    first_name = models.CharField(max_length=300, null=True)
    last_name = models.CharField(max_length=300, null=True)
    company = models.CharField(max_length=300, null=True)
    vat_number = models.CharField(max_length=60, null=True)
    preferred_locale = models.CharField(max_length=60, null=True)
    preferred_time_zone = models.CharField(max_length=64, null=True)
    parent_upstream_id = models.CharField(max_length=64, null=True)
    bill_to = models.CharField(max_length=60, null=True)
    address = models.JSONField(default=dict)
    billing_name = models.CharField(max_length=600, null=True)
    payment_method = models.CharField(max_length=60, null=True)
    payment_method_valid = models.BooleanField(null=True)
    card_expires_month = models.SmallIntegerField(null=True)
    card_expires_year = models.SmallIntegerField(null=True)
    shipping_contacts = models.JSONField(default=list)
    custom_fields = models.JSONField(default=dict)
    has_live_subscription = models.BooleanField(null=True)
    has_past_due_invoice = models.BooleanField(null=True)
    closed_at = models.DateTimeField(null=True)
    extras = models.JSONField(null=True)  # None in a row written before this was kept
    identified_as = models.CharField(max_length=255, null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [once("billing_account")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "code"], name="customers_billing_by_code"),
        ]

    def __str__(self) -> str:
        return self.code


class SubscriptionColumns(Upstream):
    """What is kept of a recurring agreement, now or at an earlier time.

    ``attributes`` and ``sources`` are as an account's. ``identified_as`` is set when the
    identifier is read on subscriptions.
    """

    uuid = models.CharField(max_length=40, null=True)
    account_upstream_id = models.CharField(max_length=64)
    plan_upstream_id = models.CharField(max_length=64, null=True)
    plan_code = models.CharField(max_length=120, null=True)
    plan_name = models.CharField(max_length=300, null=True)
    state = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    unit_amount = money_column()
    quantity = models.IntegerField(null=True)
    add_ons = models.JSONField(default=list)
    add_ons_total = money_column()
    subtotal = money_column()
    tax = money_column()
    tax_rate = money_column()
    tax_inclusive = models.BooleanField(null=True)
    total = money_column()
    coupon_redemptions = models.JSONField(default=list)
    pending_change = models.JSONField(null=True)
    ramp_intervals = models.JSONField(default=list)
    collection_method = models.CharField(max_length=60, null=True)
    po_number = models.CharField(max_length=120, null=True)
    net_terms = models.IntegerField(null=True)
    net_terms_type = models.CharField(max_length=60, null=True)
    auto_renew = models.BooleanField(null=True)
    total_billing_cycles = models.IntegerField(null=True)
    remaining_billing_cycles = models.IntegerField(null=True)
    renewal_billing_cycles = models.IntegerField(null=True)
    started_with_gift = models.BooleanField(null=True)
    expiration_reason = models.CharField(max_length=120, null=True)
    active_invoice_upstream_id = models.CharField(max_length=64, null=True)
    custom_fields = models.JSONField(default=dict)
    current_period_started_at = models.DateTimeField(null=True)
    current_period_ends_at = models.DateTimeField(null=True)
    current_term_started_at = models.DateTimeField(null=True)
    current_term_ends_at = models.DateTimeField(null=True)
    trial_started_at = models.DateTimeField(null=True)
    trial_ends_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    converted_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    resume_at = models.DateTimeField(null=True)
    remaining_pause_cycles = models.IntegerField(null=True)
    extras = models.JSONField(null=True)  # None in a row written before this was kept
    identified_as = models.CharField(max_length=255, null=True)
    attributes = models.JSONField(default=dict, db_default={})
    sources = models.JSONField(default=dict, db_default={})

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.plan_name or self.plan_code or self.upstream_id


class Subscription(SubscriptionColumns):
    """The effective row of a recurring agreement. ``account`` is None until it is known whose it is.
    ``valid_from`` is since when it reads as it does; what it read before are its versions.
    ``edited`` is as an account's."""

    account = models.ForeignKey(
        Account, null=True, on_delete=models.SET_NULL, related_name="subscriptions"
    )
    valid_from = models.DateTimeField(null=True)
    edited = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints: ClassVar[list[Any]] = [once("subscription")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["site", "id"],
                condition=models.Q(edited=True),
                name="customers_subscription_edited",
            ),
            models.Index(
                fields=["site", "account_upstream_id"], name="customers_subscription_payer"
            ),
            models.Index(
                fields=["state", "account"],
                condition=~models.Q(state__in=("active", "expired")),
                name="customers_subscription_rare",
            ),
            models.Index(
                fields=["site", "account_upstream_id"],
                condition=models.Q(account=None),
                name="customers_subscription_orphan",
            ),
        ]
