"""The orders' indexes tell since when MRR, what is past due and the score are what they are, so that a list
under a rule of change is walked by its index alone."""

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
    "mrr_changed_at",
    "past_due_changed_at",
    "score_changed_at",
)
_ORDERS = {
    "by_mrr": "mrr_sort",
    "by_due": "due_sort",
    "by_past_due": "past_due_sort",
    "by_renewal": "next_renewal_date",
    "by_last_paid": "last_paid_date",
    "by_status": "status_rank",
    "by_score": "score",
}
_LIVE = models.Q(live=True)


def _order(name, column):
    beside = tuple(one for one in _TOLD if one != column)
    condition = _LIVE & models.Q(ended=False) if column == "score" else _LIVE
    fields = [column, "account"]
    index = models.Index(fields=fields, include=beside, condition=condition, name=f"metrics_brief_{name}")
    return migrations.AddIndex("accountbrief", index)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0015_changes_in_brief"), ("health", "0006_changes_in_brief")]

    operations = [
        *(migrations.RemoveIndex("accountbrief", f"metrics_brief_{name}") for name in _ORDERS),
        *(_order(name, column) for name, column in _ORDERS.items()),
    ]
