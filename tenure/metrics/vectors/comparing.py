"""Holding an answer against what a worked example expects."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from tenure.core.errors import ConfigurationError
from tenure.metrics.amounts import rounded
from tenure.metrics.inputs import Settings
from tenure.metrics.vectors.documents import settings_of, with_instants

Document = Mapping[str, Any]
Answer = Callable[[Document, datetime, Settings], Document]
Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is not as expected: ``field`` says where in the answer it stands, ``path`` which
    way of computing it was tried."""

    vector: str
    field: str
    expected: Any
    got: Any
    path: str = "pure"

    def __str__(self) -> str:
        return ", ".join(
            (self.vector, self.field, shown(self.expected), shown(self.got), self.path)
        )


def differences(vector: Document, answers: Answers, path: str = "pure") -> list[Difference]:
    """What these answers say otherwise than the example. Raises ConfigurationError for a function
    that is not known."""
    answer = answers.get(vector["fn"])
    if answer is None:
        raise ConfigurationError(
            f"{vector['id']}: there is no function “{vector['fn']}”.",
            next_step=f"Known are {', '.join(sorted(answers))}.",
        )
    as_of = datetime.fromisoformat(vector["as_of"])
    as_of = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    # Past MRR is told by days, and a bare day is one of the workspace.
    given = vector["input"] if vector["fn"] == "mrr_history" else with_instants(vector["input"])
    got = answer(given, as_of, settings_of(vector.get("settings") or {}))
    expected = dict(vector["expected"])
    if vector["fn"] == "subscription_mrr":
        expected.setdefault("flags", [])
    return [
        Difference(vector["id"], field, want, _named(field, have, got), path)
        for field, want, have in _compare(expected, got, "")
    ]


def _named(field: str, have: Any, got: Document) -> Any:
    """What there is instead; of a figure that no answer has, a sentence that says so."""
    if have is not None or field in got or "." in field or not field.islower():
        return have
    return f"There is no figure “{field}”. Known are {', '.join(sorted(map(str, got)))}."


def shown(value: Any) -> str:
    """A value as JSON; exact numbers as their text, sets in order."""
    return json.dumps(_plain(value), ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, Fraction):
        return f"{rounded(value, 9).normalize():f}"
    return f"{value:f}" if isinstance(value, Decimal) else value


def _compare(expected: Any, got: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    """Where the two differ: numbers by value, sets and lists of words whatever their order. A single
    amount may be expected where there is one currency."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping) and (expected or not got):
        for key, value in expected.items():
            yield from _compare(value, got.get(key), f"{where}.{key}".lstrip("."))
    elif isinstance(got, Mapping) and len(got) == 1 and not isinstance(expected, Mapping):
        yield from _compare(expected, next(iter(got.values())), where)
    elif not _same(expected, got):
        yield where, expected, got


def _same(expected: Any, got: Any) -> bool:
    if isinstance(got, set | frozenset | list | tuple):
        return isinstance(expected, list) and sorted(map(str, expected)) == sorted(map(str, got))
    if isinstance(got, date) and isinstance(expected, str):
        return got.isoformat()[:10] == expected[:10]
    if isinstance(got, Decimal | Fraction) and not isinstance(expected, bool | None):
        return _same_number(str(expected), got)
    return bool(expected == got)


def _same_number(expected: str, got: Decimal | Fraction) -> bool:
    """Whether a number, rounded to the decimals that are expected, is what is expected."""
    try:
        wanted = Decimal(expected)
    except InvalidOperation:
        return False
    if not wanted.is_finite():
        return False
    return rounded(got, max(0, -int(wanted.as_tuple().exponent))) == wanted
