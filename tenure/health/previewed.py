"""The accounts behind each count of a preview: largest first, as many as people look through."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace

from tenure.core.errors import ConfigurationError
from tenure.health.preview import NAMED, Candidate, Move, Seen, seen

Which = tuple[str, ...]
_TESTS: Mapping[str, tuple[int, Callable[..., bool]]] = {
    "all": (0, lambda one: one.account_id > 0),
    "moved": (0, lambda one: one.new != one.old),
    "changed": (0, lambda one: one.new_score != one.old_score),
    "kept": (0, lambda one: one.kept),
    "now": (1, lambda one, band: one.old == band),
    "then": (1, lambda one, band: one.new == band),
    "between": (2, lambda one, old, new: one.old != one.new and (one.old, one.new) == (old, new)),
    "switched": (2, lambda one, old, new: one.switched == (old, new)),
}


@dataclass(frozen=True, slots=True)
class Behind:
    """How many accounts a count is of, and those with the most MRR."""

    count: int
    moves: Sequence[Move]


def behind(order: Sequence[Candidate], which: Which) -> Behind:
    """The accounts of one count, if these were the definitions. ``which`` names the count and what it
    is of: ``("now", "red")``, ``("between", "red", "amber")``, ``("switched", FROM, TO)``, ``("moved",)``.
    Raises ConfigurationError for a count there is not, and TooCostly."""
    name, *of = which or ("",)
    wants, fits = _TESTS.get(name, (-1, None))
    if fits is None or wants != len(of):
        raise ConfigurationError(
            "The preview has no such count.", next_step="Choose one that stands there."
        )
    count = 0
    largest: list[tuple[object, int, Seen]] = []
    for one in seen(order):
        if not fits(one, *of):
            continue
        count += 1
        place = (one.mrr, -one.account_id, one)
        if len(largest) < NAMED:
            heappush(largest, place)
        elif place > largest[0]:
            heapreplace(largest, place)
    return Behind(
        count, [one.move for *_, one in sorted(largest, key=lambda p: p[:2], reverse=True)]
    )
