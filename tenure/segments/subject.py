"""One stored account as the plain evaluator sees it: values read through the catalogue's columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tenure.rules.catalogue import Attribute, Catalogue, Relation
from tenure.rules.compile import PAST, column
from tenure.rules.context import Context
from tenure.rules.sql import Sql, joined
from tenure.rules.subject import Version
from tenure.rules.tree import Aggregate, Condition, Name, Node, Quantified, inner
from tenure.segments.question import Question, rows

MOST_ROWS = 10_000  # of one relation of one account; more are not looked at one by one


@dataclass(frozen=True)
class StoredRow:
    """A related row with the values the rule asks for."""

    named: str
    values: dict[tuple[str, str | None], Any]
    key: int

    def value(self, attribute: Attribute, currency: str | None) -> Any:
        return self.values[attribute.key, currency]

    def rows(self, _relation: Relation) -> "Sequence[StoredRow]":
        return ()

    def versions(self, _attribute: Attribute, _currency: str | None) -> Sequence[Version]:
        return ()

    def evidence(self) -> str:
        return self.named


class StoredAccount:
    """An account by id. Values are read when they are asked for, once each."""

    def __init__(self, account_id: int, asked: Question) -> None:
        self.account_id, self.asked = account_id, asked
        self._value = cache(self._read_value)
        self._rows = cache(self._read_rows)

    def value(self, attribute: Attribute, currency: str | None) -> Any:
        return self._value(attribute, currency)

    def rows(self, relation: Relation) -> Sequence[StoredRow]:
        return self._rows(relation.key)

    def evidence(self) -> str:
        return str(self.account_id)

    def versions(self, attribute: Attribute, currency: str | None) -> Sequence[Version]:
        history = self._catalogue.histories[attribute.history]
        value = column(attribute, currency, self._catalogue, self._context, **{history.alias: PAST})
        found = rows(
            f"SELECT {PAST}.valid_from, nullif({PAST}.valid_to, 'infinity'), "
            + value
            + f" FROM {history.rows} {PAST} JOIN customers_account a ON a.id = {PAST}.account_id"
            + f" WHERE a.id = {int(self.account_id)} ORDER BY 1"
        )
        return [Version(*row) for row in found]

    @property
    def _catalogue(self) -> Catalogue:
        return self.asked.catalogue

    @property
    def _context(self) -> Context:
        return self.asked.context

    def _read_value(self, attribute: Attribute, currency: str | None) -> Any:
        value = column(attribute, currency, self._catalogue, self._context)
        found = rows(
            "SELECT "
            + value
            + " FROM customers_account a LEFT JOIN metrics_accountfacts f ON f.account_id = a.id"
            + f" WHERE a.id = {int(self.account_id)}"
        )
        return found[0][0] if found else None

    def _read_rows(self, key: str) -> Sequence[StoredRow]:
        relation = self._catalogue.relations[key]
        wanted = sorted(set(_named(self.asked.meant, key)), key=str)
        scope, alias = relation.scope, relation.alias
        values = [
            column(scope.attributes[name.text], name.currency, self._catalogue, self._context)
            for name in wanted
        ]
        listed = joined([Sql(f"{alias}.id"), Sql(relation.evidence), *values], ", ")
        where = f" AND {relation.where}" if relation.where else ""
        found = rows(
            "SELECT "
            + listed
            + f" FROM {relation.rows} {alias} WHERE {alias}.account_id = {int(self.account_id)}"
            + f"{where} ORDER BY {alias}.id LIMIT {MOST_ROWS}"
        )
        names = [(name.text, name.currency) for name in wanted]
        return [
            StoredRow(str(named), dict(zip(names, seen, strict=True)), row)
            for row, named, *seen in found
        ]


def _named(node: Node, relation: str) -> Iterator[Name]:
    """What the rule asks of the rows of one relation."""
    if isinstance(node, Quantified | Aggregate) and node.relation == relation:
        if isinstance(node, Aggregate) and node.name is not None:
            yield node.name
        if node.where is not None:
            yield from _conditions(node.where)
    for part in inner(node):
        yield from _named(part, relation)


def _conditions(node: Node) -> Iterator[Name]:
    if isinstance(node, Condition):
        yield node.name
    for part in inner(node):
        yield from _conditions(part)
