"""Briefs say since when a figure is what it is, so that rules of change look at few accounts: see
``metrics.briefs``. What is known of changes before is made of the versions that are there, while nobody
writes figures."""

from django.db import migrations, models

# The figure as rules name it, and the column of facts and versions that has it.
CHANGING = {
    "mrr": "mrr_converted",
    "total_due": "due_converted",
    "past_due": "past_due_converted",
    "subscription_status": "subscription_status",
    "invoice_status": "invoice_status",
    "total_quantity": "total_quantity",
    "past_due_count": "past_due_count",
    "oldest_past_due_days": "oldest_past_due_days",
}
_COPIED = {
    "measured": "TRUE",
    "mrr_sort": "f.mrr_sort",
    "due_sort": "f.due_sort",
    "past_due_sort": "f.past_due_sort",
    "mrr_known": "f.mrr_converted IS NOT NULL",
    "total_due_known": "f.due_converted IS NOT NULL",
    "past_due_known": "f.past_due_converted IS NOT NULL",
    "next_renewal_date": "f.next_renewal_date",
    "last_paid_date": "f.last_paid_date",
    "status_rank": "f.status_rank",
    "invoice_status": "f.invoice_status",
    "total_quantity": "f.total_quantity",
    "past_due_count": "f.past_due_count",
    "oldest_past_due_days": "f.oldest_past_due_days",
}
_LOCKED = "LOCK TABLE metrics_accountfacts, metrics_factsversion IN SHARE ROW EXCLUSIVE MODE"
IN_ORDER = """PERFORM 1 FROM metrics_accountbrief WHERE account_id IN (SELECT account_id FROM fresh)
        ORDER BY account_id FOR NO KEY UPDATE;"""


def differ(versions, live, columns):
    """The end of the last of these versions that has another value than the live row, for each figure."""
    ends = ", ".join(
        f"max(v.valid_to) FILTER (WHERE f.account_id IS NULL OR v.{column} IS DISTINCT FROM f.{column}) AS {name}"
        for name, column in columns.items()
    )
    return f"(SELECT v.account_id, {ends} FROM {versions} v LEFT JOIN {live} f USING (account_id) GROUP BY 1) c"


def written(sets, source, *, beside=""):
    """The update of briefs that writes a row only where something of it differs."""
    assigned = ", ".join(f"{column} = {value}" for column, value in sets.items())
    ours, theirs = ", ".join(f"b.{column}" for column in sets), ", ".join(sets.values())
    return f"""UPDATE metrics_accountbrief b SET {assigned} FROM {source}
        WHERE b.account_id = {beside}.account_id AND ({ours}) IS DISTINCT FROM ({theirs})"""


def of_versions(versions, live, columns):
    """Briefs told of the changes that versions are the traces of."""
    sets = {f"{name}_changed_at": f"greatest(b.{name}_changed_at, c.{name})" for name in columns}
    return written(sets, differ(versions, live, columns), beside="c")


def _changed():
    return {
        f"{name}_changed_at": f"CASE WHEN o.{column} IS DISTINCT FROM f.{column} THEN f.updated_at"
        f" ELSE b.{name}_changed_at END"
        for name, column in CHANGING.items()
    }


_TRIGGERS = f"""
CREATE FUNCTION metrics_brief_changed_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {IN_ORDER}
    {written(_COPIED | _changed(), "fresh f JOIN stale o USING (account_id)", beside="f")};
    RETURN NULL;
END $$;
CREATE FUNCTION metrics_brief_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {IN_ORDER}
    {of_versions("fresh", "metrics_accountfacts", CHANGING)};
    RETURN NULL;
END $$;
DROP TRIGGER metrics_brief_updated ON metrics_accountfacts;
CREATE TRIGGER metrics_brief_updated AFTER UPDATE ON metrics_accountfacts
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
    FOR EACH STATEMENT EXECUTE FUNCTION metrics_brief_changed_facts();
CREATE TRIGGER metrics_brief_version AFTER INSERT ON metrics_factsversion
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION metrics_brief_versions();
"""
_BACK = """
DROP TRIGGER metrics_brief_version ON metrics_factsversion;
DROP TRIGGER metrics_brief_updated ON metrics_accountfacts;
CREATE TRIGGER metrics_brief_updated AFTER UPDATE ON metrics_accountfacts
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION metrics_brief_facts();
DROP FUNCTION metrics_brief_changed_facts, metrics_brief_versions;
"""
FILLED = of_versions("metrics_factsversion", "metrics_accountfacts", CHANGING)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0014_briefs_by_index")]

    operations = [
        *(
            migrations.AddField("accountbrief", f"{name}_changed_at", models.DateTimeField(null=True))
            for name in (*CHANGING, "score", "band")
        ),
        migrations.RunSQL(_LOCKED, migrations.RunSQL.noop),
        migrations.RunSQL(_TRIGGERS, _BACK),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
