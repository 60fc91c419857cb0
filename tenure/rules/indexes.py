"""Where the database finds accounts by an attribute without looking at each of them.

An attribute's own column says what it *is*; these say where else the same is kept so that an index
leads there. They only ever narrow: ``narrow.py`` puts them beside a rule, never in its place.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """An indexed column with the same values. ``within`` is the condition on ``a`` and ``f`` in which
    ``{}`` stands for its test; ``elements`` says that it holds one element of a list. ``or_null``:
    where the attribute is 0 the column may be null. ``words`` are the enum's, when the column is a
    word's place among them. ``exact``: it holds just the attribute's values, so that
    its test is the rule's; of a column of the brief that is so where ``known`` holds, and nothing is
    known of the attribute elsewhere."""

    column: str
    within: str = "{}"
    elements: bool = False
    or_null: bool = False
    words: tuple[str, ...] = ()
    exact: bool = False
    known: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value under ``key`` of a JSON ``column`` whose containments are indexed."""

    column: str
    key: str


@dataclass(frozen=True, slots=True)
class Spelt:
    """A text whose parts are indexed in lower case."""

    column: str


@dataclass(frozen=True, slots=True)
class Positive:
    """What holds wherever the attribute is known and more than nothing."""

    condition: str


@dataclass(frozen=True, slots=True)
class Instant:
    """An indexed instant whose day, in the workspace's calendar, the attribute is."""

    column: str


Index = Column | Instant | Kept | Spelt | Positive
