"""Accounts in brief, and the triggers that keep them: see ``metrics.briefs``. Rows of accounts that are
here already are made with their scores, by the migration of ``health``."""

import django.db.models.deletion
from django.db import migrations, models


_OF_ACCOUNTS = """
CREATE FUNCTION metrics_brief_new_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO metrics_accountbrief
        (account_id, live, created_at, measured, mrr_known, total_due_known, past_due_known, ended)
    SELECT id, removed_at IS NULL, created_at, FALSE, FALSE, FALSE, FALSE, FALSE FROM fresh;
    RETURN NULL;
END $$;
CREATE FUNCTION metrics_brief_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE metrics_accountbrief
    SET live = NEW.removed_at IS NULL, created_at = NEW.created_at WHERE account_id = NEW.id;
    RETURN NULL;
END $$;
CREATE FUNCTION metrics_brief_gone_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM metrics_accountbrief b USING gone WHERE b.account_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER metrics_brief_inserted AFTER INSERT ON customers_account
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION metrics_brief_new_accounts();
CREATE TRIGGER metrics_brief_updated AFTER UPDATE OF removed_at, created_at ON customers_account
    FOR EACH ROW
    WHEN ((OLD.removed_at, OLD.created_at) IS DISTINCT FROM (NEW.removed_at, NEW.created_at))
    EXECUTE FUNCTION metrics_brief_account();
CREATE TRIGGER metrics_brief_deleted AFTER DELETE ON customers_account
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION metrics_brief_gone_accounts();
"""
# Rows are locked in the order of accounts, so that two who measure and score the same do not wait for
# one another.
_OF_FACTS = """
CREATE FUNCTION metrics_brief_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM metrics_accountbrief WHERE account_id IN (SELECT account_id FROM fresh)
        ORDER BY account_id FOR NO KEY UPDATE;
    UPDATE metrics_accountbrief b SET
        measured = TRUE,
        mrr_sort = f.mrr_sort, due_sort = f.due_sort, past_due_sort = f.past_due_sort,
        mrr_known = f.mrr_converted IS NOT NULL, total_due_known = f.due_converted IS NOT NULL,
        past_due_known = f.past_due_converted IS NOT NULL,
        next_renewal_date = f.next_renewal_date, last_paid_date = f.last_paid_date,
        status_rank = f.status_rank, invoice_status = f.invoice_status,
        total_quantity = f.total_quantity, past_due_count = f.past_due_count,
        oldest_past_due_days = f.oldest_past_due_days
    FROM fresh f WHERE b.account_id = f.account_id AND (
        b.measured, b.mrr_sort, b.due_sort, b.past_due_sort, b.mrr_known, b.total_due_known,
        b.past_due_known, b.next_renewal_date, b.last_paid_date, b.status_rank, b.invoice_status,
        b.total_quantity, b.past_due_count, b.oldest_past_due_days
    ) IS DISTINCT FROM (
        TRUE, f.mrr_sort, f.due_sort, f.past_due_sort, f.mrr_converted IS NOT NULL,
        f.due_converted IS NOT NULL, f.past_due_converted IS NOT NULL, f.next_renewal_date,
        f.last_paid_date, f.status_rank, f.invoice_status, f.total_quantity, f.past_due_count,
        f.oldest_past_due_days
    );
    RETURN NULL;
END $$;
CREATE FUNCTION metrics_brief_gone_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE metrics_accountbrief b SET
        measured = FALSE, mrr_sort = NULL, due_sort = NULL, past_due_sort = NULL,
        mrr_known = FALSE, total_due_known = FALSE, past_due_known = FALSE,
        next_renewal_date = NULL, last_paid_date = NULL, status_rank = NULL,
        invoice_status = NULL, total_quantity = NULL, past_due_count = NULL,
        oldest_past_due_days = NULL
    FROM gone WHERE b.account_id = gone.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER metrics_brief_inserted AFTER INSERT ON metrics_accountfacts
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION metrics_brief_facts();
CREATE TRIGGER metrics_brief_updated AFTER UPDATE ON metrics_accountfacts
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION metrics_brief_facts();
CREATE TRIGGER metrics_brief_deleted AFTER DELETE ON metrics_accountfacts
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION metrics_brief_gone_facts();
"""
# A page of a list reads it by index alone, which takes that it was vacuumed not long ago.
_TIDY = """
ALTER TABLE metrics_accountbrief
    SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01)
"""
_BACK = """
DROP TRIGGER metrics_brief_inserted ON metrics_accountfacts;
DROP TRIGGER metrics_brief_updated ON metrics_accountfacts;
DROP TRIGGER metrics_brief_deleted ON metrics_accountfacts;
DROP TRIGGER metrics_brief_inserted ON customers_account;
DROP TRIGGER metrics_brief_updated ON customers_account;
DROP TRIGGER metrics_brief_deleted ON customers_account;
DROP FUNCTION metrics_brief_facts, metrics_brief_gone_facts, metrics_brief_account,
    metrics_brief_new_accounts, metrics_brief_gone_accounts;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0017_records_found_by_rules'),
        ('metrics', '0012_subscriptions_by_currency'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountBrief',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='customers.account')),
                ('live', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('measured', models.BooleanField(default=False)),
                ('mrr_sort', models.DecimalField(decimal_places=6, max_digits=26, null=True)),
                ('due_sort', models.DecimalField(decimal_places=6, max_digits=26, null=True)),
                ('past_due_sort', models.DecimalField(decimal_places=6, max_digits=26, null=True)),
                ("mrr_known", models.BooleanField(default=False)),
                ("total_due_known", models.BooleanField(default=False)),
                ("past_due_known", models.BooleanField(default=False)),
                ('next_renewal_date', models.DateField(null=True)),
                ('last_paid_date', models.DateField(null=True)),
                ('status_rank', models.SmallIntegerField(null=True)),
                ('invoice_status', models.CharField(max_length=12, null=True)),
                ("total_quantity", models.DecimalField(decimal_places=0, max_digits=20, null=True)),
                ("past_due_count", models.DecimalField(decimal_places=0, max_digits=20, null=True)),
                ("oldest_past_due_days", models.DecimalField(decimal_places=0, max_digits=20, null=True)),
                ('score', models.DecimalField(decimal_places=1, max_digits=4, null=True)),
                ('band', models.CharField(max_length=8, null=True)),
                ('ended', models.BooleanField(default=False)),
            ],
        ),
        migrations.RunSQL(_TIDY, migrations.RunSQL.noop),
        migrations.RunSQL(_OF_ACCOUNTS + _OF_FACTS, _BACK),
    ]
