"""The facts of an account: one row of figures each, made of its subscriptions and invoices."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from tenure.access.models import Member
from tenure.core.money import Money
from tenure.customers.models import Account
from tenure.metrics.agreed import SubscriptionFacts
from tenure.metrics.briefs import AccountBrief
from tenure.metrics.past import FactsPast, MrrPoint, MrrStep, SitePast, Unexplored, VersionKind

__all__ = [
    "AccountBrief",
    "AccountFacts",
    "FactsPast",
    "FactsVersion",
    "Figures",
    "InvoiceStatus",
    "MrrPoint",
    "MrrStep",
    "SitePast",
    "SubscriptionFacts",
    "SubscriptionStatus",
    "Unexplored",
    "VersionKind",
    "as_money",
]


def _amounts() -> "models.JSONField[Any, Any]":
    """Amounts by currency, as text: ``{"USD": "83.333333"}``; no currency without an amount."""
    return models.JSONField(default=dict)


def _sortable() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=26, decimal_places=6, null=True)


class SubscriptionStatus(models.TextChoices):
    """What an account's subscriptions add up to; the first that occurs, in this order."""

    ACTIVE = "active", "Active"
    CANCELLING = "cancelling", "Cancelling"
    PAUSED = "paused", "Paused"
    TRIAL = "trial", "Trial"
    FUTURE = "future", "Future"
    EXPIRED = "expired", "Expired"
    FAILED = "failed", "Failed"
    NONE = "none", "None"


class InvoiceStatus(models.TextChoices):
    """What an account's invoices add up to; the first that occurs, in this order."""

    PAST_DUE = "past_due", "Past due"
    FAILED = "failed", "Failed"
    PROCESSING = "processing", "Processing"
    DUE = "due", "Due"
    PAID = "paid", "Paid"
    NONE = "none", "None"


class Figures(models.Model):
    """The figures of one account at one time; see ``AccountFacts`` for what they mean."""

    main_currency = models.CharField(max_length=3, blank=True)
    mixed_currencies = models.BooleanField(default=False)
    mrr_sort = _sortable()
    due_sort = _sortable()
    past_due_sort = _sortable()

    mrr_converted = _sortable()
    arr_converted = _sortable()
    due_converted = _sortable()
    past_due_converted = _sortable()
    paid_converted = _sortable()
    billed_converted = _sortable()
    converted_currency = models.CharField(max_length=3, blank=True)
    missing_rates = ArrayField(models.CharField(max_length=3), default=list)

    mrr = _amounts()
    arr = _amounts()
    paused_mrr = _amounts()
    trial_mrr = _amounts()
    cancelling_mrr = _amounts()
    committed_mrr = _amounts()
    past_due_mrr = _amounts()
    subscription_status = models.CharField(
        max_length=12, choices=SubscriptionStatus.choices, default=SubscriptionStatus.NONE
    )
    status_rank = models.SmallIntegerField(default=len(SubscriptionStatus.values) - 1)
    plan_names = ArrayField(models.TextField(), default=list)
    plan_codes = ArrayField(models.TextField(), default=list)
    total_quantity = models.BigIntegerField(null=True)
    next_renewal_date = models.DateField(null=True)
    next_bill_date = models.DateField(null=True)
    term_end_date = models.DateField(null=True)
    customer_since = models.DateField(null=True)
    subscriptions_count = models.IntegerField(default=0)
    active_subscriptions = models.IntegerField(default=0)
    quantity_by_plan = models.JSONField(default=dict)
    addon_quantity = models.JSONField(default=dict)
    flags = ArrayField(models.TextField(), default=list)
    outlooks = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)

    total_due = _amounts()
    past_due = _amounts()
    not_yet_due = _amounts()
    ageing = models.JSONField(default=dict)
    available_credit = _amounts()
    net_due = _amounts()
    total_paid = _amounts()
    total_refunded = _amounts()
    net_paid = _amounts()
    billed = _amounts()
    net_billed = _amounts()
    written_off = _amounts()
    failed_amount = _amounts()
    failed_lately = models.BooleanField(default=False)
    invoice_status = models.CharField(
        max_length=12, choices=InvoiceStatus.choices, default=InvoiceStatus.NONE
    )
    invoices_count = models.BigIntegerField(default=0)
    past_due_count = models.IntegerField(default=0)
    oldest_past_due_days = models.IntegerField(null=True)
    oldest_past_due_since = models.DateField(null=True)
    next_due_date = models.DateField(null=True)
    next_due = _amounts()
    first_paid_date = models.DateField(null=True)
    last_paid_date = models.DateField(null=True)
    last_paid = _amounts()
    last_invoice_date = models.DateField(null=True)
    in_dunning = models.BooleanField(default=False)
    dunning_step = models.IntegerField(null=True)
    final_dunning = models.BooleanField(default=False)
    payment_failures_90d = models.IntegerField(default=0)
    on_time_count_12m = models.IntegerField(default=0)
    on_time_considered_12m = models.IntegerField(default=0)
    on_time_rate_12m = models.DecimalField(max_digits=7, decimal_places=6, null=True)
    average_days_to_pay = models.DecimalField(max_digits=13, decimal_places=6, null=True)
    average_days_late = models.DecimalField(max_digits=13, decimal_places=6, null=True)
    dso = models.DecimalField(max_digits=22, decimal_places=1, null=True)

    class Meta:
        abstract = True

    def money(self, figure: str) -> tuple[Money, ...]:
        """One figure (``"mrr"``, ``"past_due"``, …) as exact amounts, by currency code."""
        return as_money(getattr(self, figure))

    def total(self, converted: str) -> Money | None:
        """A converted total (``"mrr_converted"``, …); None while a rate is missing."""
        amount = getattr(self, converted)
        return None if amount is None else Money(amount, self.converted_currency)


class AccountFacts(Figures):
    """Every figure of one account at ``as_of``. They hold until ``next_change_at`` unless a record
    changes first: that is the earliest instant at which a date alone can change one of them.

    Amounts are exact, one a currency. Beside them the six ``…_converted`` are totals in the
    workspace's currency at the rates of the day; each is null while a rate it needs is missing, and
    ``missing_rates`` names the currencies. For sorting lists there is one number each
    (``mrr_sort``): the converted total, and while a rate is missing the largest amount in any one
    currency, compared as a bare number because there is nothing better. ``main_currency`` is the
    one with the most; ``mixed_currencies`` says when there are others.

    ``updated_at`` is when a figure last changed; ``as_of`` when the row was last written, which may
    be for a new ``next_change_at`` alone. A null is an unknown or absent value, never a zero.
    ``outlooks`` says how subscriptions will go on (see ``metrics.outlook``): by outlook, how many and
    their amounts, ``{"auto_renew": [2, {"USD": "150.00"}]}``. ``ended_at`` is when the last of them
    ended, null while one is live or yet to start.

    ``flags`` joins those of the subscriptions with ``mrr_unknown`` (a subscription whose MRR cannot
    be computed) and ``no_due_date`` (an open invoice nobody can say is late).
    """

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="facts"
    )
    as_of = models.DateTimeField()
    updated_at = models.DateTimeField()
    next_change_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_change_at"], name="metrics_next_change"),
            GinIndex(fields=["plan_names", "plan_codes"], name="metrics_by_plan"),
        ]

    def __str__(self) -> str:
        return f"facts of account {self.account_id}"


class FactsVersion(Figures):
    """Figures an account had, from ``valid_from`` up to but not including ``valid_to``, both by when
    we knew them. The present ones are in ``AccountFacts``, valid since its ``updated_at``; a version
    is written when they give way, and never rewritten.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="past_facts")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    kind = models.CharField(
        max_length=15, choices=VersionKind.choices, default=VersionKind.SNAPSHOT
    )

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "valid_from"], name="metrics_version_of_account"),
            models.Index(fields=["valid_from", "valid_to"], name="metrics_version_by_time"),
        ]

    def __str__(self) -> str:
        return f"facts until {self.valid_to}"


class FxRate(models.Model):
    """A rate somebody entered: one ``source`` is ``rate`` of ``target``, from ``day`` on until the
    next rate of the pair. A row is never rewritten: a replaced or deleted one has ended. ``author``
    names who entered it where that is no member, as a token or a command.
    """

    source = models.CharField(max_length=3)
    target = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    set_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField()
    author = models.CharField(max_length=200, blank=True)
    ended_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["source", "target", "day"],
                condition=models.Q(ended_at=None),
                name="metrics_one_rate_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.source} = {self.plain} {self.target} from {self.day}"

    @property
    def plain(self) -> str:
        """The rate without the zeros that nobody wrote."""
        return f"{self.rate.normalize():f}"

    @property
    def by(self) -> str:
        """Who entered it, in a word."""
        return (self.set_by.name or self.set_by.email) if self.set_by else self.author


class Basis(models.Model):
    """What the stored figures stand on: settings, and the rates in force. One row at most.

    When that changes, ``heading`` is what they will stand on, and accounts are marked to be
    measured again in the order of their ids, so far up to ``marked_to``; those of ``currencies``
    alone, or all when it is null.
    """

    held = models.JSONField(null=True)
    heading = models.JSONField(null=True)
    currencies = models.JSONField(null=True)
    marked_to = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return "basis of figures"


def as_money(amounts: Mapping[str, str]) -> tuple[Money, ...]:
    """A stored JSON of amounts as exact money, in alphabetical order of the currency."""
    return tuple(Money(Decimal(text), currency) for currency, text in sorted(amounts.items()))
