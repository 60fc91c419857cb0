"""What the reference evaluator asks about one account or one related row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tenure.rules.catalogue import Attribute, Relation


@dataclass(frozen=True, slots=True)
class Version:
    """A value that held from ``start`` up to but not including ``end``; None is still holding."""

    start: datetime
    end: datetime | None
    value: Any


class Subject(Protocol):
    """An account or a related row as plain values: text, Decimal, date, bool, list of texts, or None
    for what is not known. Money is already in the currency asked for."""

    def value(self, attribute: Attribute, currency: str | None) -> Any:
        """The value now."""

    def rows(self, relation: Relation) -> "Sequence[Subject]":
        """The related rows, in a steady order."""

    def versions(self, attribute: Attribute, currency: str | None) -> Sequence[Version]:
        """Every value so far, oldest first, the present one last."""

    def evidence(self) -> str:
        """A row as people name it: an invoice's number."""
