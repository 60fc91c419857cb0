"""What the planner foresees of a statement, without running it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

UNIT_MS = 0.002  # what the planner's own unit of cost takes, roughly
# What an index is read by that makes it no narrower: where its values are known, and where a page begins.
_WHOLE = re.compile(r"\w+ IS NOT NULL|ROW\([^()]*\) [<>] ROW\([^()]*\)|\bAND\b|[()\s]")


@dataclass(frozen=True, slots=True)
class Planned:
    """How many rows are expected, in how many milliseconds, and the plan itself."""

    rows: float
    milliseconds: float
    plan: Mapping[str, Any]

    @property
    def is_led(self) -> bool:
        """Whether an index leads to the rows by what is asked for."""
        return any(narrows(node) for node in _nodes(self.plan))

    @property
    def sorted(self) -> float:
        """How many rows it sorts."""
        sorts = (node for node in _nodes(self.plan) if node.get("Node Type") == "Sort")
        return max((float(node["Plan Rows"]) for node in sorts), default=0)

    @property
    def indexes(self) -> set[str]:
        """The indexes it reads."""
        return {node["Index Name"] for node in _nodes(self.plan) if "Index Name" in node}


def narrows(node: Mapping[str, Any]) -> bool:
    """Whether a part of a plan reads less of an index than what comes after a row of its order."""
    return bool(_WHOLE.sub("", node.get("Index Cond", "")))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def planned(statement: str, values: Mapping[str, Any] | Sequence[Any]) -> Planned:
    """The plan of a statement with these values."""
    with connection.cursor() as db:
        db.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        said = db.fetchone()[0]
    plan = (json.loads(said) if isinstance(said, str) else said)[0]["Plan"]
    return Planned(float(plan["Plan Rows"]), float(plan["Total Cost"]) * UNIT_MS, plan)


def rows_of(table: str) -> float:
    """How many rows a table was last seen to have, one at least."""
    with connection.cursor() as db:
        db.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return max(float(db.fetchone()[0]), 1.0)


def index_of(name: str) -> tuple[float, bool]:
    """How many rows an index was last seen to have, one at least, and whether it has all of its table."""
    with connection.cursor() as db:
        db.execute(
            "SELECT c.reltuples, i.indpred IS NULL FROM pg_class c JOIN pg_index i"
            " ON i.indexrelid = c.oid WHERE c.oid = %s::regclass",
            [name],
        )
        rows, whole = db.fetchone()
        return max(float(rows), 1.0), bool(whole)
