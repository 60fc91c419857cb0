"""Segments that a rule names, as they are called: in any case, and none that is not there."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tenure.rules.errors import Problem, RuleRefused
from tenure.rules.tree import (
    Condition,
    Group,
    Node,
    Not,
    Predicate,
    conditions,
)
from tenure.segments.catalogue import SEGMENT
from tenure.segments.models import Segment

_NAMES = frozenset({SEGMENT.key, *SEGMENT.synonyms})
_WHOLE = frozenset({"=", "!=", "in", "not in", "has all"})


def spelt(tree: Node) -> Node:
    """The rule with each segment under its own name. Raises RuleRefused for one that there is not: a
    rule about it would be false of everybody without a word."""
    asked = [one for one in _own(tree) if _texts(one)]
    if not asked:
        return tree
    called = {name.lower(): name for name in Segment.objects.values_list("name", flat=True)}
    wrong = [
        Problem(one.span, f"There is no segment “{name}”.", _right(name, called))
        for one in asked
        for name in _texts(one)
        if name.lower() not in called
    ]
    if wrong:
        raise RuleRefused(wrong)
    return _renamed(tree, called)


def _own(node: Node) -> Iterator[Condition]:
    """The conditions on the account's segments."""
    for one in conditions(node):
        if isinstance(one, Condition) and one.name.text.lower() in _NAMES:
            yield one


def _texts(one: Condition) -> tuple[str, ...]:
    """The whole names it asks for; none for a part of a name."""
    if one.predicate.operator not in _WHOLE:
        return ()
    value: Any = one.predicate.value
    values = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in values if isinstance(each, str))


def _right(name: str, called: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name.lower(), list(called), n=2)
    if near:
        return f"Do you mean {' or '.join(f'“{called[one]}”' for one in near)}?"
    known = ", ".join(f"“{one}”" for one in list(called.values())[:5])
    return f"There are {known}." if known else "Make one under Segments first."


def _renamed(node: Node, called: Mapping[str, str]) -> Node:
    match node:
        case Condition() if node.name.text.lower() in _NAMES and _texts(node):
            value: Any = node.predicate.value
            new = (
                tuple(called[each.lower()] for each in value)
                if isinstance(value, tuple)
                else called[value.lower()]
            )
            return replace(node, predicate=Predicate(node.predicate.operator, new))
        case Group():
            return replace(node, parts=tuple(_renamed(part, called) for part in node.parts))
        case Not():
            return replace(node, part=_renamed(node.part, called))
    return node
