"""Segments that name other segments: in which order they are placed, and that none names itself."""

from collections.abc import Iterable, Mapping, Sequence

from tenure.rules.errors import RuleRefused
from tenure.rules.parse import parse
from tenure.rules.tree import Condition, Node, inner
from tenure.segments.catalogue import SEGMENT
from tenure.segments.models import Segment

_NAMES = frozenset({SEGMENT.key, *SEGMENT.synonyms})


def named_in(rule: str | Node) -> set[str]:
    """The names of segments a rule asks about, folded; none for a rule that cannot be read."""
    try:
        tree = parse(rule) if isinstance(rule, str) else rule
    except RuleRefused:
        return set()
    return {name.lower() for name in _walk(tree)}


def in_order(segments: Iterable[Segment]) -> Sequence[Segment]:
    """Each segment after those it names."""
    named = {segment.name.lower(): segment for segment in segments}
    asks = {name: named_in(segment.rule) & named.keys() for name, segment in named.items()}
    found: dict[str, Segment] = {}

    def add(name: str, above: frozenset[str]) -> None:
        for other in sorted(asks[name] - found.keys() - above):
            add(other, above | {name})
        found.setdefault(name, named[name])

    for name in named:
        add(name, frozenset())
    return list(found.values())


def circle(name: str, rule: str | Node, others: Mapping[str, str]) -> list[str]:
    """The names on the way from a segment back to itself, if its rule were this; empty when there is
    no such way. ``others`` are the rules of the other segments by folded name."""
    asks = {other: named_in(text) for other, text in others.items()}
    asks[name.lower()] = named_in(rule)
    return _way(name.lower(), name.lower(), asks, [])


def _way(here: str, goal: str, asks: Mapping[str, set[str]], passed: list[str]) -> list[str]:
    for other in sorted(asks.get(here, ())):
        if other == goal:
            return [*passed, here, goal]
        if other not in passed and other != here:
            found = _way(other, goal, asks, [*passed, here])
            if found:
                return found
    return []


def _walk(node: Node) -> Iterable[str]:
    if isinstance(node, Condition) and node.name.text.lower() in _NAMES:
        value = node.predicate.value
        yield from (
            one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str)
        )
    for part in inner(node):
        yield from _walk(part)
