"""The shapes of answers and bodies as the OpenAPI document describes them."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from tenure.sources import registry

Item = TypeVar("Item")
UPSTREAM_ID = f"{registry.DEFAULT}_id"
PAYER_ID = f"account_{UPSTREAM_ID}"


def _with_upstream_id(schema: dict[str, Any]) -> None:
    told = f"Its id at the source: “{UPSTREAM_ID}” for records of {registry.DEFAULT.capitalize()}."
    schema["properties"][UPSTREAM_ID] = {"type": ["string", "null"], "description": told}


class Shape(BaseModel):
    """What is answered. Fields may be added in later versions; none goes without notice."""

    model_config = ConfigDict(extra="allow")


class Billed(BaseModel):
    """What is answered of a record that came from a site; it names the site and its id there."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_with_upstream_id)

    site: str = Field(description="The subdomain of the site.")


class Body(BaseModel):
    """What is sent. An unknown field is refused: it is more often a typing error than a wish."""

    model_config = ConfigDict(extra="forbid")


class PageOf(BaseModel, Generic[Item]):
    """One page of a list."""

    data: list[Item]
    next: str | None = Field(description="Send it as “cursor” for the next page; null at the end.")


class Money(BaseModel):
    """An exact amount in one currency."""

    amount: str = Field(description="A decimal number as text.", examples=["12.50"])
    currency: str = Field(description="ISO 4217.", examples=["USD"])


class Problem(BaseModel):
    """An error (RFC 9457). Whatever was asked for did not happen."""

    type: str
    title: str
    status: int
    detail: str = Field(description="The thing and the cause.")
    field: str | None = Field(None, description="Which value or parameter is at fault.")
    next_step: str | None = Field(None, description="What to do about it.")
    errors: list["Fault"] | None = Field(None, description="Each fault, when there are several.")

    model_config = ConfigDict(extra="forbid")


class Fault(BaseModel):
    """One fault of a request."""

    field: str
    detail: str


def _text_only(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("an RFC 3339 time such as 2026-03-31T00:00:00Z is needed")  # noqa: TRY004  # pydantic takes these
    return value


def _day_only(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a day such as 2026-03-31 is needed")  # noqa: TRY004  # pydantic takes these
    return value


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("the time needs its zone, such as 2026-03-31T00:00:00Z")
    return value


# Large enough for every row there will be, and still a number the database has room for.
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Instant = Annotated[datetime, BeforeValidator(_text_only), AfterValidator(_zoned)]
Day = Annotated[date, BeforeValidator(_day_only)]
Flag = StrictBool
