"""The database and the plain reference give the same answer to every rule."""

import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from django.db import connection

from tenure.rules.brief import told
from tenure.rules.check import check
from tenure.rules.compile import compiled
from tenure.rules.describe import described
from tenure.rules.document import as_json, from_json
from tenure.rules.evaluate import Verdict, evaluate
from tenure.rules.indexes import Column
from tenure.rules.near import suppositions
from tenure.rules.parse import parse
from tenure.rules.sql import Sql, joined
from tenure.rules.text import text_of
from tenure.rules.tree import Node
from tests.rules.generating import rule
from tests.rules.world import CATALOGUE, CONTEXT, FROM, Row, accounts, store

pytestmark = pytest.mark.django_db

# TENURE_TEST_RULES=100000 tries as many as the promise says; it takes some minutes.
COUNT = int(os.environ.get("TENURE_TEST_RULES", "3000"))
AT_ONCE = 20
# Some attributes stand in a brief too: plain, or as an amount that is not there where it is nothing; and
# since when those with versions are what they are.
BRIEF = """CROSS JOIN LATERAL (SELECT a.seats, f.status, f.renewal, nullif(f.mrr, 0) AS mrr_sort,
    f.mrr IS NOT NULL AS mrr_known, c.*) b"""
_CHANGED = """CROSS JOIN LATERAL (SELECT
    max(v.valid_to) FILTER (WHERE v.status IS DISTINCT FROM f.status) AS status_changed_at,
    max(v.valid_to) FILTER (WHERE v.mrr IS DISTINCT FROM f.mrr) AS mrr_changed_at
    FROM t_version v WHERE v.account_id = a.id) c """
_BRIEFLY: dict[str, dict[str, Any]] = {
    **{name: {"brief": f"b.{name}"} for name in ("seats", "renewal")},
    "status": {"brief": "b.status", "changed": "b.status_changed_at"},
    "mrr": {
        "changed": "b.mrr_changed_at",
        "from_zero": True,
        "brief": "CASE WHEN b.mrr_known THEN coalesce(b.mrr_sort, 0) END",
        "index": Column("b.mrr_sort", or_null=True, known="b.mrr_known"),
    },
}
IN_BRIEF = replace(
    CATALOGUE,
    listed=tuple(replace(one, **_BRIEFLY.get(one.key, {})) for one in CATALOGUE.listed),
)


def answers(rules: list[Node]) -> list[tuple[bool | None, ...]]:
    """For every stored account, in order, what the database says of these rules."""
    asked = joined([compiled(one, CATALOGUE, CONTEXT) for one in rules], ", ")
    whole = Sql("SELECT ") + asked + FROM
    with connection.cursor() as db:
        db.execute(whole.text, whole.values)
        return db.fetchall()


def test_the_database_and_the_reference_agree_on_generated_rules() -> None:
    random = Random(20260310)
    rows = accounts(random, 40)
    store(rows)
    seen: set[bool | None] = set()
    for _ in range(COUNT // AT_ONCE):
        rules = [check(rule(random), CATALOGUE) for _ in range(AT_ONCE)]
        for row, said in zip(rows, answers(rules), strict=True):
            for one, answer in zip(rules, said, strict=True):
                meant = evaluate(one, row, CATALOGUE, CONTEXT).truth
                assert answer == meant, (text_of(one), row)
                seen.add(answer)
    assert seen == {True, False, None}


def test_a_brief_tells_nothing_of_a_rule_that_is_not_so() -> None:
    random = Random(20261126)
    rows = accounts(random, 30)
    store(rows)
    exact, of_change = 0, 0
    for _ in range(1000):
        meant = check(rule(random), IN_BRIEF)
        tells = told(meant, IN_BRIEF, CONTEXT)
        exact += tells.exact
        of_change += "changed_at" in (tells.holds or Sql("")).text
        asked = joined(
            [tells.holds or Sql("NULL::boolean"), tells.fails or Sql("NULL::boolean")], ", "
        )
        with connection.cursor() as db:
            statement = (
                Sql("SELECT ") + asked + FROM.replace("ORDER BY", f"{_CHANGED}{BRIEF} ORDER BY")
            )
            db.execute(statement.text, statement.values)
            said = db.fetchall()
        for row, (holds, fails) in zip(rows, said, strict=True):
            truth = evaluate(meant, row, IN_BRIEF, CONTEXT).truth
            if tells.holds and (tells.exact or truth):
                assert (holds is True) == (truth is True), (text_of(meant), row)
            if tells.fails and (tells.exact or truth is False):
                assert (fails is True) == (truth is False), (text_of(meant), row)
    assert 100 < exact < 750
    assert of_change > 20


def test_text_document_and_tree_say_the_same_of_generated_rules() -> None:
    random = Random(7)
    for _ in range(2000):
        tree = rule(random, depth=4)
        assert parse(text_of(tree)) == tree
        assert from_json(as_json(tree)) == tree
        assert described(check(tree, CATALOGUE), CATALOGUE)


def test_a_supposed_near_miss_flips_membership() -> None:
    """Supposing a condition the other way gives what its flipped verdict gives, and nothing else."""
    random = Random(11)
    rows = accounts(random, 30)
    flipped = 0
    for _ in range(400):
        tree = check(rule(random), CATALOGUE)
        for row in rows:
            verdict = evaluate(tree, row, CATALOGUE, CONTEXT)
            for leaf, yes, no in suppositions(tree):
                held = _verdict_of(verdict, leaf)
                other = no if held.truth is True else yes
                meant = evaluate(other, row, CATALOGUE, CONTEXT).truth
                if verdict.truth is not True and meant is True:
                    flipped += 1
                same = yes if held.truth is True else no
                if held.truth is not None:
                    assert evaluate(same, row, CATALOGUE, CONTEXT).truth == verdict.truth
    assert flipped > 100


def _verdict_of(verdict: Verdict, leaf: Node) -> Verdict:
    """The verdict of a condition; equal conditions of one rule have equal verdicts."""
    if verdict.node == leaf:
        return verdict
    for part in verdict.parts:
        found = _verdict_of(part, leaf)
        if found.node == leaf:
            return found
    return verdict


def test_an_explanation_adds_up_to_its_verdict() -> None:
    random = Random(5)
    for row in accounts(random, 20):
        for _ in range(100):
            tree = check(rule(random), CATALOGUE)
            _re_evaluated(evaluate(tree, row, CATALOGUE, CONTEXT), row)


def _re_evaluated(verdict: Verdict, row: Row) -> None:
    assert evaluate(verdict.node, row, CATALOGUE, CONTEXT).truth == verdict.truth
    for part in verdict.parts:
        _re_evaluated(part, row)
