"""Randomness that can be replayed: one stream per entity and purpose, never one shared by all."""

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def stream(seed: int, *path: object) -> random.Random:
    """The random stream of one entity and purpose. The same path always gives the same numbers,
    whatever else happened before, so that one customer's fate never depends on another's.
    """
    return random.Random("/".join(map(str, (seed, *path))))  # noqa: S311 -- replayable on purpose


def weighted(dice: random.Random, table: Sequence[tuple[float, Item]]) -> Item:
    """One item of ``(weight, item)`` rows, in proportion to the weights."""
    mark = dice.random() * sum(weight for weight, _ in table)
    for weight, item in table:
        mark -= weight
        if mark < 0:
            return item
    return table[-1][1]
