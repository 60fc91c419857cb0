"""A rule asked of a past instant: the database, over versions, agrees with the reference, over what was."""

from datetime import timedelta
from random import Random

import pytest
from django.db import connection

from tenure.rules.catalogue import Catalogue, Relation
from tenure.rules.check import check
from tenure.rules.compile import compiled
from tenure.rules.context import Context
from tenure.rules.evaluate import evaluate
from tenure.rules.sql import Sql, bound, joined
from tenure.rules.text import text_of
from tests.rules.generating import rule
from tests.rules.world import (
    ACCOUNT,
    CATALOGUE,
    INVOICE,
    NOW,
    RATES,
    Row,
    _invoice,
    accounts,
    store,
)

pytestmark = pytest.mark.django_db
THEN = NOW - timedelta(days=7, hours=3)
CONTEXT = Context(THEN, "Pacific/Auckland", "USD", RATES, past=True)
_TIMED = Relation(
    "invoice", "Invoice", "Invoices", "i", "t_invoice", INVOICE, where="i.kept",
    past_rows="t_invoice_time", past_where="(i.removed_at IS NULL OR i.removed_at > {now})",
)  # fmt: skip
TIMED = Catalogue(ACCOUNT, (_TIMED,), CATALOGUE.histories)
SPANS = ((-40, None), (-40, -8), (-40, -7), (-7, None), (-1, None), (-90, -80))
FROM = (
    Sql(" FROM t_account a LEFT JOIN t_version f ON f.account_id = a.id AND f.valid_from <= ")
    + bound(THEN, "timestamptz")
    + " AND f.valid_to > "
    + bound(THEN, "timestamptz")
    + " ORDER BY a.id"
)


def rewound(random: Random, number: int, now: Row) -> Row:
    """The account as it was then, its invoices of then stored beside those of now."""
    there: list[Row] = []
    for place in range(random.choice((0, 1, 3, 5))):
        invoice, (first, last) = _invoice(random), random.choice(SPANS)
        gone = random.choice((None, None, -8, 3))
        start, end = NOW + timedelta(days=first), last and NOW + timedelta(days=last)
        removed = None if gone is None else NOW + timedelta(days=gone)
        _keep(number, place, invoice, start, end, removed)
        known = start <= THEN and (end is None or end > THEN)
        if known and (removed is None or removed > THEN):
            there.append(invoice)
    figures = next((row for start, end, row in now.past if start <= THEN and (end is None or end > THEN)), None)  # fmt: skip
    held = figures or Row({"status": None, "renewal": None, "unknown": True})
    own = {name: value for name, value in now.values.items() if name != "unknown"}
    return Row(own | held.values, held.money, there, now.past)


def _keep(number: int, place: int, one: Row, *times: object) -> None:
    values = one.values
    with connection.cursor() as db:
        db.execute(
            "INSERT INTO t_invoice_time VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(place, number, values["state"], one.money.get(values["currency"])),
                *(values["currency"], values["due"], values["number"], values["lines"], *times),
            ],
        )


def test_the_database_and_the_reference_agree_about_the_past() -> None:
    random = Random(20260401)
    rows = accounts(random, 30)
    store(rows)
    with connection.cursor() as db:
        db.execute(
            "CREATE TEMP TABLE t_invoice_time (id bigint, account_id bigint, state text,"
            " balance numeric, currency text, due date, number text, lines numeric,"
            " valid_from timestamptz, valid_to timestamptz, removed_at timestamptz) ON COMMIT DROP"
        )
    past = [rewound(random, number, row) for number, row in enumerate(rows)]
    seen: set[bool | None] = set()
    for _ in range(40):
        rules = [check(rule(random), TIMED) for _ in range(20)]
        asked = joined([compiled(one, TIMED, CONTEXT) for one in rules], ", ")
        whole = Sql("SELECT ") + asked + FROM
        with connection.cursor() as db:
            db.execute(whole.text, whole.values)
            answers = db.fetchall()
        for row, said in zip(past, answers, strict=True):
            for one, answer in zip(rules, said, strict=True):
                assert answer == evaluate(one, row, TIMED, CONTEXT).truth, (text_of(one), row)
                seen.add(answer)
    assert seen == {True, False, None}
