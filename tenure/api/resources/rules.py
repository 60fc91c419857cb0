"""Rules: whether one can be asked, what it says, and what it may name."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers
from tenure.api.resource import READ, Resource
from tenure.api.schemas import Body, Shape
from tenure.rules.catalogue import Attribute
from tenure.rules.document import from_json
from tenure.rules.operators import taken_by
from tenure.rules.suggest import suggest
from tenure.segments import shapes
from tenure.segments.catalogue import catalogue
from tenure.segments.question import Question, question

resource = Resource("rules")
RULE = Field("", max_length=10_000, description="The rule as text: mrr > 500 and plan = pro.")
TREE = Field(None, description="Or the rule as a tree of objects, in place of the text.")


class AskedRule(Body):
    """A rule, as text or as a tree."""

    rule: str = RULE
    tree: dict[str, Any] | None = TREE


class ReadRule(Shape):
    """A rule that can be asked."""

    rule: str = Field(description="In its one way of writing.")
    tree: dict[str, Any]
    words: str = Field(description="In plain words.")


class Begun(Body):
    """The text before a cursor."""

    before: str = Field(max_length=10_000)


class Suggested(Shape):
    """What may stand at the cursor."""

    data: list[dict[str, Any]]


class NameableThings(Shape):
    """What a rule may name."""

    attributes: list[dict[str, Any]]
    relations: list[dict[str, Any]]


@resource.post("/check", ReadRule, scope=READ)
def check(request: HttpRequest, body: AskedRule) -> HttpResponse:
    """Check a rule.

    Refused with 422 and every fault with its place in the text when it cannot be asked.
    """
    return answers.plain(shapes.rule(asked_of(body)))


@resource.post("/suggest", Suggested, scope=READ)
def suggestions(request: HttpRequest, body: Begun) -> HttpResponse:
    """Suggest what may be written next."""
    wanted = suggest(body.before, catalogue())
    return answers.plain(
        {
            "data": [
                {"kind": one.kind, "insert": one.insert, "label": one.label, "start": one.start}
                for one in wanted.suggestions
            ]
        }
    )


@resource.get("/attributes", NameableThings)
def attributes(request: HttpRequest) -> HttpResponse:
    """List everything a rule may name, with the operators each takes."""
    known = catalogue()
    relations = [
        {
            "name": relation.key,
            "label": relation.label,
            "attributes": [_attribute(one) for one in relation.listed],
        }
        for relation in known.related
    ]
    return answers.plain(
        {"attributes": [_attribute(one) for one in known.listed], "relations": relations}
    )


def asked_of(body: AskedRule) -> Question:
    """The rule that was sent, ready to be asked."""
    tree: Any = from_json(body.tree) if body.tree is not None else body.rule
    return question(tree, settings.TENURE_CLOCK.now())


def _attribute(one: Attribute) -> dict[str, Any]:
    return {
        "name": one.key,
        "label": one.label,
        "type": one.type.value,
        "unit": one.unit or None,
        "explains": one.explains,
        "missing": one.missing or None,
        "values": list(one.values),
        "other_names": list(one.synonyms),
        "operators": [operator.text for operator in taken_by(one.type)],
        "has_past": bool(one.history),
    }
