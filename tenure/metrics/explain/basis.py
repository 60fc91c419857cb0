"""The shape of an explanation that is no sum of money: the records that count, and those that do not."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """A record with its value, None where it has none; ``reason`` says why it does not count."""

    kind: str
    label: str
    value: Any
    counts: bool
    reason: str = ""
    site_id: int | None = None
    upstream_id: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a figure stands on. ``answer`` is the figure; ``counted`` is how many items count in all,
    of which those beyond SHOWN are not listed."""

    figure: str
    how: str
    answer: Any
    counted: int
    items: tuple[Item, ...]

    @property
    def inside(self) -> list[Item]:
        """The items that count."""
        return [item for item in self.items if item.counts]

    @property
    def outside(self) -> list[Item]:
        """The items that do not."""
        return [item for item in self.items if not item.counts]
