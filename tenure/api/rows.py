"""Bulk requests: a list of up to 5,000 rows, each of which is read by itself."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Body
from pydantic import BaseModel, Field, ValidationError

from tenure.api import answers
from tenure.api.schemas import Shape
from tenure.customers.upsert import Outcome
from tenure.customers.write import ValueRefused

MOST = 5000
Rows = Body[Annotated[list[Any], Field(min_length=1, max_length=MOST)]]
RESULTS = ("created", "updated", "unchanged", "refused")


class Result(Shape):
    """What became of one row."""

    row: int = Field(description="Its place in what was sent, from 0.")
    identifier: str | None
    result: str = Field(description="created, updated, unchanged or refused.")
    field: str | None = None
    detail: str | None = None
    next_step: str | None = None


class Results(Shape):
    """A result for each row, and how many of each."""

    created: int
    updated: int
    unchanged: int
    refused: int
    change_set: int | None = Field(description="What was changed as one; null when nothing was.")
    data: list[Result]


def described(row: type[BaseModel]) -> dict[str, Any]:
    """How the body is described: a row of another form is not refused with the request, but for
    itself in its result."""
    told = {"description": "Anything else is refused in the result of its row."}
    items = {"anyOf": [{"$ref": f"#/components/schemas/{row.__name__}"}, told]}
    schema = {"type": "array", "minItems": 1, "maxItems": MOST, "items": items}
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def refusal_of(error: ValidationError) -> ValueRefused:
    """A row that is not of the described form, as the refusal of that row."""
    fault = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in fault["loc"] if "[" not in str(part))[:200]
    told = fault["msg"].removeprefix("Value error, ").rstrip(".")
    if fault["type"] == "extra_forbidden":
        told = "there is no such field"
    return ValueRefused(field or "row", f"{field}: {told}." if field else f"{told}.")


def answer(outcomes: Sequence[Outcome], change_set: int | None) -> HttpResponse:
    """A result for each row."""
    counts = Counter(one.result for one in outcomes)
    return answers.plain(
        {
            **{name: counts[name] for name in RESULTS},
            "change_set": change_set,
            "data": [_result(place, one) for place, one in enumerate(outcomes)],
        }
    )


def _result(place: int, one: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {"row": place, "identifier": one.identifier, "result": one.result}
    if one.refusal:
        told |= {
            "field": one.refusal.field,
            "detail": one.refusal.message,
            "next_step": one.refusal.next_step or None,
        }
    return told
