"""So many rows of the account list in one of its orders, and those of them that fit a condition."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.apps import apps
from django.db import connection

from tenure.metrics.keyset import EVERY, LIVE, NOW, Condition, beyond, by, part_of, searched
from tenure.metrics.paging import ACCOUNT, BRIEF, Order, Place
from tenure.rules.sql import Sql, Where, all_of, joined

TRUE = Sql("TRUE")
_OF_ACCOUNT = re.compile(r"\ba\.[a-z_]+")
_COLUMNS = re.compile(r"\b[abfo]\.[a-z_]+")


@dataclass(frozen=True, slots=True)
class Ways:
    """One condition on accounts as it is best asked of rows that are walked, and of all together.
    ``brief`` and ``rest`` are all of it for one row at a time: what the brief tells, and what must be
    asked besides. ``gathered`` is all of it for all rows together; ``led`` what of it an index leads
    to. ``apart`` is what each must meet and one column alone tells."""

    brief: Sql
    rest: Sql
    gathered: Sql
    led: Sql
    apart: Sequence[Sql] = ()

    @property
    def test(self) -> Sql:
        """All of it for one row."""
        return joined([self.brief, self.rest], " AND ")

    @property
    def is_told(self) -> bool:
        """Whether nothing beside the brief need be read."""
        return self.rest == TRUE


def ways_of(search: str, where: Sql | None) -> Ways:
    """The ways to ask for the accounts of now that match a search and a rule."""
    words, values = searched(search)
    sought = [Sql(words, tuple(values))] if values else []
    if where is None:
        every = joined([TRUE, *sought], " AND ")
        return Ways(TRUE, every, every, every)
    if not isinstance(where, Where):
        where = Where(where.text, where.values, rest=where)
    brief = [where.brief] if where.brief else []
    # The rest as one test of a row, whose parts the planner does not take for a reason to go another way.
    rest = ["(" + where.rest + ") IS TRUE"] if where.rest else []
    # What leads to all who fit: an index of something else than the brief, if there is one.
    led = [*brief, where.full] if where.full else brief or [where]
    return Ways(
        brief=where.brief or TRUE,
        rest=joined([*rest, *sought], " AND ") if rest or sought else TRUE,
        gathered=joined(
            [TRUE, "(" + (where.whole or all_of([*brief, where])) + ")", *sought], " AND "
        ),
        led=joined([TRUE, *led, *sought], " AND "),
        apart=where.apart,
    )


def by_brief(condition: Sql) -> Sql:
    """The same of rows of briefs: where nothing but the account's id is asked of the account itself, it
    stands in the brief too, and the account need not be read."""
    if f"{ACCOUNT} a" in condition.text or set(_OF_ACCOUNT.findall(condition.text)) != {"a.id"}:
        return condition
    return Sql(re.sub(r"\ba\.id\b", "b.account_id", condition.text), condition.values)


def strode(
    order: Order, phase: int, place: Place | None, ways: Ways, rows: int, wanted: int
) -> tuple[list[Place], Place | None]:
    """What fits of so many rows of a part, and where one stands after them; None beyond its last, and
    where the page is full before. Both are asked at once, so that no change comes in between."""
    fits, values = stride(order, phase, place, ways, rows)
    _, key, value, _ = part_of(order, phase)
    alone, alone_values = _alone(order, phase, place, ways)
    statement = f"""
        WITH found AS MATERIALIZED ({fits} LIMIT %s)
        SELECT found.*, FALSE FROM found UNION ALL
        SELECT last.*, TRUE FROM (SELECT {key}, {value} FROM {alone} OFFSET %s LIMIT 1) last
        WHERE (SELECT count(*) FROM found) < %s
    """  # noqa: S608
    with connection.cursor() as db:
        db.execute(statement, [*values, wanted, *alone_values, rows - 1, wanted])
        answers = db.fetchall()
    backwards = bool(place and place.backwards)
    ends = [Place(phase, at, pk, backwards) for pk, at, is_end in answers if is_end]
    found = [Place(phase, at, pk) for pk, at, is_end in answers if not is_end]
    return found, ends[0] if ends else None


def stride(order: Order, phase: int, place: Place | None, ways: Ways, rows: int) -> Condition:
    """The statement of so many rows of a part and those of them that fit: they are read in their
    order, whatever the planner thinks of the condition, and looked at one after the other."""
    source, key, value, _ = part_of(order, phase)
    alone, values = _alone(order, phase, place, ways)
    table, alias = order.table, _alias(order)
    first = table == BRIEF or not (ways.is_told or ways.brief == TRUE)
    test = ways.rest if first else ways.test
    test = by_brief(test) if table == BRIEF else test
    columns = {key, *([value] if phase == 0 else ()), *_columns(table, alias, ways.test.text)}
    inner = f"(SELECT {', '.join(sorted(columns))} FROM {alone} LIMIT %s) {alias}"  # noqa: S608
    values = [*values, rows]
    sort = by(order, phase, place)
    if first:  # by itself, so that what follows counts for what is left; in order as it is
        told = ways.brief.text
        if table != BRIEF:
            told = f"EXISTS (SELECT 1 FROM {BRIEF} b WHERE b.account_id = a.id AND {told})"  # noqa: S608
        inner = f"(SELECT * FROM {inner} WHERE {told} ORDER BY {sort} OFFSET 0) {alias}"  # noqa: S608
        values += ways.brief.values
    statement = (
        f"SELECT {key}, {value} FROM {source.replace(f'{table} {alias}', inner, 1)}"  # noqa: S608
        f" WHERE {test.text} ORDER BY {sort}"
    )
    return statement, [*values, *test.values]


def _alone(order: Order, phase: int, place: Place | None, ways: Ways) -> Condition:
    """The rows of a part in their order, of one table. Those are left out and not counted that the
    order's own column tells do not fit."""
    _, _, _, condition = part_of(order, phase)
    live = NOW if order.table == ACCOUNT else LIVE
    own = _own(order, ways) if phase < 2 else []
    told = joined([live, Sql(condition), *own], " AND ")
    within, values = beyond(order, phase, place, told.text, told.values)
    return (
        f"{order.table} {_alias(order)} WHERE {within} ORDER BY {by(order, phase, place)}",
        values,
    )


def _own(order: Order, ways: Ways) -> list[Sql]:
    """What each account must meet that the order's own column tells."""
    column = {f"{_alias(order)}.{order.column}"}
    return [one for one in ways.apart if set(_COLUMNS.findall(one.text)) == column]


def _alias(order: Order) -> str:
    return "b" if order.table == BRIEF else "a"


def _columns(table: str, alias: str, condition: str) -> set[str]:
    """What a condition asks of a table, so that nothing else of its rows is read."""
    named = re.findall(rf"\b{alias}\.([a-z_0-9]+)", condition)
    return {f"{alias}.{name}" for name in named if name in _known(table)}


@lru_cache(maxsize=10)
def _known(table: str) -> frozenset[str]:
    models = [one for one in apps.get_models() if one._meta.db_table == table]
    fields = [field for one in models for field in one._meta.concrete_fields]
    return frozenset(field.column for field in fields if field.column)


def everyone(order: Order, condition: Sql) -> Condition:
    """The statement of all accounts that meet a condition, each with its place in the order."""
    value, part = f"a.{order.column}", "0"
    if order.table == BRIEF:
        known = order.known.format("b") or "TRUE"
        value = f"CASE WHEN {known} THEN b.{order.column} END"
        part = f"CASE WHEN NOT b.measured THEN 2 WHEN {value} IS NULL THEN 1 ELSE 0 END"
    told = joined([LIVE, by_brief(condition)], " AND ")
    return (
        f"SELECT b.account_id AS id, {value} AS v, {part} AS part FROM {EVERY} WHERE {told.text}",  # noqa: S608
        [*told.values],
    )
