"""The values an attribute really has, with how many accounts have each: for who writes a rule."""

from dataclasses import dataclass

from django.db import connection

from tenure.rules.catalogue import Attribute, Catalogue, Relation
from tenure.rules.compile import column
from tenure.rules.context import Context
from tenure.rules.operators import Type
from tenure.rules.sql import Sql, bound
from tenure.segments.question import TooCostly, patient, rows

MOST = 20
LOOKED_AT = 20_000  # accounts; of more a sample is looked at, and counts are estimates
PATIENCE_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Value:
    """A value and how many accounts have it; ``about`` when that is an estimate."""

    text: str
    count: int
    about: bool = False


def values_of(
    attribute: Attribute,
    relation: Relation | None,
    begun: str,
    known: Catalogue,
    when: Context,
    *,
    most: int = MOST,
) -> list[Value]:
    """The values that hold what was begun: those that begin with it first, then the most frequent.
    None when the database takes longer over them than somebody who types waits."""
    share = _share()
    each = column(attribute, None, known, when)
    if attribute.type is Type.LIST:
        each = "unnest(" + each + ")"
    source = _of_relation(relation, each, share) if relation else _of_accounts(each, share)
    part = bound(begun.lower(), "text")
    statement = (
        "SELECT v, count(DISTINCT id) FROM ("
        + source
        + ") held WHERE v <> '' AND position("
        + part
        + " IN lower(v)) > 0 GROUP BY v ORDER BY starts_with(lower(v), "
        + part
        + ") DESC, 2 DESC, 1 LIMIT "
        + bound(most, "int")
    )
    try:
        with patient(PATIENCE_SECONDS):
            found = rows(statement)
    except TooCostly:
        return []
    return [Value(text, round(count / share), about=share < 1) for text, count in found]


def _of_accounts(each: Sql, share: float) -> Sql:
    facts = "LEFT JOIN metrics_accountfacts f ON f.account_id = a.id"
    return (
        "SELECT a.id, "
        + each
        + "::text AS v FROM customers_account a "
        + f"{_sampled(share)} {facts} WHERE a.removed_at IS NULL"
    )


def _of_relation(relation: Relation, each: Sql, share: float) -> Sql:
    alias = relation.alias
    condition = f" AND {relation.where}" if relation.where else ""
    return (
        f"SELECT {alias}.account_id AS id, "
        + each
        + f"::text AS v FROM customers_account a {_sampled(share)} JOIN {relation.rows} {alias}"
        + f" ON {alias}.account_id = a.id WHERE a.removed_at IS NULL{condition}"
    )


def _sampled(share: float) -> str:
    # REPEATABLE: the same letters show the same counts.
    return f"TABLESAMPLE SYSTEM ({share * 100:.4f}) REPEATABLE (1)" if share < 1 else ""


def _share() -> float:
    """The part of the accounts that is looked at, by the size the database keeps of the table."""
    with connection.cursor() as db:
        db.execute("SELECT reltuples FROM pg_class WHERE oid = 'customers_account'::regclass")
        size = float(db.fetchone()[0])
    return min(1.0, LOOKED_AT / size) if size > LOOKED_AT else 1.0
