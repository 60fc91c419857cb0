"""From tree to text: the one way a rule is written. ``parse(text_of(tree)) == tree`` for every tree."""

import re
from datetime import date
from decimal import Decimal

from tenure.rules.grammar import GRAMMAR
from tenure.rules.tree import (
    Aggregate,
    Condition,
    Group,
    Literal,
    Name,
    Node,
    Not,
    Predicate,
    Quantified,
    Settled,
    Step,
    Today,
)

# Every word of the grammar, so that a value which is one of them is written in quotes.
KEYWORDS = frozenset(
    word
    for pattern in re.findall(r"/\(?([a-z|?]+)\)?\(\?!\\w\)/i", GRAMMAR)
    for option in pattern.split("|")
    for word in (option.replace("?", ""), re.sub(r".\?", "", option))
)
_BARE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def text_of(node: Node) -> str:
    """The rule as text; empty for ``EVERYTHING``."""
    match node:
        case Condition():
            return f"{name_text(node.name)} {_tested(node)}"
        case Quantified():
            return f"{node.quantifier} {node.relation}{_where(node.where)}"
        case Aggregate():
            of = f".{name_text(node.name)}" if node.name else ""
            where = _where(node.where)
            return f"{node.function} {node.relation}{of}{where} {predicate_text(node.predicate)}"
        case Not():
            return f"not {_enclosed(node.part)}"
        case Group():
            return f" {node.joint} ".join(map(_enclosed, node.parts))
        case Settled():
            raise ValueError("a supposed answer has no text")


def name_text(name: Name) -> str:
    """An attribute as rules name it: ``mrr``, ``mrr[EUR]``."""
    return f"{name.text}[{name.currency}]" if name.currency else name.text


def literal_text(value: Literal) -> str:
    """A value as rules write it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case Today():
            return "today"
        case date():
            return value.isoformat()
        case _:
            bare = _BARE.fullmatch(value) and value not in KEYWORDS
            return value if bare else _quoted(value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def predicate_text(predicate: Predicate) -> str:
    """An operator and what it compares with, as rules write them."""
    value = predicate.value
    match value:
        case None:
            return predicate.operator
        case tuple():
            return f"{predicate.operator} ({', '.join(map(literal_text, value))})"
        case Step():
            percent = " %" if value.percent else ""
            return f"{predicate.operator} {value.amount:f}{percent} in {_days(value.days)}"
        case int() if not isinstance(value, bool):
            return _days_text(predicate.operator, value)
        case _:
            return f"{predicate.operator} {literal_text(value)}"


def _tested(node: Condition) -> str:
    if node.ago is not None:
        return f"was {_then(node.predicate)} {_days(node.ago)} ago"
    after = f" for {_days(node.lasting)}" if node.lasting is not None else ""
    return f"{predicate_text(node.predicate)}{after}"


def _then(predicate: Predicate) -> str:
    return "unknown" if predicate.operator == "is unknown" else predicate_text(predicate)


def _days_text(operator: str, days: int) -> str:
    if operator == "more than ahead":
        return f"more than {_days(days)} from now"
    if operator.endswith(" ago"):
        return f"{operator.removesuffix(' ago')} {_days(days)} ago"
    return f"{operator} {_days(days)}"


def _days(days: int) -> str:
    return f"{days} {'day' if days == 1 else 'days'}"


def _where(where: Node | None) -> str:
    return f" ({text_of(where)})" if where is not None else ""


def _enclosed(node: Node) -> str:
    return f"({text_of(node)})" if isinstance(node, Group) else text_of(node)
