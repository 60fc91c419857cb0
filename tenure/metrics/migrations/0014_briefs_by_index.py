"""The orders of the account list go by accounts' briefs, whose rows the migration of ``health`` has made,
and no longer by the facts, which are written with far fewer indexes."""

from django.db import migrations, models

_TOLD = (
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
)
_ORDERS = {
    "by_mrr": "mrr_sort",
    "by_due": "due_sort",
    "by_past_due": "past_due_sort",
    "by_renewal": "next_renewal_date",
    "by_last_paid": "last_paid_date",
    "by_status": "status_rank",
}
_LIVE = models.Q(live=True)
_NO_LONGER = (*(f"metrics_{name}" for name in _ORDERS), "metrics_late_count", "metrics_late_days", "metrics_amounts")


def _order(name, column, condition=_LIVE):
    beside = tuple(one for one in _TOLD if one != column)
    fields = [column, "account"]
    index = models.Index(fields=fields, include=beside, condition=condition, name=f"metrics_brief_{name}")
    return migrations.AddIndex("accountbrief", index)


def _some(name, condition):
    index = models.Index(fields=["account"], condition=_LIVE & condition, name=f"metrics_brief_{name}")
    return migrations.AddIndex("accountbrief", index)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0013_accounts_in_brief"), ("health", "0005_scores_in_brief")]

    operations = [
        *(_order(name, column) for name, column in _ORDERS.items()),
        _order("by_score", "score", _LIVE & models.Q(ended=False)),
        migrations.AddIndex(
            "accountbrief",
            models.Index(
                fields=["created_at", "account"], condition=_LIVE, name="metrics_brief_by_age"
            ),
        ),
        _some("not_measured", models.Q(measured=False)),
        _some("no_score", models.Q(score=None) | models.Q(ended=True)),
        *(migrations.RemoveIndex("accountfacts", name) for name in _NO_LONGER),
    ]
