"""Stored accounts as the plain evaluator sees them: values read through the catalogue's columns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

from tenure.rules.catalogue import Attribute, Catalogue, Relation
from tenure.rules.compile import PAST, column
from tenure.rules.context import Context
from tenure.rules.sql import Sql, joined
from tenure.rules.sql import ids as listed
from tenure.rules.subject import Version
from tenure.rules.tree import Aggregate, Condition, Name, Node, Quantified, inner
from tenure.segments.question import Question, rows

AT_ONCE = 100
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


class Together:
    """Accounts of which the same is asked. What a rule looks at is read for all of them at once, when it
    is first asked for: one statement for an attribute, however many accounts there are."""

    def __init__(self, account_ids: Iterable[int], asked: Question) -> None:
        self.ids, self.asked = list(account_ids), asked
        self.values = cache(self._read_values)
        self.rows = cache(self._read_rows)
        self.versions = cache(self._read_versions)

    @property
    def _catalogue(self) -> Catalogue:
        return self.asked.catalogue

    @property
    def _context(self) -> Context:
        return self.asked.context

    @property
    def _theirs(self) -> Sql:
        return "a.id = ANY(" + listed(self.ids) + ")"

    def _read_values(self, attribute: Attribute, currency: str | None) -> dict[int, Any]:
        value = column(attribute, currency, self._catalogue, self._context)
        return dict(
            rows(
                "SELECT a.id, "
                + value
                + " FROM customers_account a LEFT JOIN metrics_accountfacts f"
                + " ON f.account_id = a.id WHERE "
                + self._theirs
            )
        )

    def _read_versions(
        self, attribute: Attribute, currency: str | None
    ) -> dict[int, list[Version]]:
        history = self._catalogue.histories[attribute.history]
        held = replace(attribute, column=attribute.past) if attribute.past else attribute
        value = column(held, currency, self._catalogue, self._context, **{history.alias: PAST})
        found = rows(
            f"SELECT a.id, {PAST}.valid_from, nullif({PAST}.valid_to, 'infinity'), "
            + value
            + f" FROM {history.rows} {PAST} JOIN customers_account a ON a.id = {PAST}.account_id"
            + " WHERE "
            + self._theirs
            + " ORDER BY 1, 2"
        )
        return _grouped((account, Version(*seen)) for account, *seen in found)

    def _read_rows(self, key: str) -> dict[int, list[StoredRow]]:
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
            "SELECT a.id, r.* FROM customers_account a CROSS JOIN LATERAL (SELECT "
            + listed
            + f" FROM {relation.rows} {alias} WHERE {alias}.account_id = a.id"
            + f"{where} ORDER BY {alias}.id LIMIT {MOST_ROWS}) r WHERE "
            + self._theirs
            + " ORDER BY 1, 2"
        )
        names = [(name.text, name.currency) for name in wanted]
        return _grouped(
            (account, StoredRow(str(named), dict(zip(names, seen, strict=True)), row))
            for account, row, named, *seen in found
        )


class StoredAccount:
    """One account by id; ``together`` with others, or alone."""

    def __init__(self, account_id: int, asked: Question, together: Together | None = None) -> None:
        self.account_id = account_id
        self.all = together or Together([account_id], asked)

    def value(self, attribute: Attribute, currency: str | None) -> Any:
        return self.all.values(attribute, currency).get(self.account_id)

    def rows(self, relation: Relation) -> Sequence[StoredRow]:
        return self.all.rows(relation.key).get(self.account_id, [])

    def evidence(self) -> str:
        return str(self.account_id)

    def versions(self, attribute: Attribute, currency: str | None) -> Sequence[Version]:
        return self.all.versions(attribute, currency).get(self.account_id, [])


def stored(account_ids: Iterable[int], asked: Question) -> Iterator[StoredAccount]:
    """Many accounts, read some at a time."""
    ids = list(account_ids)
    for start in range(0, len(ids), AT_ONCE):
        together = Together(ids[start : start + AT_ONCE], asked)
        yield from (StoredAccount(one, asked, together) for one in together.ids)


_Held = TypeVar("_Held")


def _grouped(pairs: Iterable[tuple[int, _Held]]) -> dict[int, list[_Held]]:
    found: dict[int, list[_Held]] = {}
    for account, one in pairs:
        found.setdefault(account, []).append(one)
    return found


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
