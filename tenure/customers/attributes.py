"""The attributes an account has before anyone maps anything: standard fields and custom fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenure.customers.models import Attribute, AttributeKind

CUSTOM = "account.custom_fields."


@dataclass(frozen=True, slots=True)
class StandardField:
    """A standard field of a billing account shown as an attribute of the same name."""

    name: str
    label: str


STANDARD = (
    StandardField("email", "E-mail"),
    StandardField("company", "Company"),
    StandardField("first_name", "First name"),
    StandardField("last_name", "Last name"),
    StandardField("username", "Username"),
    StandardField("cc_emails", "Copies to"),
    StandardField("vat_number", "VAT number"),
    StandardField("preferred_locale", "Locale"),
    StandardField("preferred_time_zone", "Time zone"),
    StandardField("bill_to", "Billed to"),
)


def declare(custom_fields: Mapping[str, str | None]) -> None:
    """See that every standard field and every custom field ``{name: label}`` is an attribute.

    Existing ones keep their label and type: those are the operator's once they exist.
    """
    wanted = [
        Attribute(
            name=f.name,
            label=f.label,
            kind=AttributeKind.TEXT,
            source_field=f"account.{f.name}",
            position=position,
        )
        for position, f in enumerate(STANDARD)
    ]
    wanted += [
        Attribute(
            name=name,
            label=label or name.replace("_", " ").capitalize(),
            kind=AttributeKind.TEXT,
            source_field=f"{CUSTOM}{name}",
            position=100,
        )
        for name, label in custom_fields.items()
    ]
    Attribute.objects.bulk_create(wanted, ignore_conflicts=True)


def undeclared(names: Iterable[str]) -> set[str]:
    """Those of ``names`` that no attribute of an account has yet."""
    known = set(Attribute.objects.filter(object_kind="account").values_list("name", flat=True))
    return set(names) - known
