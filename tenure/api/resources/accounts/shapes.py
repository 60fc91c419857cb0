"""What is answered of accounts, and what may be sent."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from tenure.api.schemas import Billed, Body, Instant, Money, Shape

Value = Annotated[
    str | bool | int | Decimal | list[str] | None,
    Field(description="A value of the attribute's type; null empties it."),
]


class PinShown(Shape):
    """What holds a value against Daily Sync."""

    reason: str | None
    until: str | None
    by: str | None
    at: str | None


class BroughtBack(Shape):
    """Who took a change of the value back, and when; the source is that of the value itself."""

    by: str
    at: str
    change_set: int | None


class Source(Shape):
    """Where a value came from, and the policy over it."""

    source: str = Field(description="sync, manual, api, csv, rule or revert.")
    site: str | None = Field(description="The site that says it, for source sync.")
    set_by: str | None
    set_at: str | None
    policy: str | None = Field(
        description="What a sync does with it: daily (overrides it), import or link (leave it);"
        " null: no field of the source stands behind it."
    )
    pinned: bool = Field(description="Held against Daily Sync.")
    pin: PinShown | None = None
    brought_back: BroughtBack | None = None
    incoming: Any = Field(None, description="While pinned: what the source would put there.")


class Attribute(Source):
    """A value with its source and the policy over it."""

    value: Any


class Payer(Billed):
    """A billing account that bills this account."""

    code: str
    state: str


class Account(Shape):
    """A customer."""

    identifier: str
    site: str | None = Field(description="Set when the identifier is only one of this site.")
    name: str
    owner: str | None = Field(description="The e-mail of the member who looks after it.")
    state: str
    attributes: dict[str, Attribute]
    billing_accounts: list[Payer]
    money: dict[str, list[Money] | Money | None] = Field(
        description="Amounts by figure, one a currency: currencies are never added."
    )
    facts: dict[str, Any]
    health: dict[str, Any]
    as_of: str | None = Field(description="When its figures were computed.")
    known: str | None = Field(
        description="Of a past time: snapshot (what was known then), reconstructed or inferred."
    )
    updated_at: str


class Entry(Shape):
    """One field that changed."""

    object: str
    field: str
    old: Any
    new: Any
    source: str
    actor: str | None
    reason: str | None
    change_set: int
    run: int | None
    at: str


class Event(Shape):
    """One thing that happened to an account."""

    kind: str = Field(description="invoice, payment, subscription or change.")
    at: str
    what: str
    amount: Money | None
    object: dict[str, Any]


Name = Annotated[str, Field(max_length=300)]
Email = Annotated[str, Field(max_length=254)]
Identifier = Annotated[str, Field(min_length=1, max_length=255)]


class Changes(Body):
    """Fields to change; those that are not named stay as they are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"attributes": {"seats": 42, "last_login": "2026-03-01"}}]},
    )

    name: Name | None = None
    owner: Email | None = Field(None, description="A member's e-mail; null for nobody.")
    attributes: dict[str, Value] | None = Field(None, description="Values by attribute name.")


class NewAccount(Changes):
    """An account to be made, or, in bulk, also changed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"identifier": "T-1001", "name": "Acme", "attributes": {"seats": 42}}]
        },
    )

    identifier: Identifier
    site: str | None = Field(
        None, max_length=120, description="Its site, where the identifier is only one of that site."
    )


class Pin(Body):
    """Why a value is held, and until when; without ``until`` it is held for good."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"reason": "Agreed by phone", "until": "2026-12-31T00:00:00Z"}]
        },
    )

    reason: str = Field(min_length=1, max_length=500)
    until: Instant | None = None
