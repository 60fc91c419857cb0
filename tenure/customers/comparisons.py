"""What imported accounts were last compared with, kept so that a report need not compare them all.

Each comparison keeps a mark of what it was made of: the versions of the account's row and of the rows
that feed it, and of the mapping and the sites. Where the mark is another now, it is made again; so
nobody has to tell it that something changed, and nothing that changed is missed.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from django.db import connection

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, fields
from tenure.customers.accounts import daily_sites
from tenure.customers.differing import differences
from tenure.customers.models import Account

CHUNK = 1_000
FEW = 10_000
ASKED = 50_000  # to find what is outdated costs a look at every row: not for each chunk

# Of a row's present version "xmin" is the transaction that wrote it and "ctid" its place. A sum of
# hashes needs no order, and a row that feeds an account in two ways may count twice.
_MARKS = """
    WITH fed AS (
        SELECT account_id, site_id, hashtidextended(ctid, xmin::text::int8) AS version
        FROM customers_billingaccount
        WHERE account_id IS NOT NULL AND removed_at IS NULL
            AND (%(only)s::int8[] IS NULL OR account_id = ANY(%(only)s::int8[]))
        UNION ALL
        SELECT s.account_id, b.site_id, hashtidextended(b.ctid, b.xmin::text::int8)
        FROM customers_subscription s
        JOIN customers_billingaccount b
            ON b.site_id = s.site_id AND b.upstream_id = s.account_upstream_id
        WHERE s.account_id IS NOT NULL AND s.identified_as IS NOT NULL
            AND s.removed_at IS NULL AND b.removed_at IS NULL
            AND (%(only)s::int8[] IS NULL OR s.account_id = ANY(%(only)s::int8[]))
    ), marked AS (
        SELECT account_id, sum(version) AS mark
        FROM fed GROUP BY account_id HAVING bool_or(site_id = ANY(%(sites)s))
    ), present AS (
        SELECT a.id, m.mark + hashtextextended(%(basis)s, 0)
            + hashtidextended(a.ctid, a.xmin::text::int8) AS mark
        FROM marked m JOIN customers_account a ON a.id = m.account_id
        WHERE a.removed_at IS NULL
    )
"""
_STALE = """
    {marks} SELECT p.id, p.mark, count(*) OVER () FROM present p
    LEFT JOIN customers_comparison c ON c.account_id = p.id
    WHERE c.mark IS DISTINCT FROM p.mark ORDER BY p.id LIMIT %(limit)s
"""
_FORGET = """
    {marks} DELETE FROM customers_comparison c
    WHERE NOT EXISTS (SELECT FROM present p WHERE p.id = c.account_id)
"""
_KEEP = """
    INSERT INTO customers_comparison (account_id, mark, drifts)
    SELECT account_id, mark, drifts
    FROM jsonb_to_recordset(%s::jsonb) AS v (account_id bigint, mark numeric, drifts jsonb)
    ON CONFLICT (account_id) DO UPDATE SET mark = EXCLUDED.mark, drifts = EXCLUDED.drifts
"""


def importing() -> list[Site]:
    """The sites whose accounts are imported once."""
    return list(Site.objects.filter(accounts_mode=Mode.IMPORT, staged=False).order_by("pk"))


def settle(*, most: int | None = None, only: Collection[int] | None = None) -> int:
    """Compare the accounts that changed since they were compared, at most so many, all or ``only``
    these; how many are left.

    A comparison that another transaction overtakes is seen as outdated the next time.
    """
    sites = importing()
    if not sites:
        return 0
    chosen = None if only is None else list(only)
    bound = {"sites": [site.pk for site in sites], "basis": _basis(), "only": chosen}
    while True:
        stale, count = _stale(bound, most or ASKED)
        for start in range(0, len(stale), CHUNK):
            _compare(dict(stale[start : start + CHUNK]), sites)
        left = count - len(stale)
        if most or only is not None:
            return left
        if not left:
            _forget(bound)
            return 0


def are_few() -> bool:
    """Whether all accounts are so few that looking at every one of them is not noticed."""
    return Account.objects.count() <= FEW


def _stale(bound: dict[str, Any], limit: int) -> tuple[list[tuple[int, str]], int]:
    """The next accounts to compare with the marks of what they are now, and how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(_STALE.format(marks=_MARKS), bound | {"limit": limit})
        rows = cursor.fetchall()
    return [(pk, str(mark)) for pk, mark, _ in rows], rows[0][2] if rows else 0


def _compare(stale: dict[int, str], sites: Sequence[Site]) -> None:
    accounts = list(Account.objects.filter(pk__in=stale).select_related("owner").order_by("pk"))
    found: dict[int, list[dict[str, Any]]] = {pk: [] for pk in stale}
    for one in differences(accounts, sites):
        told = asdict(one)
        found[one.account_id].append({key: told[key] for key in ("field", "held", "says", "site")})
    rows = [{"account_id": pk, "mark": stale[pk], "drifts": found[pk]} for pk in stale]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [json.dumps(rows)])


def _forget(bound: dict[str, Any]) -> None:
    """Forget accounts that are gone, or that no site which imports feeds any more."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET.format(marks=_MARKS), bound)


def _basis() -> str:
    """What every comparison depends on besides the account and its rows."""
    sites = Site.objects.order_by("pk").values_list("pk", "subdomain", "priority", "accounts_mode")
    mapped = [(one.name, one.kind, one.path) for one in attributes.mapped(fields.ACCOUNT)]
    gone = {site: sorted(some) for site, some in attributes.vanished_paths(fields.ACCOUNT).items()}
    return json.dumps([list(map(list, sites)), sorted(daily_sites()), mapped, sorted(gone.items())])
