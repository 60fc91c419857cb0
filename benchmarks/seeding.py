"""A base of any size made inside the database in minutes, shaped like a real one: few plans have most
customers, few customers most of the money, and what is rare is really rare.

What an account has follows from its kind, one of five thousand, drawn from skewed shares. One account
of each kind is measured and scored by the product itself; all others have the rows of their kind
copied, so that figures, scores and records agree everywhere. Names, owners, attributes and tags are
each account's own. With ``history`` every account also has three earlier versions of its figures.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

NOW = datetime(2026, 6, 30, tzinfo=UTC)
KINDS = 5_000
INVOICES_EACH = 5
OWNERS = 30

_DRAW = """
    CREATE FUNCTION pg_temp.u(n bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    'SELECT (hashint8extended(n, salt) & 1048575)::float8 / 1048576'
"""
# Sixteen in twenty have one subscription, four have two; one in a thousand pays in a currency that has no rate.
_KINDS = """
    CREATE TEMP TABLE kind AS
    SELECT k, CASE WHEN u1 < 0.10 THEN %(eu)s ELSE %(us)s END AS site,
        CASE WHEN u2 < 0.001 THEN 'KWD' WHEN u2 < 0.07 THEN 'GBP' WHEN u2 < 0.25 THEN 'EUR' ELSE 'USD' END AS currency,
        %(now)s::timestamptz - make_interval(days => 40 + (1500 * u3 * u3)::int) AS began,
        round((9 + exp(7.5 * u4 * u4))::numeric, 2) AS price, 1 + floor(120 * power(u5, 8))::int AS quantity,
        CASE WHEN u6 < 0.010 THEN 3 WHEN u6 < 0.06 THEN 1 ELSE 0 END AS late, u6 > 0.9 AS pending,
        pg_temp.u(k, 7) AS u7, (31 * pg_temp.u(k, 8))::int AS bill_day
    FROM generate_series(1, %(kinds)s) k CROSS JOIN LATERAL (SELECT pg_temp.u(k, 1) AS u1, pg_temp.u(k, 2) AS u2,
        pg_temp.u(k, 3) AS u3, pg_temp.u(k, 4) AS u4, pg_temp.u(k, 5) AS u5, pg_temp.u(k, 6) AS u6) d;
    CREATE TEMP TABLE agreement AS
    SELECT k, part, plan, currency, site, began, price, quantity,
        CASE WHEN s < 0.001 THEN 'failed' WHEN s < 0.006 THEN 'future' WHEN s < 0.016 THEN 'paused'
             WHEN s < 0.055 THEN 'canceled' WHEN s < 0.18 AND part = 1 THEN 'expired' ELSE 'active' END AS state,
        s > 0.97 AS trial, %(now)s::timestamptz + make_interval(days => 1 + bill_day) AS period_ends,
        %(now)s::timestamptz + make_interval(days => 1 + (364 * pg_temp.u(k, 30 + part))::int) AS term_ends
    FROM kind CROSS JOIN generate_series(1, 2) part
    CROSS JOIN LATERAL (SELECT pg_temp.u(k, 10 + part) AS s,
        CASE WHEN k <= 5 THEN 40 ELSE floor(40 * power(pg_temp.u(k, 20 + part), 2.5))::int END AS plan) d
    WHERE part = 1 OR u7 < 0.20;
    CREATE TEMP TABLE bill AS
    SELECT k, b, site, currency, price * quantity AS total, issued, issued + interval '15 days' AS due,
        CASE WHEN b < late THEN 'past_due' WHEN b = 0 AND pending THEN 'pending' WHEN s < 0.003 THEN 'failed'
             WHEN s < 0.005 THEN 'voided' WHEN s < 0.02 THEN 'closed' ELSE 'paid' END AS state,
        (18 * pg_temp.u(k, 50 + b))::int AS days
    FROM kind CROSS JOIN generate_series(0, 4) b
    CROSS JOIN LATERAL (SELECT pg_temp.u(k, 40 + b) AS s, %(now)s::timestamptz - make_interval(days =>
        CASE WHEN b = 0 AND pending THEN (14 * pg_temp.u(k, 60))::int ELSE 30 * b + 16 + (13 * pg_temp.u(k, 60))::int END) AS issued) d;
    ANALYZE kind; ANALYZE agreement; ANALYZE bill
"""
_PLANS = """
    INSERT INTO customers_plan (site_id, upstream_id, content_hash, created_at, updated_at, code, name, state,
        prices, interval_unit, interval_length)
    SELECT site, 'plan' || n, '\\x00', %(now)s, %(now)s, 'plan' || n, 'Plan ' || n, 'active', '[]', 'months',
        CASE n %% 5 WHEN 4 THEN 12 ELSE 1 END
    FROM generate_series(0, 40) n CROSS JOIN (VALUES (%(us)s), (%(eu)s)) s (site)
"""
# One account in ten thousand is tagged as a pilot, one in a hundred as important.
_ACCOUNTS = """
    INSERT INTO customers_account (id, identifier, name, search, state, owner_id, attributes, sources, created_at, updated_at)
    SELECT n, 'cus-' || n, name, lower(concat_ws(' ', name, 'cus-' || n, 'billing@' || word || n || '.example', region, industry)),
        CASE WHEN pg_temp.u(n, 70) < 0.02 THEN 'closed' ELSE 'active' END,
        CASE WHEN pg_temp.u(n, 71) < 0.8 THEN (%(owners)s::bigint[])[1 + floor(%(most)s * power(pg_temp.u(n, 72), 2))::int] END,
        jsonb_strip_nulls(jsonb_build_object('region', region, 'industry', industry,
            'nps', CASE WHEN pg_temp.u(n, 73) < 0.4 THEN (11 * pg_temp.u(n, 74))::int END,
            'go_live', CASE WHEN pg_temp.u(n, 75) < 0.6 THEN (%(now)s::timestamptz - make_interval(days => (900 * pg_temp.u(n, 76))::int))::date END,
            'reference', CASE WHEN pg_temp.u(n, 77) < 0.05 THEN true END,
            'partner', CASE WHEN pg_temp.u(n, 78) < 0.0005 THEN 'Kestrel' END,
            'tags', CASE WHEN t < 0.0001 THEN '["pilot", "vip"]'::jsonb WHEN t < 0.01 THEN '["vip"]' WHEN t < 0.05 THEN '["beta"]' END)),
        '{}', %(now)s::timestamptz - make_interval(secs => n * 60), %(now)s::timestamptz - make_interval(secs => n * 7 %% 8640000)
    FROM generate_series(1, %(accounts)s) n CROSS JOIN LATERAL (SELECT
        ('{harbor,northwind,bluepeak,cedar,lumen,atlas,orchid,quartz,falcon,meadow,granite,juniper,copper,willow,summit,tidal}'::text[])[1 + floor(16 * pg_temp.u(n, 80))::int] AS word,
        ('{Logistics,Foods,Software,Clinics,Energy,Media,Textiles,Robotics,Travel,Labs,Studios,Bikes}'::text[])[1 + floor(12 * pg_temp.u(n, 81))::int] AS trade,
        ('{EMEA,AMER,AMER,AMER,APAC,LATAM}'::text[])[1 + floor(6 * pg_temp.u(n, 82))::int] AS region,
        ('{retail,health,finance,education,media,energy,public}'::text[])[1 + floor(7 * power(pg_temp.u(n, 83), 2))::int] AS industry,
        pg_temp.u(n, 84) AS t) d
    CROSS JOIN LATERAL (SELECT concat_ws(' ', initcap(word), trade, n, CASE WHEN pg_temp.u(n, 85) < 0.001 THEN 'Holding' END) AS name) named
"""
_PAYERS = """
    INSERT INTO customers_billingaccount (site_id, upstream_id, content_hash, created_at, updated_at, account_id,
        code, state, email, address, shipping_contacts, custom_fields)
    SELECT site, 'p' || id, '\\x00', created_at, updated_at, id, identifier, 'active', 'billing@' || id || '.example',
        '{}', '[]', '{}'
    FROM customers_account a JOIN kind ON kind.k = 1 + (a.id - 1) %% %(kinds)s
"""
_CONTACTS = """
    INSERT INTO customers_contact (account_id, identifier, email, name, title, attributes, sources, is_named, created_at, updated_at)
    SELECT id, 'billing@' || id || '.example', 'billing@' || id || '.example', 'Robin Reed ' || id,
        CASE WHEN id %% 9 = 0 THEN 'CFO' ELSE '' END, '{}', '{}', true, created_at, updated_at
    FROM customers_account WHERE id %% 2 = 0
"""
_SUBSCRIPTIONS = """
    INSERT INTO customers_subscription (id, site_id, upstream_id, content_hash, created_at, updated_at, account_id,
        account_upstream_id, plan_upstream_id, plan_code, plan_name, state, currency, unit_amount, quantity, add_ons,
        coupon_redemptions, ramp_intervals, custom_fields, collection_method, auto_renew, current_period_ends_at,
        current_term_ends_at, trial_started_at, trial_ends_at, activated_at, canceled_at, expires_at, paused_at, valid_from)
    SELECT a.id + (part - 1) * %(accounts)s, site, 's' || a.id || '-' || part, '\\x00', began, a.updated_at, a.id, 'p' || a.id,
        'plan' || plan, 'plan' || plan, 'Plan ' || plan, g.state, currency, price, quantity, '[]', '[]', '[]', '{}',
        'automatic', g.state = 'active', period_ends, term_ends,
        CASE WHEN trial AND g.state = 'active' THEN %(now)s::timestamptz - interval '10 days' END,
        CASE WHEN trial AND g.state = 'active' THEN %(now)s::timestamptz + interval '5 days' END,
        CASE WHEN g.state = 'future' THEN term_ends ELSE began END,
        CASE WHEN g.state = 'canceled' THEN %(now)s::timestamptz - interval '9 days' END,
        CASE g.state WHEN 'canceled' THEN term_ends WHEN 'expired' THEN %(now)s::timestamptz - interval '35 days' END,
        CASE WHEN g.state = 'paused' THEN %(now)s::timestamptz - interval '20 days' END, a.updated_at
    FROM customers_account a JOIN agreement g ON g.k = 1 + (a.id - 1) %% %(kinds)s
"""
# A month of everybody's bills after another, as they were made: those of one account lie far apart.
_INVOICES = """
    INSERT INTO customers_invoice (site_id, upstream_id, content_hash, created_at, updated_at, account_id,
        account_upstream_id, number, type, origin, state, subscription_upstream_ids, collection_method, currency,
        subtotal, total, paid, balance, due_at, closed_at, custom_fields)
    SELECT site, 'i' || a.id || '-' || b, '\\x00', at, at, a.id, 'p' || a.id, (a.id * 5 + b)::text,
        CASE WHEN g.state = 'closed' THEN 'credit' ELSE 'charge' END, 'renewal', g.state, ARRAY['s' || a.id || '-1'],
        'automatic', currency, total, total, CASE WHEN owed OR g.state IN ('failed', 'voided') THEN 0 ELSE total END,
        CASE WHEN owed THEN total ELSE 0 END, due,
        CASE WHEN NOT owed THEN issued + make_interval(days => days, secs => a.id %% 86400) END, '{}'
    FROM customers_account a JOIN bill g ON g.k = 1 + (a.id - 1) %% %(kinds)s
    CROSS JOIN LATERAL (SELECT g.state IN ('past_due', 'pending') AS owed, issued + make_interval(secs => a.id %% 86400) AS at) d
    WHERE g.b = %(month)s
"""
_PAYMENTS = """
    INSERT INTO customers_transaction (site_id, upstream_id, content_hash, created_at, updated_at,
        invoice_upstream_id, account_upstream_id, type, status, currency, amount, collected_at)
    SELECT site_id, 't' || upstream_id, '\\x00', coalesce(closed_at, created_at), coalesce(closed_at, created_at),
        upstream_id, account_upstream_id, 'purchase', CASE state WHEN 'paid' THEN 'success' ELSE 'declined' END,
        currency, total, closed_at
    FROM customers_invoice WHERE state IN ('paid', 'past_due') AND account_id <= %(paying)s
"""
_SUBSCRIPTION_FACTS = """
    INSERT INTO metrics_subscriptionfacts (subscription_id, account_id, {columns})
    SELECT s.id, s.account_id, {values} FROM customers_subscription s JOIN metrics_subscriptionfacts t
        ON t.subscription_id = CASE WHEN s.id > %(accounts)s THEN %(accounts)s ELSE 0 END + 1 + (s.account_id - 1) %% %(kinds)s
    WHERE s.account_id > %(kinds)s
"""
# Of three times before: mostly what is there now, for one in six what another kind has.
_HISTORY = """
    INSERT INTO {versions} (account_id, valid_from, valid_to{kind_column}, {columns})
    SELECT a.id, %(now)s::timestamptz - make_interval(days => v * 30, hours => h), CASE v WHEN 1 THEN t.updated_at
        ELSE %(now)s::timestamptz - make_interval(days => (v - 1) * 30, hours => h) END{kind_value}, {values}
    FROM customers_account a CROSS JOIN generate_series(1, 3) v
    CROSS JOIN LATERAL (SELECT (23 * pg_temp.u(a.id, 90))::int AS h, 1 + CASE WHEN pg_temp.u(a.id, 90 + v) < 0.16
        THEN (a.id + 37 * v) ELSE a.id - 1 END %% least(%(kinds)s, %(accounts)s) AS other) d
    JOIN {table} t ON t.account_id = other
"""
RECORDS = (
    "customers_account customers_billingaccount customers_contact customers_subscription customers_invoice"
    " customers_transaction"
).split()
MADE = (
    "metrics_accountfacts metrics_subscriptionfacts health_healthscore metrics_factsversion"
    " health_healthversion"
).split()
ATTRIBUTES = (
    ("region", "Region", "text"),
    ("industry", "Industry", "text"),
    ("partner", "Partner", "text"),
    ("nps", "NPS", "number"),
    ("go_live", "Go-live", "date"),
    ("reference", "Reference", "boolean"),
    ("tags", "Tags", "list"),
)
SEGMENTS = (
    ("Strategic", "mrr > 2500"),
    ("Small", "mrr > 0 and mrr < 100"),
    ("Owing", "past_due > 0 and mrr > 50"),
    ("Renewing", "next_renewal_date in next 30 days"),
    ("Pilots", 'tag = "pilot"'),
    ("Unwell", "health = red"),
)


def fill(accounts: int, *, history: bool = False) -> None:
    """So many accounts, a fifth more subscriptions and five invoices each, with everything the product
    makes of them. Payments are made for the first hundred thousand accounts."""
    from django.db import connection  # noqa: PLC0415 - after the database is there

    values = _begun() | {"accounts": accounts, "paying": min(accounts, 100_000)}
    with connection.cursor() as db:
        db.execute("SET session_replication_role = replica")  # no key is checked row by row
        db.execute("SET maintenance_work_mem = '512MB'")
        db.execute("SET work_mem = '256MB'")
        with _bare(db, RECORDS):
            db.execute(_DRAW)
            for statement in (_KINDS, _PLANS, _ACCOUNTS, _PAYERS, _CONTACTS, _SUBSCRIPTIONS):
                db.execute(statement, values)
            for month in range(INVOICES_EACH - 1, -1, -1):
                db.execute(_INVOICES, values | {"month": month})
            db.execute(_PAYMENTS, values)
        for table in RECORDS:
            db.execute(f"ANALYZE {table}")
    _measured(min(accounts, KINDS))
    with connection.cursor() as db, _bare(db, MADE):
        _copied(db, values, history=history)
    with connection.cursor() as db:
        for table in ("customers_account", "customers_subscription"):
            db.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, 3 * accounts])
        db.execute("SET session_replication_role = origin")
        in_brief(db)
        db.execute("VACUUM ANALYZE")
    _segmented()


def in_brief(db: Any) -> None:
    """The briefs of accounts that were made while no trigger had a say, as a migration makes them."""
    with _bare(db, ["metrics_accountbrief"]):
        for made in (
            "tenure.health.migrations.0005_scores_in_brief",
            "tenure.metrics.migrations.0015_changes_in_brief",
            "tenure.health.migrations.0006_changes_in_brief",
        ):
            db.execute(import_module(made).FILLED)


def spread(accounts: int, some: int) -> list[int]:
    """So many accounts, from all over the base."""
    return list(range(accounts // some, accounts + 1, accounts // some))[:some]


def _begun() -> dict[str, Any]:
    """Sites, rates, owners and attributes; the values the statements name."""
    from tenure.access.models import Member, Role  # noqa: PLC0415 - after Django is set up
    from tenure.connections.models import Site  # noqa: PLC0415
    from tenure.customers.models import Attribute  # noqa: PLC0415
    from tenure.metrics.models import FxRate  # noqa: PLC0415

    us, eu = (
        Site.objects.create(source="recurly", subdomain=name, region=name, site_id=name, key_sealed="x").pk
        for name in ("us", "eu")
    )  # fmt: skip
    for currency, rate in (("EUR", "1.0842"), ("GBP", "1.2710")):
        FxRate.objects.create(source=currency, target="USD", day=NOW.date(), rate=rate, set_at=NOW)
    for position, (name, label, kind) in enumerate(ATTRIBUTES):
        Attribute.objects.create(name=name, label=label, kind=kind, position=position)
    owners = [
        Member.objects.create(email=f"owner{n}@example.com", role=Role.CSM).pk
        for n in range(OWNERS)
    ]
    return {"now": NOW, "us": us, "eu": eu, "owners": owners, "most": OWNERS, "kinds": KINDS}


def _measured(kinds: int) -> None:
    """One account of each kind, as the product measures and scores it."""
    from tenure import flow  # noqa: PLC0415

    ids = list(range(1, kinds + 1))
    for start in range(0, kinds, flow.CHUNK):
        flow.refresh(ids[start : start + flow.CHUNK], NOW)


def _copied(db: Any, values: dict[str, Any], *, history: bool) -> None:
    """What the product made of one account of a kind, for all others of it."""
    own = _columns(db, "metrics_subscriptionfacts", "subscription_id", "account_id")
    listed = {"columns": ", ".join(own), "values": ", ".join(f"t.{one}" for one in own)}
    db.execute(_SUBSCRIPTION_FACTS.format(**listed), values)
    for table in ("metrics_accountfacts", "health_healthscore"):
        own = _columns(db, table, "account_id")
        db.execute(
            f"INSERT INTO {table} (account_id, {', '.join(own)})"
            f" SELECT a.id, {', '.join(f't.{one}' for one in own)} FROM customers_account a"
            f" JOIN {table} t ON t.account_id = 1 + (a.id - 1) %% %(kinds)s WHERE a.id > %(kinds)s",
            values,
        )
    if history:
        _remembered(db, values)


def _remembered(db: Any, values: dict[str, Any]) -> None:
    for versions, table, kind in (
        ("metrics_factsversion", "metrics_accountfacts", True),
        ("health_healthversion", "health_healthscore", False),
    ):
        both = [
            one
            for one in _columns(db, versions, "id", "account_id", "kind")
            if one in _columns(db, table)
        ]
        db.execute(
            _HISTORY.format(
                versions=versions,
                table=table,
                columns=", ".join(both),
                values=", ".join(f"t.{one}" for one in both),
                kind_column=", kind" if kind else "",
                kind_value=", 'snapshot'" if kind else "",
            ),
            values,
        )


def _columns(db: Any, table: str, *without: str) -> Sequence[str]:
    db.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    return [row[0] for row in db.fetchall() if row[0] not in without]


@contextmanager
def _bare(db: Any, tables: Sequence[str]) -> Iterator[None]:
    """Without the indexes that no constraint needs, which are made anew afterwards: many rows come in
    several times faster."""
    db.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisunique",
        [list(tables)],
    )
    found = db.fetchall()
    for name, _ in found:
        db.execute(f"DROP INDEX {name}")
    yield
    for _, definition in found:
        db.execute(definition)


def _segmented() -> None:
    from tenure.segments.write import Draft, save  # noqa: PLC0415

    for name, rule in SEGMENTS:
        save(Draft(name, rule), now=NOW)
