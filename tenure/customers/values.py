"""Values as people and programs write them, read as they are stored: of an attribute's type, or refused."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models.functions import Lower

from tenure.access.models import Member
from tenure.core.errors import ConfigurationError
from tenure.customers import fields
from tenure.customers.convert import Unreadable, typed
from tenure.customers.models import Attribute

LONGEST_NAME = 300
LONGEST_VALUE = 10_000


class ValueRefused(ConfigurationError):
    """A value that cannot be taken; ``field`` names the one at fault."""

    def __init__(self, field_name: str, message: str, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.field = field_name


def read_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored, each of its attribute's type. Raises ValueRefused."""
    return read_as(values, _defined(values))


def read_as(values: Mapping[str, Any], defined: Mapping[str, Attribute]) -> dict[str, Any]:
    """The same by these definitions. Raises ValueRefused for what none of them is about."""
    return {name: _read(name, value, defined) for name, value in values.items()}


def read_each(several: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | ValueRefused]:
    """``read_values`` of many accounts: a refusal stands in the place of the values it is about."""
    defined = _defined({name: None for values in several for name in values})
    emails = {str(values["owner"]).strip().lower() for values in several if values.get("owner")}
    members = {
        member.email.lower(): member
        for member in Member.objects.annotate(lower=Lower("email")).filter(
            lower__in=emails, is_active=True
        )
    }
    return [_read_one(values, defined, members) for values in several]


def tidy(identifier: str) -> str:
    """The identifier as it is kept. Raises ValueRefused for one that cannot be."""
    named = unicodedata.normalize("NFC", identifier).strip()
    if not named or len(named) > 255 or not _is_storable(named):
        raise ValueRefused("identifier", "An identifier has 1 to 255 characters.")
    return named


def _read_one(
    values: Mapping[str, Any], defined: Mapping[str, Attribute], members: Mapping[str, Member]
) -> dict[str, Any] | ValueRefused:
    owner = members.get(str(values.get("owner") or "").strip().lower())
    known = {**values, "owner": owner} if owner else values
    try:
        return {name: _read(name, value, defined) for name, value in known.items()}
    except ValueRefused as refused:
        return refused


def _defined(values: Mapping[str, Any]) -> dict[str, Attribute]:
    rows = Attribute.objects.filter(object_kind=fields.ACCOUNT, name__in=list(values))
    return {row.name: row for row in rows}


def _read(name: str, value: Any, defined: Mapping[str, Attribute]) -> Any:
    if isinstance(value, str) and not _is_storable(value):
        raise ValueRefused(name, "It holds a character that cannot be stored.", "Remove it.")
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        raise ValueRefused(name, f"A value has at most {LONGEST_VALUE:,} characters.")
    if name == "owner":
        return _member(value)
    if name == "name":
        text = str(value or "").strip()
        if not text or len(text) > LONGEST_NAME:
            raise ValueRefused("name", f"A name has 1 to {LONGEST_NAME} characters.")
        return text
    if name not in defined:
        raise ValueRefused(
            name, f"There is no attribute {name!r}.", "Add it under Settings > Attributes first."
        )
    try:
        return typed(value, defined[name].kind)
    except Unreadable as error:
        raise ValueRefused(name, f"{defined[name].label}: {error}.") from None


def _is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold it: no null character, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _member(value: Any) -> Member | None:
    if isinstance(value, Member) or value in (None, ""):
        return value or None
    found = Member.objects.filter(email__iexact=str(value).strip(), is_active=True).first()
    if found is None:
        raise ValueRefused(
            "owner", f"No active member has the e-mail {str(value)!r}.", "Choose a member."
        )
    return found
