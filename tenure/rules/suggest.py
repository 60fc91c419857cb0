"""What may be written next: attributes, operators and values, for the text before a cursor."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tenure.rules.catalogue import Attribute, Catalogue, Relation, Scope
from tenure.rules.operators import CHANGES, Takes, Type, taken_by
from tenure.rules.parse import accepted_after
from tenure.rules.text import literal_text

MOST = 20
_CLOSED = re.compile(r'"(?:\\.|[^"\\])*"')
_WORD = re.compile(r'("(?:\\.|[^"\\])*|[A-Za-z][A-Za-z0-9_.]*)$')
_NAMED = re.compile(
    r"([A-Za-z][A-Za-z0-9_.]*)(?:\[[A-Z]{3}\])?\s*"
    r"(?:!=|<=|>=|=|<|>|:|(?:not\s+)?in\s*\((?:[^()]*,)?|has\s+all\s*\((?:[^()]*,)?"
    r"|(?:not\s+)?contains?|starts\s+with|was)\s*$",
    re.IGNORECASE,
)
_LAST_NAME = re.compile(r"([A-Za-z][A-Za-z0-9_.]*)(?:\[[A-Z]{3}\])?\s*$")
_HEAD = re.compile(r"\b(?:any|no|every|count|sum|min|max)\s+([A-Za-z_]+)[^()]*\($", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``insert`` takes the place of the text from ``start`` on; ``label`` and ``detail`` explain it.
    ``kind`` is attribute, relation, operator, value or word."""

    kind: str
    insert: str
    label: str
    start: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may stand at the cursor. ``values_of`` asks the caller for the values an attribute (of a
    ``relation``'s rows, if any) has that begin with ``begun``; they go in from ``start`` on."""

    suggestions: tuple[Suggestion, ...]
    values_of: Attribute | None = None
    relation: Relation | None = None
    begun: str = ""
    start: int = 0


def suggest(before: str, catalogue: Catalogue) -> Wanted:
    """Suggestions for a cursor after this text, the likeliest first."""
    # The quote that ends a text does not begin another one.
    word = _WORD.search(_CLOSED.sub(lambda text: " " * len(text[0]), before))
    begun = word[1] if word else ""
    start = len(before) - len(begun)
    head = before[:start]
    relation = _open_relation(head, catalogue)
    scope = relation.scope if relation else catalogue.scope
    accepts = accepted_after(head)
    named = _NAMED.search(head) if "STRING" in accepts else None
    attribute = scope.find(named[1]) if named else None
    if attribute is not None:
        return _values(attribute, relation, begun, start)
    found = [
        *_names(accepts, scope, relation, catalogue, begun, start),
        *_operators(head, accepts, scope, begun, start),
        *_joints(accepts, begun, start),
    ]
    return Wanted(tuple(found[:MOST]), relation=relation, begun=begun, start=start)


def ranked(attributes: Iterable[Attribute], begun: str) -> Sequence[Attribute]:
    """Attributes whose name, other names or label fit what was begun, the best fit first."""
    text = begun.lower()
    fits = [(_fit(one, text), place, one) for place, one in enumerate(attributes)]
    found = [(fit, place, one) for fit, place, one in fits if fit is not None]
    return [one for _, _, one in sorted(found, key=lambda each: each[:2])]


def _fit(attribute: Attribute, text: str) -> int | None:
    names = (attribute.key.lower(), *attribute.synonyms, attribute.label.lower())
    if any(name.startswith(text) for name in names):
        return 0
    return 1 if any(text in name for name in names) else None


def _values(attribute: Attribute, relation: Relation | None, begun: str, start: int) -> Wanted:
    text = begun.lstrip('"').lower()
    words = attribute.values or (("true", "false") if attribute.type is Type.BOOLEAN else ())
    found = [
        Suggestion("value", _value(attribute, value), attribute.label_of(value), start)
        for value in words
        if text in value.lower() or text in attribute.label_of(value).lower()
    ]
    found.sort(key=lambda one: not one.label.lower().startswith(text))  # stable: then as listed
    if attribute.type is Type.DATE:
        found.append(Suggestion("value", "today", "today", start))
    asks = attribute if attribute.type in (Type.TEXT, Type.LIST, Type.ENUM) else None
    return Wanted(tuple(found[:MOST]), asks, relation, begun.lstrip('"'), start)


def _value(attribute: Attribute, value: str) -> str:
    return value if attribute.type is Type.BOOLEAN else literal_text(value)


def _names(
    accepts: frozenset[str],
    scope: Scope,
    relation: Relation | None,
    catalogue: Catalogue,
    begun: str,
    start: int,
) -> Iterator[Suggestion]:
    if "QUANTIFIER" in accepts:
        for attribute in ranked(scope.attributes.values(), begun):
            yield Suggestion("attribute", attribute.key, attribute.label, start, attribute.explains)
    elif "NAME" in accepts and "STRING" not in accepts:  # after any, sum, …
        for rows in catalogue.related:
            if rows.key.startswith(begun.lower()):
                yield Suggestion("relation", rows.key, rows.plural, start)
    if "QUANTIFIER" in accepts and relation is None and begun:
        yield from _quantifiers(catalogue, begun, start)


def _quantifiers(catalogue: Catalogue, begun: str, start: int) -> Iterator[Suggestion]:
    for rows in catalogue.related:
        for word in ("any", "no", "count"):
            text = f"{word} {rows.key}"
            if text.startswith(begun.lower()) or rows.key.startswith(begun.lower()):
                yield Suggestion("relation", f"{text} (", f"{word} {rows.label.lower()}", start)


def _operators(
    head: str, accepts: frozenset[str], scope: Scope, begun: str, start: int
) -> Iterator[Suggestion]:
    named = _LAST_NAME.search(head) if {"COMPARE", "FELL"} <= accepts else None
    attribute = scope.find(named[1]) if named else None
    for operator in taken_by(attribute.type) if attribute else ():
        keeps = operator.text not in CHANGES or bool(attribute and attribute.history)
        if keeps and operator.text.startswith(begun.lower()):
            words = operator.words.format("…")
            yield Suggestion("operator", _written(operator.text, operator.takes), words, start)


_DAYS = {
    "more than ago": "more than 30 days ago",
    "less than ago": "less than 30 days ago",
    "more than ahead": "more than 30 days from now",
}


def _written(operator: str, takes: Takes) -> str:
    match takes:
        case Takes.VALUES:
            return f"{operator} ("
        case Takes.DAYS:
            return _DAYS.get(operator, f"{operator} 30 days")
        case Takes.STEP:
            return f"{operator} 20 % in 30 days"
        case _:
            return operator


def _joints(accepts: frozenset[str], begun: str, start: int) -> Iterator[Suggestion]:
    for terminal, word in (("_AND", "and"), ("_OR", "or"), ("_NOT", "not"), ("_RPAR", ")")):
        if terminal in accepts and word.startswith(begun.lower()):
            yield Suggestion("word", word, word, start)


def _open_relation(head: str, catalogue: Catalogue) -> Relation | None:
    """The relation in whose parentheses the cursor stands, if any."""
    depth = 0
    for place in range(len(head) - 1, -1, -1):
        if head[place] == ")":
            depth += 1
        elif head[place] == "(" and depth:
            depth -= 1
        elif head[place] == "(" and (found := _HEAD.search(head[: place + 1])):
            return catalogue.relation(found[1])
    return None
