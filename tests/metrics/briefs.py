"""Whether the briefs of accounts say what their originals say."""

from django.db import connection

_DIFFERING = """
SELECT a.id FROM customers_account a
LEFT JOIN metrics_accountfacts f ON f.account_id = a.id
LEFT JOIN health_healthscore h ON h.account_id = a.id
LEFT JOIN metrics_accountbrief b ON b.account_id = a.id
WHERE (
    b.live, b.created_at, b.measured, b.mrr_sort, b.due_sort, b.past_due_sort, b.mrr_known,
    b.total_due_known, b.past_due_known, b.next_renewal_date, b.last_paid_date, b.status_rank,
    b.invoice_status, b.total_quantity, b.past_due_count, b.oldest_past_due_days, b.score, b.band,
    b.ended
) IS DISTINCT FROM (
    a.removed_at IS NULL, a.created_at, f.account_id IS NOT NULL, f.mrr_sort, f.due_sort,
    f.past_due_sort, f.mrr_converted IS NOT NULL, f.due_converted IS NOT NULL,
    f.past_due_converted IS NOT NULL, f.next_renewal_date, f.last_paid_date, f.status_rank,
    f.invoice_status, f.total_quantity::numeric, f.past_due_count::numeric,
    f.oldest_past_due_days::numeric, h.score, h.band, coalesce(h.state = 'ended', FALSE)
)
ORDER BY a.id
"""
# Since when something is what it is: no version that ended later has another value of it.
_LATE = """
SELECT v.account_id FROM {versions} v
JOIN metrics_accountbrief b ON b.account_id = v.account_id
LEFT JOIN {live} l ON l.account_id = v.account_id
WHERE v.valid_to > coalesce(b.{name}_changed_at, '-infinity')
    AND (l.account_id IS NULL OR v.{column} IS DISTINCT FROM l.{column})
"""
_FACTS = ("metrics_factsversion", "metrics_accountfacts")
_SCORES = ("health_healthversion", "health_healthscore")
_SAME = ("subscription_status", "invoice_status", "total_quantity")
CHANGING = {
    "mrr": (*_FACTS, "mrr_converted"),
    "total_due": (*_FACTS, "due_converted"),
    "past_due": (*_FACTS, "past_due_converted"),
    **{name: (*_FACTS, name) for name in (*_SAME, "past_due_count", "oldest_past_due_days")},
    "score": (*_SCORES, "score"),
    "band": (*_SCORES, "band"),
}


def differing() -> list[int]:
    """The accounts whose brief says something else, or is not there."""
    with connection.cursor() as db:
        db.execute(_DIFFERING)
        found = [row[0] for row in db.fetchall()]
        for name, (versions, live, column) in CHANGING.items():
            db.execute(_LATE.format(versions=versions, live=live, column=column, name=name))
            found += [row[0] for row in db.fetchall()]
    return found
