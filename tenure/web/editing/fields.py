"""What can be edited, and how a form's text becomes the value it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.dateparse import parse_date

from tenure.customers import read as customers
from tenure.customers.models import Account, Attribute, AttributeKind
from tenure.customers.write import Pin, ValueRefused, value_of
from tenure.web.values import EMPTY

MEMBER = "member"
LONG = 60


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute of accounts, or an account's own name or owner; ``kind`` picks its input."""

    name: str
    label: str
    kind: str
    unit: str = ""
    source_field: str = ""

    @property
    def is_own(self) -> bool:
        """Whether it is the account's own and no attribute."""
        return self.name in OWN


OWN: Mapping[str, Field] = {
    "name": Field("name", "Name", AttributeKind.TEXT),
    "owner": Field("owner", "Owner", MEMBER),
}


def field_of(attribute: Attribute) -> Field:
    """The attribute as something to edit."""
    return Field(
        attribute.name, attribute.label, attribute.kind, attribute.unit, attribute.source_field
    )


def field_named(name: str) -> Field | None:
    """The field of this name; None when there is none."""
    if name in OWN:
        return OWN[name]
    found = next((one for one in customers.attributes() if one.name == name), None)
    return field_of(found) if found else None


def text_of(field: Field, account: Account) -> str:
    """The value as the input holds it."""
    value = value_of(account, field.name)
    if field.kind == MEMBER:
        return value.email if value else ""
    return as_text(value)


def as_text(value: Any) -> str:
    """An attribute's value as the input holds it."""
    if value in EMPTY:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def value_from(field: Field, posted: QueryDict) -> Any:
    """What the form's input means: lists have one entry a line, so that entries may hold commas."""
    text = posted.get("value", "").replace("\r\n", "\n").strip()
    return text.split("\n") if field.kind == AttributeKind.LIST and text else text


def pin_from(posted: QueryDict, zone: ZoneInfo, now: datetime) -> Pin:
    """The pin a form asks for. Raises ValueRefused for ``reason`` or ``until``."""
    reason = posted.get("reason", "").replace("\x00", "").strip()[:300]
    if not reason:
        raise ValueRefused("reason", "Say why it is pinned: whoever meets it later will ask.")
    until = posted.get("until", "").strip()
    return Pin(reason, _end_of(until, zone, now) if until else None)


def _end_of(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment of a day as the member counts days."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ValueRefused("until", f"{text[:40]!r} is not a date such as 2026-12-31.")
    end = datetime.combine(day, time(23, 59, 59), zone)
    if end <= now:
        raise ValueRefused("until", "This day is over: choose a later one, or none for good.")
    return end
