"""Coupons that a billing account has redeemed for itself, and the invoices that tell of them."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tenure.connections.models import Site


def _site() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )


class AccountCoupon(models.Model):
    """A coupon redeemed on a billing account, as it was known from ``known_from`` until
    ``known_to``; now, while that is None. A change ends one row and begins the next, so that any past
    instant has what was known then. ``redemption`` is what the formulas read of it, in the vendor's
    names; ``asked_at`` is when it was last looked at, by upstream's clock."""

    site = _site()
    account_upstream_id = models.CharField(max_length=64)
    upstream_id = models.CharField(max_length=64)
    active = models.BooleanField()
    redemption = models.JSONField()
    asked_at = models.DateTimeField()
    known_from = models.DateTimeField()
    known_to = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "site",
                "account_upstream_id",
                "upstream_id",
                condition=Q(known_to=None),
                name="customers_accountcoupon_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["site", "account_upstream_id"], name="customers_accountcoupon_payer"
            ),
            models.Index(
                fields=["site", "asked_at"],
                condition=Q(known_to=None, active=True),
                name="customers_accountcoupon_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.upstream_id} of {self.account_upstream_id}"


class CouponTrace(models.Model):
    """What an invoice tells of a billing account's coupons: it used one (``upstream_id``) that may go
    on, or, with an empty one, it lacks one that is known. The newest invoice a coupon counts; the row
    goes when the account was asked."""

    site = _site()
    account_upstream_id = models.CharField(max_length=64)
    upstream_id = models.CharField(max_length=64)
    billed_at = models.DateTimeField()
    subscription_upstream_ids = ArrayField(models.CharField(max_length=64), default=list)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "site",
                "account_upstream_id",
                "upstream_id",
                name="customers_coupontrace_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.upstream_id} on an invoice of {self.account_upstream_id}"
