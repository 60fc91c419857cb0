"""Briefs say since when a score and its word are what they are: see ``metrics.briefs``."""

from importlib import import_module

from django.db import migrations

_brief = import_module("tenure.metrics.migrations.0015_changes_in_brief")
CHANGING = {"score": "score", "band": "band"}
_COPIED = {"score": "f.score", "band": "f.band", "ended": "f.state = 'ended'"}
_CHANGED = {
    f"{name}_changed_at": f"CASE WHEN o.{name} IS DISTINCT FROM f.{name} THEN f.updated_at"
    f" ELSE b.{name}_changed_at END"
    for name in CHANGING
}
_LOCKED = "LOCK TABLE health_healthscore, health_healthversion IN SHARE ROW EXCLUSIVE MODE"
_TRIGGERS = f"""
CREATE FUNCTION health_brief_changed_scores() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_brief.IN_ORDER}
    {_brief.written(_COPIED | _CHANGED, "fresh f JOIN stale o USING (account_id)", beside="f")};
    RETURN NULL;
END $$;
CREATE FUNCTION health_brief_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_brief.IN_ORDER}
    {_brief.of_versions("fresh", "health_healthscore", CHANGING)};
    RETURN NULL;
END $$;
DROP TRIGGER health_brief_updated ON health_healthscore;
CREATE TRIGGER health_brief_updated AFTER UPDATE ON health_healthscore
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
    FOR EACH STATEMENT EXECUTE FUNCTION health_brief_changed_scores();
CREATE TRIGGER health_brief_version AFTER INSERT ON health_healthversion
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_brief_versions();
"""
_BACK = """
DROP TRIGGER health_brief_version ON health_healthversion;
DROP TRIGGER health_brief_updated ON health_healthscore;
CREATE TRIGGER health_brief_updated AFTER UPDATE ON health_healthscore
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION health_brief_scores();
DROP FUNCTION health_brief_changed_scores, health_brief_versions;
"""
FILLED = _brief.of_versions("health_healthversion", "health_healthscore", CHANGING)


class Migration(migrations.Migration):
    dependencies = [
        ("health", "0005_scores_in_brief"),
        ("metrics", "0015_changes_in_brief"),
    ]

    operations = [
        migrations.RunSQL(_LOCKED, migrations.RunSQL.noop),
        migrations.RunSQL(_TRIGGERS, _BACK),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
