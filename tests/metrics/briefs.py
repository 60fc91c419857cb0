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


def differing() -> list[int]:
    """The accounts whose brief says something else, or is not there."""
    with connection.cursor() as db:
        db.execute(_DIFFERING)
        return [row[0] for row in db.fetchall()]
