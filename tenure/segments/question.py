"""A rule made ready to be asked of this workspace: read, checked, put into words and into SQL."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection

from tenure.metrics.asking import ACCOUNTS, PATIENCE_SECONDS, TooCostly, patient
from tenure.rules.brief import Told, told
from tenure.rules.catalogue import Catalogue
from tenure.rules.check import check
from tenure.rules.compile import compiled
from tenure.rules.context import Context
from tenure.rules.describe import described
from tenure.rules.narrow import is_exact, narrowed
from tenure.rules.parse import parse
from tenure.rules.sql import Sql, Where, bound, joined, together
from tenure.rules.text import text_of
from tenure.rules.tree import EVERYTHING, Group, Node
from tenure.segments.catalogue import catalogue, context
from tenure.segments.spelling import spelt

__all__ = ["ACCOUNTS", "PATIENCE_SECONDS", "Question", "TooCostly", "patient", "question", "rows"]


@dataclass(frozen=True)
class Question:
    """``tree`` is the rule as written, ``meant`` what it says once checked."""

    tree: Node
    meant: Node
    catalogue: Catalogue
    context: Context

    @cached_property
    def text(self) -> str:
        """The rule in its one way of writing."""
        return text_of(self.tree)

    @cached_property
    def words(self) -> str:
        """The rule in plain words."""
        return described(self.meant, self.catalogue)

    @cached_property
    def sql(self) -> Sql:
        """The rule as a condition on ``a`` and ``f``."""
        return self.sql_of(self.meant)

    @property
    def where(self) -> Sql | None:
        """The condition for a list; None when every account is meant."""
        if self.meant == EVERYTHING:
            return None
        if self.context.past:
            return self._then()
        parts = [(part, told(part, self.catalogue, self.context)) for part in self._parts]
        light = [narrowed(part, self.catalogue, self.context, light=True) for part, _ in parts]
        besides = [self.sql_of(part) for part, brief in parts if not brief.exact]
        return Where(
            self.sql.text,
            self.sql.values,
            brief=together(brief.holds for _, brief in parts),
            rest=together(besides),
            whole=together(self._gathered(part, brief) for part, brief in parts),
            full=narrowed(self.meant, self.catalogue, self.context),
            apart=tuple(one for one in light if one),
        )

    @property
    def _parts(self) -> tuple[Node, ...]:
        """What must hold, each."""
        meant = self.meant
        return meant.parts if isinstance(meant, Group) and meant.joint == "and" else (meant,)

    def _gathered(self, part: Node, brief: Told) -> Sql:
        """A part as it is best asked of all accounts together."""
        beside = narrowed(part, self.catalogue, self.context, either=True)
        if brief.holds and brief.exact:
            new = beside and beside.text not in brief.holds.text
            return brief.holds + " AND " + beside if new and beside else brief.holds
        if beside and is_exact(part, self.catalogue, self.context):
            return beside
        told = [one for one in (brief.holds, beside) if one]
        return joined(["(" + self.sql_of(part) + ")", *told], " AND ")

    def _then(self) -> Sql:
        """The rule of a past instant as a condition on ``a`` alone: its figures are those of then,
        whatever the list has for ``f``."""
        at = bound(self.context.now, "timestamptz")
        past = self.catalogue.histories["figures"]
        return (
            f"a.id IN (SELECT a.id FROM customers_account a LEFT JOIN {past.rows} {past.alias}"
            f" ON {past.alias}.account_id = a.id AND {past.alias}.valid_from <= "
            + at
            + f" AND {past.alias}.valid_to > "
            + at
            + " WHERE ("
            + self.sql
            + "))"
        )

    def sql_of(self, node: Node) -> Sql:
        """Another checked tree in the same context."""
        return compiled(node, self.catalogue, self.context)


def question(
    rule: str | Node,
    now: datetime,
    *,
    known: Catalogue | None = None,
    when: Context | None = None,
) -> Question:
    """The rule, ready to be asked at ``now``. Raises RuleRefused, for a segment that is not there too.

    ``known`` and ``when`` spare reading them again for each of many rules.
    """
    tree = spelt(parse(rule) if isinstance(rule, str) else rule)
    found = known or catalogue()
    return Question(tree, check(tree, found), found, when or context(now))


def rows(statement: Sql) -> list[tuple[Any, ...]]:
    """Every row of a statement."""
    with connection.cursor() as db:
        db.execute(statement.text, statement.values)
        return list(db.fetchall())
