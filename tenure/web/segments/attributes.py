"""Everything a rule may name, for people: what it means, when it is unknown, how it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.rules.catalogue import Attribute
from tenure.rules.operators import Type, taken_by
from tenure.segments.catalogue import catalogue

LONGEST = 80
KINDS = {
    Type.TEXT: "text",
    Type.ENUM: "one word of a few",
    Type.NUMBER: "number",
    Type.MONEY: "money",
    Type.DATE: "day",
    Type.BOOLEAN: "yes or no",
    Type.LIST: "list of texts",
}
HISTORY = frozenset({"fell by", "rose by", "changed in"})


@dataclass(frozen=True, slots=True)
class Line:
    """One attribute with its type in words and the tests it takes as they are written."""

    attribute: Attribute
    kind: str
    written: str
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The attributes of one kind of thing."""

    title: str
    lines: tuple[Line, ...]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """All of them, or with ``?q=`` those whose name, label or meaning has the word."""
    word = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    known = catalogue()
    groups: dict[str, list[Attribute]] = {}
    for one in known.listed:
        groups.setdefault(one.group or "Account", []).append(one)
    parts = [_part(title, listed, "", word) for title, listed in groups.items()]
    parts += [_part(one.plural, one.listed, f"{one.key}.", word) for one in known.related]
    shown = {"parts": [part for part in parts if part.lines], "word": word}
    return render(request, "web/segments/attributes.html", shown)


def _part(title: str, listed: Iterable[Attribute], prefix: str, word: str) -> Part:
    found = (
        Line(one, KINDS[one.type], f"{prefix}{one.key}", _operators(one))
        for one in listed
        if _has(one, word.lower())
    )
    return Part(title[:1].upper() + title[1:], tuple(found))


def _operators(one: Attribute) -> tuple[str, ...]:
    return tuple(
        operator.text
        for operator in taken_by(one.type)
        if one.history or operator.text not in HISTORY
    )


def _has(one: Attribute, word: str) -> bool:
    texts = (one.key, one.label, one.explains, *one.synonyms)
    return any(word in text.lower() for text in texts)
