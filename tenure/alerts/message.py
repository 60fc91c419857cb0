"""The text of an alert: a template over the rule's own operands, so that text and condition agree.

``{name} owes {total_due}, {oldest_past_due_days} days late`` — a placeholder is an attribute that the
rule names, or the account's name, identifier or owner.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tenure.core.money import round_to_minor
from tenure.rules.catalogue import Attribute, Catalogue
from tenure.rules.errors import Problem
from tenure.rules.operators import Type
from tenure.rules.tree import Aggregate, Condition, Node, Quantified, Span, Step, conditions
from tenure.segments.explain import Line, operand_of

ALWAYS = ("name", "identifier", "owner", "at_stake")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NUMBER = re.compile(r"(?<![\w{.])\d[\d,]*(?:\.\d+)?(?![\w}])")
LONGEST = 1000


def operands(node: Node) -> tuple[str, ...]:
    """What a checked rule compares: attributes of the account, ``count_invoice``, ``sum_invoice_balance``."""
    return tuple(dict.fromkeys(operand_of(one) for one in _own(node)))


def problems(template: str, node: Node) -> list[Problem]:
    """What is wrong with a template: placeholders the rule does not compare, and figures that stand in
    the text but not in the rule. A text without problems cannot contradict its condition."""
    if not template.strip():
        return [Problem(Span(0, 0), "The alert needs a text.", "Write {name}, for example.")]
    if len(template) > LONGEST:
        return [Problem(Span(LONGEST, len(template)), f"A text has at most {LONGEST} characters.")]
    able = (*ALWAYS, *operands(node))
    found = [
        Problem(
            Span(*match.span()),
            f"The rule does not compare “{match[1]}”.",
            f"There are {', '.join(f'{{{one}}}' for one in able)}.",
        )
        for match in _PLACEHOLDER.finditer(template)
        if match[1] not in able
    ]
    bare = _PLACEHOLDER.sub(lambda match: " " * len(match[0]), template)
    found += [
        Problem(
            Span(*match.span()),
            f"A “{match[0]}” stands alone: a placeholder is opened and closed.",
            "Write {name}, for example.",
        )
        for match in re.finditer(r"[{}]", bare)
    ]
    return [*found, *_contradictions(template, node)]


def rendered(
    template: str, lines: Iterable[Line], about: Mapping[str, str], catalogue: Catalogue
) -> str:
    """The text with the values that were seen."""
    seen = dict(about)
    for line in lines:
        if key := line.operand:
            seen.setdefault(key, value_text(line.value, catalogue.scope.find(key), line.currency))
    return _PLACEHOLDER.sub(lambda match: seen.get(match[1], "unknown"), template)


def value_text(value: Any, attribute: Attribute | None, currency: str = "") -> str:
    """A value as a sentence says it."""
    kind = attribute.type if attribute else None
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case Decimal() if attribute and attribute.unit == "share":
            return f"{value * 100:.0f} %"
        case Decimal() if kind is Type.MONEY:
            return f"{round_to_minor(value, currency):,f} {currency}".strip()
        case Decimal() | int():
            number = f"{Decimal(value).normalize():,f}"
            return f"{number} {attribute.unit}" if attribute and attribute.unit else number
        case list():
            return ", ".join(map(str, value)) or "none"
    if hasattr(value, "isoformat"):
        return f"{value.day} {value:%B %Y}"
    return str(value).replace("_", " ") if kind is Type.ENUM else str(value)


def _contradictions(template: str, node: Node) -> list[Problem]:
    """Figures of the text that the rule does not say."""
    said = {number for one in conditions(node) for number in _numbers(one)}
    bare = _PLACEHOLDER.sub(lambda match: " " * len(match[0]), template)
    return [
        Problem(
            Span(*match.span()),
            f"The text says {match[0]}, which the rule does not.",
            f"The rule says {', '.join(sorted(f'{one:f}' for one in said)) or 'no figure'}."
            " Use a placeholder for what the account has.",
        )
        for match in _NUMBER.finditer(bare)
        if Decimal(match[0].replace(",", "")) not in said
    ]


def _numbers(one: Node) -> Iterable[Decimal]:
    if not isinstance(one, Condition | Aggregate):
        return
    value = one.predicate.value
    values = value if isinstance(value, tuple) else (value,)
    for each in values:
        if isinstance(each, Decimal):
            yield each
            yield each * 100  # a share, as people write it
        elif isinstance(each, int) and not isinstance(each, bool):
            yield Decimal(each)
        elif isinstance(each, Step):
            yield from (each.amount, Decimal(each.days))
    for days in (getattr(one, "ago", None), getattr(one, "lasting", None)):
        if days is not None:
            yield Decimal(days)


def _own(node: Node) -> Iterable[Node]:
    """The conditions of the account itself, not those inside quantifiers."""
    match node:
        case Condition() | Quantified() | Aggregate():
            yield node
        case _:
            for part in getattr(node, "parts", None) or (getattr(node, "part", None),):
                if part is not None:
                    yield from _own(part)
