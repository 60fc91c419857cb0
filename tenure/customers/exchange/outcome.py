"""What the rows of a chunk would do, or did: counted, with the first of each kind to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenure.customers.exchange.rows import Row
from tenure.customers.write import plain

CREATED, CHANGED, UNCHANGED, REJECTED = "created", "changed", "unchanged", "rejected"
OUTCOMES = (CREATED, CHANGED, UNCHANGED, REJECTED)
OWNED = "owned"
FIRST = 5
SHOWN_VALUES = 8


@dataclass(slots=True)
class Outcome:
    """The rows of a chunk by what becomes of them. ``owned`` counts the values that the next Daily
    Sync replaces; ``samples`` has the first rows of each kind, as pages show them."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*OUTCOMES, OWNED), 0))
    rejected: list[Row] = field(default_factory=list)
    samples: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in OUTCOMES}
    )

    def reject(self, row: Row, reason: str) -> None:
        """The row cannot be taken."""
        row.reason = reason
        self.rejected.append(row)
        self.note(REJECTED, row, "", {})

    def note(
        self, outcome: str, row: Row, name: str, values: Mapping[str, tuple[Any, Any]]
    ) -> None:
        """Count a row; ``values`` are its fields with what was and what is wanted."""
        self.counts[outcome] += 1
        if len(self.samples[outcome]) < FIRST:
            self.samples[outcome].append(
                {
                    "row": row.line.number,
                    "name": name,
                    "values": [
                        {"field": key, "old": plain(old), "new": plain(new)}
                        for key, (old, new) in list(values.items())[:SHOWN_VALUES]
                    ],
                    "reason": row.reason,
                    "cells": row.line.cells[:SHOWN_VALUES] if outcome == REJECTED else [],
                }
            )
