"""Bulk requests: a list of up to 5,000 rows, each of which is read by itself."""

from typing import Annotated, Any

from ninja import Body
from pydantic import BaseModel, Field, ValidationError

from tenure.customers.write import ValueRefused

MOST = 5000
Rows = Annotated[list[Any], Body(...), Field(min_length=1, max_length=MOST)]


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
