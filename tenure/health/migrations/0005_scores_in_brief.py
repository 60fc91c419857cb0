"""Scores stand in accounts' briefs too, and every account that is here gets its brief: see
``metrics.briefs``. Nobody writes accounts, figures or scores meanwhile, a minute at a million accounts.
"""

from django.db import migrations

_LOCKED = """
LOCK TABLE customers_account, metrics_accountfacts, health_healthscore IN SHARE ROW EXCLUSIVE MODE
"""
_OF_SCORES = """
CREATE FUNCTION health_brief_scores() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM metrics_accountbrief WHERE account_id IN (SELECT account_id FROM fresh)
        ORDER BY account_id FOR NO KEY UPDATE;
    UPDATE metrics_accountbrief b
    SET score = h.score, band = h.band, ended = h.state = 'ended'
    FROM fresh h WHERE b.account_id = h.account_id
        AND (b.score, b.band, b.ended) IS DISTINCT FROM (h.score, h.band, h.state = 'ended');
    RETURN NULL;
END $$;
CREATE FUNCTION health_brief_gone_scores() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE metrics_accountbrief b SET score = NULL, band = NULL, ended = FALSE
    FROM gone WHERE b.account_id = gone.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER health_brief_inserted AFTER INSERT ON health_healthscore
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_brief_scores();
CREATE TRIGGER health_brief_updated AFTER UPDATE ON health_healthscore
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_brief_scores();
CREATE TRIGGER health_brief_deleted AFTER DELETE ON health_healthscore
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION health_brief_gone_scores();
"""
_BACK = """
DROP TRIGGER health_brief_inserted ON health_healthscore;
DROP TRIGGER health_brief_updated ON health_healthscore;
DROP TRIGGER health_brief_deleted ON health_healthscore;
DROP FUNCTION health_brief_scores, health_brief_gone_scores;
"""
FILLED = """
DELETE FROM metrics_accountbrief;
INSERT INTO metrics_accountbrief (
    account_id, live, created_at, measured, mrr_sort, due_sort, past_due_sort, mrr_known,
    total_due_known, past_due_known, next_renewal_date, last_paid_date, status_rank, invoice_status, total_quantity,
    past_due_count, oldest_past_due_days, score, band, ended)
SELECT a.id, a.removed_at IS NULL, a.created_at, f.account_id IS NOT NULL, f.mrr_sort, f.due_sort,
    f.past_due_sort, f.mrr_converted IS NOT NULL, f.due_converted IS NOT NULL,
    f.past_due_converted IS NOT NULL, f.next_renewal_date, f.last_paid_date, f.status_rank,
    f.invoice_status, f.total_quantity, f.past_due_count, f.oldest_past_due_days, h.score, h.band,
    coalesce(h.state = 'ended', FALSE)
FROM customers_account a
LEFT JOIN metrics_accountfacts f ON f.account_id = a.id
LEFT JOIN health_healthscore h ON h.account_id = a.id
ORDER BY a.id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("health", "0004_ended_have_no_rank"),
        ("metrics", "0013_accounts_in_brief"),
    ]

    operations = [
        migrations.RunSQL(_LOCKED, migrations.RunSQL.noop),
        migrations.RunSQL(_OF_SCORES, _BACK),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
        # Scores are found and sorted there from now on.
        migrations.RemoveIndex("healthscore", "health_by_score"),
        migrations.RemoveIndex("healthscore", "health_by_rank"),
        migrations.RemoveIndex("healthscore", "health_no_rank"),
        migrations.RemoveIndex("healthscore", "health_by_band"),
    ]
