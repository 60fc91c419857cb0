"""Counting one candidate in a few statements over whole tables, exactly."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db.backends.utils import CursorWrapper

from tenure.identity.report import forms
from tenure.identity.report.figures import CONTACT, Collision, Figures
from tenure.identity.report.gathering import Gathered, gathered
from tenure.identity.report.nearness import EXAMPLES, near, same
from tenure.identity.report.places import Place
from tenure.identity.report.shapes import LOOKED_AT, look_of

SAMPLES, COMPARED = 5, 1000
# Values that more records than this say, each on average, name no customer: comparing is idle.
FEW_RECORDS = 20
_BILLING = "customers_billingaccount"


@dataclass(frozen=True, slots=True)
class Basis:
    """What figures are held against: the records of the field's object, and all billing accounts."""

    records: int
    billing_accounts: int


def count(cursor: CursorWrapper, place: Place, sites: Mapping[int, str], basis: Basis) -> Figures:
    """The figures of one candidate. Runs in the caller's transaction and leaves nothing behind."""
    with gathered(cursor, place) as values:
        found = _totals(values, basis)
        if not found.filled:
            return found
        compared, agreeing = _agreement(values, found)
        return replace(
            found,
            compared=compared,
            agreeing=agreeing,
            near=near(values),
            same=same(values),
            collisions=_collisions(values, found, sites),
            samples=_samples(values),
            look=look_of(_looked_at(values)),
        )


def _totals(values: Gathered, basis: Basis) -> Figures:
    own = values.place.is_own
    ambiguous, collides = values.ambiguous, values.collides
    filled, distinct, shared, shared_records, open_, in_site, claims, groups, colliding = (
        values.one(
            "SELECT sum(n), count(*), count(*) FILTER (WHERE s1 <> s2), sum(n) FILTER (WHERE s1 <> s2),"
            f" count(*) FILTER (WHERE {ambiguous}),"
            f" sum(CASE WHEN s1 = s2 THEN 1 ELSE 2 END) FILTER (WHERE NOT {ambiguous}),"
            f" sum(CASE WHEN s1 <> s2 OR {collides} THEN 2 ELSE 1 END) FILTER (WHERE NOT {ambiguous}),"
            f" count(*) FILTER (WHERE {collides}), sum(n) FILTER (WHERE {collides}) FROM report_told"
        )
    )
    several, covered = (_several_of_accounts(values), filled) if own else _coverage(values)
    if open_:
        pairs, payers, more, most = _split(values)
        in_site, claims, groups, colliding = (
            in_site + pairs,
            claims + payers,
            groups + more,
            colliding + most,
        )
    return Figures(
        records=basis.records,
        filled=filled,
        too_long=values.too_long,
        distinct=distinct,
        in_site=in_site,
        claims=filled if own else claims,
        collision_groups=groups,
        collision_records=colliding,
        shared=shared,
        shared_records=shared_records,
        several=several,
        covered=covered,
        billing_accounts=basis.billing_accounts,
    )


def _split(values: Gathered) -> tuple[int, ...]:
    """Values that several may say, by site: how many pairs, how many payers in all, and of the pairs
    with more than one payer their number and payers."""
    if values.place.is_own:
        said = f"{values.read} r JOIN report_told t USING (v) WHERE {values.ambiguous}"
        once = f"SELECT r.v, r.site, count(*) AS payers FROM {said} GROUP BY 1, 2"
    else:
        # Whoever says one value says it once; only those with several are read again.
        said = f"{values.read} r JOIN report_payer p USING (payer) WHERE p.v1 <> p.v2"
        pairs = (
            "SELECT v1 AS v, p.site, count(*) AS payers FROM report_payer p JOIN open ON open.v = v1"
            " WHERE v1 = v2 GROUP BY 1, 2 UNION ALL SELECT v, site, count(*) FROM"
            f" (SELECT r.v, r.site, r.payer FROM {said} AND r.v IN (SELECT v FROM open) GROUP BY 1, 2, 3) s"
            " GROUP BY 1, 2"
        )
        once = (
            f"WITH open AS MATERIALIZED (SELECT v FROM report_told WHERE {values.ambiguous})"
            f" SELECT v, site, sum(payers)::int AS payers FROM ({pairs}) s GROUP BY 1, 2"
        )
    values.cursor.execute(f"CREATE TEMP TABLE report_split AS {once}", {"name": values.place.name})
    return values.one(
        "SELECT count(*), sum(payers), count(*) FILTER (WHERE payers > 1), sum(payers) FILTER (WHERE payers > 1)"
        " FROM report_split"
    )


def _coverage(values: Gathered) -> tuple[int, ...]:
    """Of the billing accounts that are here: how many have several values, and how many any."""
    values.cursor.execute(
        "CREATE TEMP TABLE report_payer AS SELECT payer, min(site) AS site, min(v) AS v1, max(v) AS v2"
        f" FROM {values.read} r GROUP BY payer",
        {"name": values.place.name},
    )
    return values.one(
        "SELECT count(*) FILTER (WHERE v1 <> v2), count(*) FROM report_payer WHERE payer > 0"
    )


def _several_of_accounts(values: Gathered) -> int:
    """Accounts there are already whose billing accounts say different things."""
    return values.one(
        f"WITH several AS MATERIALIZED (SELECT account_id FROM {_BILLING}"
        " WHERE account_id IS NOT NULL AND removed_at IS NULL GROUP BY account_id HAVING count(*) > 1)"
        f" SELECT count(*) FROM (SELECT b.account_id FROM several JOIN {_BILLING} b USING (account_id)"
        f" JOIN {values.read} r ON r.id = b.id GROUP BY b.account_id HAVING min(r.v) <> max(r.v)) g"
    )[0]


def _agreement(values: Gathered, found: Figures) -> tuple[int, ...]:
    """Of some values that several sites share: for how many the billing accounts behind them say what
    they are called, and for how many of these they say the same company or e-mail everywhere."""
    is_idle = found.shared_records > FEW_RECORDS * found.shared
    if not found.shared or is_idle or values.place.object_kind == CONTACT:
        return 0, 0
    field = values.place.field
    company = "NULL::text" if field == "account.company" else "lower(nullif(btrim(b.company), ''))"
    email = "NULL::text" if field == "account.email" else "lower(nullif(btrim(b.email), ''))"
    _find_behind(values)
    return values.one(
        # By an array, so that few are looked up rather than all read.
        f"WITH named AS (SELECT * FROM {_BILLING} WHERE id = ANY(ARRAY(SELECT payer FROM report_behind))),"
        f" called AS (SELECT h.v, b.site_id, min({company}) AS c1, max({company}) AS c2, min({email}) AS e1, max({email}) AS e2"
        " FROM report_behind h JOIN named b ON b.id = h.payer GROUP BY 1, 2),"
        " judged AS (SELECT count(c1) > 1 OR count(e1) > 1 AS known,"
        " (count(c1) > 1 AND min(c1) = max(c2)) OR (count(e1) > 1 AND min(e1) = max(e2)) AS agree"
        " FROM called GROUP BY v)"
        " SELECT count(*) FILTER (WHERE known), count(*) FILTER (WHERE agree) FROM judged"
    )


def _find_behind(values: Gathered) -> None:
    """Who says some of the values that several sites share. Of a value with two records the row tells
    both; only for others all records are read again."""
    values.cursor.execute(
        "CREATE TEMP TABLE report_picked AS SELECT v, n, p1, p2 FROM report_told WHERE s1 <> s2"
        f" ORDER BY hashtext(v), v LIMIT {COMPARED}"
    )
    values.cursor.execute(
        "CREATE TEMP TABLE report_behind AS SELECT v, p1 AS payer FROM report_picked WHERE n = 2"
        " UNION ALL SELECT v, p2 FROM report_picked WHERE n = 2"
    )
    (many,) = values.one("SELECT count(*) FROM report_picked WHERE n > 2")
    if many:
        values.cursor.execute(
            f"INSERT INTO report_behind SELECT DISTINCT r.v, r.payer FROM {values.read} r"
            " JOIN (SELECT v FROM report_picked WHERE n > 2) p USING (v)",
            {"name": values.place.name},
        )


def _collisions(
    values: Gathered, found: Figures, sites: Mapping[int, str]
) -> tuple[Collision, ...]:
    """Some of the values that several billing accounts of one site say, the most contested first."""
    if not found.collision_groups:
        return ()
    parts = [f"SELECT v, s1 AS site, n AS payers FROM report_told WHERE {values.collides}"]
    values.cursor.execute("SELECT to_regclass('pg_temp.report_split') IS NOT NULL")
    if values.cursor.fetchone()[0]:
        parts.append("SELECT v, site, payers FROM report_split WHERE payers > 1")
    rows = values.rows(
        f"{' UNION ALL '.join(parts)} ORDER BY payers DESC, v, site LIMIT {EXAMPLES}"
    )
    return tuple(
        Collision(str(v), sites.get(int(str(site)), ""), int(str(payers)))
        for v, site, payers in rows
    )


def _samples(values: Gathered) -> tuple[str, ...]:
    """The first values by the age of their records here."""
    rows = values.rows(
        f"SELECT raw FROM {values.place.gathered} r WHERE raw <> '' ORDER BY id LIMIT {SAMPLES * 10}"
    )
    read = (forms.identifier(str(raw)) for (raw,) in rows)
    return tuple(dict.fromkeys(value for value in read if value))[:SAMPLES]


def _looked_at(values: Gathered) -> list[str]:
    """Some values, the same at every count."""
    return [
        str(v)
        for (v,) in values.rows(
            f"SELECT v FROM report_told ORDER BY hashtext(v), v LIMIT {LOOKED_AT}"
        )
    ]
