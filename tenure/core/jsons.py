"""Rows with a head as a JSON list of objects, written while they are read."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any


def lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A line for each row after the head, which names the values; the brackets around them."""
    source = iter(rows)
    head = [str(name) for name in next(source)]
    before = "[\n"
    for row in source:
        values = dict(zip(head, row, strict=True))
        yield before + json.dumps(values, ensure_ascii=False, default=_plain)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _plain(value: Any) -> Any:
    """Amounts stay exact: they are texts, as everywhere else in our JSON."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)
