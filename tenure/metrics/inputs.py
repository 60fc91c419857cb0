"""What the formulas take: subscriptions, invoices and payments as plain values.

Table rows, the worked examples and the simulator's own truth all become these, so that one
function makes each number. Field names are the vendor's; amounts are exact decimals in major units,
times are UTC, and None is an unknown.
"""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from tenure.core.errors import ConfigurationError

UTC_ZONE = ZoneInfo("UTC")

# An instant inside the vendor's JSON; one without a zone is refused, not guessed.
Instant = Annotated[datetime, Meta(tz=True)]


class Settings(Struct, frozen=True, kw_only=True):
    """What a workspace may choose about its figures (METRICS section 0); the defaults are ours.
    ``currency`` is that of converted totals."""

    days_per_month: Fraction = Fraction(365, 12)
    mrr_discounts: Literal["recurring", "forever_only", "all", "none"] = "recurring"
    churn_recognition: Literal["at_end", "at_cancel"] = "at_end"
    drop_after_days: int | None = None
    pause_as_churn: bool = False
    fixed_discounts_first: bool = False
    derive_rates: bool = False
    min_coverage: Fraction = Fraction(1, 2)
    currency: str = "USD"
    zone: ZoneInfo = UTC_ZONE


DEFAULTS = Settings()


def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone of this name. Raises ConfigurationError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"There is no time zone “{name}”.", next_step="Use an IANA name such as Europe/Berlin."
        ) from error


class Interval(Struct, frozen=True):
    """How often a subscription bills: every ``length`` days or months."""

    unit: Literal["days", "months"]
    length: int


class Tier(Struct, frozen=True, kw_only=True):
    """A price up to a quantity; the last tier has no end."""

    ending_quantity: int | None = None
    unit_amount: Decimal | None = None
    unit_amount_decimal: Decimal | None = None


class AddOnKind(Struct, frozen=True, kw_only=True):
    """Which add-on it is, and whether it is bought (fixed) or metered (usage)."""

    code: str | None = None
    name: str | None = None
    add_on_type: str | None = None
    usage_type: str | None = None


class AddOn(Struct, frozen=True, kw_only=True):
    """An add-on of a subscription."""

    add_on: AddOnKind | None = None
    quantity: int | None = None
    unit_amount: Decimal | None = None
    unit_amount_decimal: Decimal | None = None
    tier_type: str | None = None
    tiers: tuple[Tier, ...] | None = None
    expired_at: Instant | None = None


class DiscountAmount(Struct, frozen=True):
    """A fixed discount in one currency."""

    currency: str
    amount: Decimal


class Discount(Struct, frozen=True, kw_only=True):
    """How much a coupon takes off: a share, or an amount by currency."""

    type: str | None = None
    percent: Decimal | None = None
    currencies: tuple[DiscountAmount, ...] | None = None


class PlanRef(Struct, frozen=True, kw_only=True):
    """A plan as it is embedded: without its interval."""

    id: str | None = None
    code: str | None = None
    name: str | None = None


class Coupon(Struct, frozen=True, kw_only=True):
    """A coupon. The embedded form lacks ``duration``; the redemption then says it. ``plans`` are
    those it is for, unless it is for all."""

    code: str | None = None
    name: str | None = None
    discount: Discount | None = None
    duration: str | None = None
    applies_to_all_plans: bool | None = None
    plans: tuple[PlanRef, ...] | None = None


class Remaining(Struct, frozen=True, kw_only=True):
    """How long a redemption still counts."""

    type: str | None = None
    expires_at: Instant | None = None
    redemptions_remaining: int | None = None


class Redemption(Struct, frozen=True, kw_only=True):
    """A coupon in use, on a subscription or on the account that is billed."""

    id: str | None = None
    state: str | None = None
    coupon: Coupon | None = None
    remaining_duration: Remaining | int | None = None
    created_at: Instant | None = None
    removed_at: Instant | None = None


class OfAccount(Redemption, frozen=True, kw_only=True):
    """A coupon of the account as it falls to one of its subscriptions. ``part`` is what that one gets
    of a fixed amount, which an invoice is given once; None for a share."""

    part: Fraction | None = None


class PendingChange(Struct, frozen=True, kw_only=True):
    """What the next renewal will change. What it does not name stays as it is."""

    unit_amount: Decimal | None = None
    quantity: int | None = None
    add_ons: tuple[AddOn, ...] | None = None
    plan: PlanRef | None = None
    deleted_at: Instant | None = None


class Subscription(Struct, frozen=True, kw_only=True):
    """A recurring agreement. Its identity is (``site``, ``id``); ``interval`` is its plan's, None
    when the plan is not known. ``add_ons`` is None when they were not fetched or cannot be read.
    ``payer`` is the billing account it is on, whose own coupons are ``account_redemptions``: they are
    shared out among its subscriptions before any is priced."""

    site: str = ""
    id: str
    payer: str = ""
    state: str
    currency: str
    unit_amount: Decimal | None = None
    quantity: int | None = None
    plan_code: str | None = None
    plan_name: str | None = None
    interval: Interval | None = None
    add_ons: tuple[AddOn, ...] | None = ()
    add_ons_total: Decimal | None = None
    tax_inclusive: bool | None = None
    tax_rate: Decimal | None = None
    redemptions: tuple[Redemption, ...] | None = ()
    account_redemptions: tuple[Redemption, ...] | None = ()
    pending_change: PendingChange | None = None
    pending_interval: Interval | None = None
    current_period_started_at: datetime | None = None
    current_period_ends_at: datetime | None = None
    current_term_ends_at: datetime | None = None
    trial_started_at: datetime | None = None
    trial_ends_at: datetime | None = None
    activated_at: datetime | None = None
    canceled_at: datetime | None = None
    expires_at: datetime | None = None
    paused_at: datetime | None = None
    auto_renew: bool | None = None
    remaining_billing_cycles: int | None = None
    started_with_gift: bool | None = None
    updated_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Ids repeat across sites; this does not."""
        return self.site, self.id


class Invoice(Struct, frozen=True, kw_only=True):
    """A bill or a credit. Credits carry negative amounts."""

    site: str = ""
    id: str
    type: str | None = None
    state: str
    currency: str
    origin: str | None = None
    number: str | None = None
    total: Decimal | None = None
    balance: Decimal | None = None
    paid: Decimal | None = None
    due_at: datetime | None = None
    created_at: datetime | None = None
    closed_at: datetime | None = None
    net_terms: int | None = None
    net_terms_type: str | None = None
    collection_method: str | None = None
    dunning_events_sent: int | None = None
    final_dunning_event: bool | None = None
    subscription_ids: tuple[str, ...] = ()


class Payment(Struct, frozen=True, kw_only=True):
    """One attempt to move money."""

    id: str = ""
    type: str | None = None
    status: str | None = None
    currency: str
    amount: Decimal | None = None
    created_at: datetime | None = None
    collected_at: datetime | None = None
