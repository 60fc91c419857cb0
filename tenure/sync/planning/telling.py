"""What was decided about an object, as an entry of a plan tells it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

TOLD = ("source", "set_by", "set_at")


def verb_of(
    changes: Mapping[str, Any], overridden: Mapping[str, Any], held: Mapping[str, Any]
) -> str:
    """What happens to an object that is here; "" for nothing."""
    if overridden:
        return "override"
    if changes:
        return "update"
    return "pinned" if held else ""


def lost_of(overridden: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Who set the values that are about to be lost, and when."""
    return {place: {name: entry.get(name) for name in TOLD} for place, entry in overridden.items()}


def pins_of(held: Collection[str]) -> str:
    """What pins keep, in a sentence; "" for nothing."""
    return f"Kept by a pin: {', '.join(sorted(held))}." if held else ""


def fold(whole: dict[str, list[Any]], changes: Mapping[str, Sequence[Any]]) -> None:
    """Count a later change in: the first old value and the last new one remain."""
    for name, (old, new) in changes.items():
        whole[name] = [whole[name][0] if name in whole else old, new]


def together(*steps: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Changes one after another as one, without those that end where they began."""
    whole: dict[str, list[Any]] = {}
    for changes in steps:
        fold(whole, changes)
    return {name: pair for name, pair in whole.items() if pair[0] != pair[1]}
