"""A rule as chips: one for each part that stands beside others, ready to be shown and taken away."""

from dataclasses import dataclass, replace

from tenure.rules.catalogue import Catalogue
from tenure.rules.check import check
from tenure.rules.describe import described
from tenure.rules.errors import RuleRefused
from tenure.rules.text import text_of
from tenure.rules.tree import EVERYTHING, Group, Node


@dataclass(frozen=True, slots=True)
class Chip:
    """One part: as text, in words, and the text of the rule without it."""

    text: str
    words: str
    without: str


def chips_of(node: Node, catalogue: Catalogue) -> tuple[Chip, ...]:
    """The chips of a rule, in order; none for ``EVERYTHING``. All of them hold together."""
    parts = _parts(node)
    return tuple(
        Chip(text_of(part), _words(part, catalogue), text_of(_without(parts, place)))
        for place, part in enumerate(parts)
    )


def joined(one: Node, other: Node) -> Node:
    """Both rules at once, as one list of parts."""
    parts = (*_parts(one), *_parts(other))
    return parts[0] if len(parts) == 1 else Group("and", parts)


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Group) and node.joint == "and" else (node,)


def _without(parts: tuple[Node, ...], place: int) -> Node:
    left = (*parts[:place], *parts[place + 1 :])
    if not left:
        return EVERYTHING
    return left[0] if len(left) == 1 else replace(Group("and", left))


def _words(part: Node, catalogue: Catalogue) -> str:
    try:
        return described(check(part, catalogue), catalogue)
    except RuleRefused as error:
        return error.message
