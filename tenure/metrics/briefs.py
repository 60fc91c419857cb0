"""An account in a few plain numbers: what lists are sorted by and rules ask most, of every account in one
narrow row, so that a million of them can be looked through."""

from typing import Any, ClassVar

from django.db import models

from tenure.customers.models import Account

TABLE = "metrics_accountbrief"
LIVE = models.Q(live=True)
# Beside each order's own column, so that whole conditions are told by its index alone.
TOLD = (
    "measured",
    "mrr_sort",
    "mrr_known",
    "past_due_sort",
    "past_due_known",
    "next_renewal_date",
    "status_rank",
    "past_due_count",
    "oldest_past_due_days",
    "score",
    "band",
    "ended",
    "mrr_changed_at",
    "past_due_changed_at",
    "score_changed_at",
)


def _amount() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=26, decimal_places=6, null=True)


def _number() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=20, decimal_places=0, null=True)


def _instant() -> "models.DateTimeField[Any, Any]":
    return models.DateTimeField(null=True)


def _order(name: str, column: str, condition: models.Q = LIVE) -> models.Index:
    beside = tuple(one for one in TOLD if one != column)
    return models.Index(fields=[column, "account"], include=beside, condition=condition, name=name)


class AccountBrief(models.Model):
    """Copies of what stands in the account, its facts and its score, one row an account. The database
    keeps them by triggers in the statement that changes the original, so nobody writes here: see the
    migrations ``metrics`` 0013 and 0015, ``health`` 0005 and 0006.

    ``live`` is false for an account that is removed, ``measured`` true while it has facts. An amount is
    *known* while no rate is missing for it: its ``…_sort`` is then the converted total, null for
    nothing. Counts are kept as the numbers that rules compare. ``score`` and ``band`` are those people
    see; ``ended`` says that the score is not shown because the last subscription is over.

    ``…_changed_at`` is since when a figure is what it is, by when we knew it: no version of it ended
    later with another value. Null where no other is known.
    """

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    live = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    measured = models.BooleanField(default=False)
    mrr_sort = _amount()
    due_sort = _amount()
    past_due_sort = _amount()
    mrr_known = models.BooleanField(default=False)
    total_due_known = models.BooleanField(default=False)
    past_due_known = models.BooleanField(default=False)
    next_renewal_date = models.DateField(null=True)
    last_paid_date = models.DateField(null=True)
    status_rank = models.SmallIntegerField(null=True)
    invoice_status = models.CharField(max_length=12, null=True)
    total_quantity = _number()
    past_due_count = _number()
    oldest_past_due_days = _number()

    score = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    band = models.CharField(max_length=8, null=True)
    ended = models.BooleanField(default=False)

    mrr_changed_at = _instant()
    total_due_changed_at = _instant()
    past_due_changed_at = _instant()
    subscription_status_changed_at = _instant()
    invoice_status_changed_at = _instant()
    total_quantity_changed_at = _instant()
    past_due_count_changed_at = _instant()
    oldest_past_due_days_changed_at = _instant()
    score_changed_at = _instant()
    band_changed_at = _instant()

    class Meta:
        # Each index serves one order of the account list, in both directions, nulls included.
        indexes: ClassVar[list[models.Index]] = [
            _order("metrics_brief_by_mrr", "mrr_sort"),
            _order("metrics_brief_by_due", "due_sort"),
            _order("metrics_brief_by_past_due", "past_due_sort"),
            _order("metrics_brief_by_renewal", "next_renewal_date"),
            _order("metrics_brief_by_last_paid", "last_paid_date"),
            _order("metrics_brief_by_status", "status_rank"),
            _order("metrics_brief_by_score", "score", LIVE & models.Q(ended=False)),
            models.Index(
                fields=["created_at", "account"], condition=LIVE, name="metrics_brief_by_age"
            ),
            models.Index(
                fields=["account"],
                condition=LIVE & models.Q(measured=False),
                name="metrics_brief_not_measured",
            ),
            models.Index(
                fields=["account"],
                condition=LIVE & (models.Q(score=None) | models.Q(ended=True)),
                name="metrics_brief_no_score",
            ),
        ]

    def __str__(self) -> str:
        return f"account {self.account_id} in brief"


def changed(name: str) -> str:
    """Since when a figure is what it is, over the brief ``b``; empty where the brief does not say."""
    column = f"{name}_changed_at"
    said = any(field.name == column for field in AccountBrief._meta.local_fields)
    return f"b.{column}" if said else ""
