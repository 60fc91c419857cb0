"""What rules may ask of accounts as they are kept; of their related rows ``row_offers`` says it.

Figures computed from them are the ``metrics`` package's to offer.
"""

import re
from collections.abc import Iterable, Sequence

from tenure.customers import row_offers, tags
from tenure.customers.models import Attribute as Named
from tenure.customers.models import AttributeKind
from tenure.customers.row_offers import NEVER, day
from tenure.rules.catalogue import Attribute, Relation
from tenure.rules.indexes import Column, Instant, Kept, Spelt
from tenure.rules.operators import Type

IDENTITY, CUSTOM = "Account", "Attributes"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


def account_attributes(beside: Iterable[str] = ()) -> tuple[Attribute, ...]:
    """What an account itself is, then the workspace's own attributes. ``beside`` are names that other
    packages take."""
    return (*_ACCOUNT, *_own("account", "a", taken={*beside, *(one.key for one in _ACCOUNT)}))


def relations(beside: Iterable[str] = ()) -> tuple[Relation, ...]:
    """Subscriptions, invoices and contacts of an account. ``beside`` are names other packages take of
    a subscription."""
    taken = {*beside, *(one.key for one in row_offers.SUBSCRIPTION)}
    return row_offers.relations(_own("subscription", "s", taken=taken))


_ACCOUNT = (
    Attribute(
        "identifier",
        "Identifier",
        Type.TEXT,
        "a.identifier",
        explains="The text the customer is recognised by.",
        missing=NEVER,
        synonyms=("id",),
        index=Spelt("a.identifier"),
    ),
    Attribute(
        "name",
        "Name",
        Type.TEXT,
        "a.name",
        explains="What people call the account.",
        missing=NEVER,
        index=Spelt("a.name"),
    ),
    Attribute(
        "owner",
        "Owner",
        Type.TEXT,
        "(SELECT m.email FROM access_member m WHERE m.id = a.owner_id)",
        explains="The e-mail of the member who looks after the account.",
        missing="Unknown while nobody owns the account.",
        index=Column(
            "m.email", "a.owner_id = ANY(ARRAY(SELECT m.id FROM access_member m WHERE {}))"
        ),
    ),
    Attribute(
        "state",
        "Account state",
        Type.ENUM,
        "a.state",
        values=("active", "inactive", "closed"),
        open=True,
        explains="As billing has it: active, or closed.",
        missing=NEVER,
        synonyms=("account_state",),
    ),
    Attribute(
        "site",
        "Sites",
        Type.LIST,
        "ARRAY(SELECT DISTINCT c.subdomain::text FROM connections_site c"
        " JOIN customers_billingaccount b ON b.site_id = c.id"
        " WHERE b.account_id = a.id AND b.removed_at IS NULL)",
        explains="The sites that bill the account.",
        missing="Empty where no site bills it; never unknown.",
        synonyms=("sites",),
        index=Column(
            "c.subdomain",
            "a.id IN (SELECT b.account_id FROM customers_billingaccount b WHERE b.removed_at IS NULL"
            " AND b.site_id = ANY(ARRAY(SELECT c.id FROM connections_site c WHERE {})))",
            elements=True,
        ),
    ),
    Attribute(
        "account_code",
        "Account codes",
        Type.LIST,
        "ARRAY(SELECT b.code::text FROM customers_billingaccount b"
        " WHERE b.account_id = a.id AND b.removed_at IS NULL ORDER BY b.id)",
        explains="The codes of the billing accounts that feed the account.",
        missing="Empty where no billing account feeds it; never unknown.",
        synonyms=("account_codes", "code"),
        index=Column(
            "b.code",
            "a.id IN (SELECT b.account_id FROM customers_billingaccount b WHERE b.removed_at IS NULL"
            " AND b.site_id = ANY(ARRAY(SELECT c.id FROM connections_site c)) AND {})",
            elements=True,
        ),
    ),
    Attribute(
        "created",
        "Created",
        Type.DATE,
        day("a.created_at"),
        explains="The day the account first appeared.",
        missing=NEVER,
        synonyms=("created_at",),
        index=Instant("b.created_at"),
        brief=day("b.created_at"),
    ),
    Attribute(
        "updated",
        "Last change",
        Type.DATE,
        day("a.updated_at"),
        explains="The day a value of the account last changed.",
        missing=NEVER,
        synonyms=("updated_at", "last_change"),
    ),
    Attribute(
        "card_expires",
        "Payment method expires",
        Type.DATE,
        "(SELECT min(make_date(b.card_expires_year, b.card_expires_month, 1)"
        " + interval '1 month - 1 day')::date FROM customers_billingaccount b"
        " WHERE b.account_id = a.id AND b.removed_at IS NULL"
        " AND b.card_expires_month BETWEEN 1 AND 12 AND b.card_expires_year BETWEEN 1 AND 9998)",
        explains="The last day of the card that ends first.",
        missing="Unknown where no card is known.",
    ),
)

_TYPES = {
    AttributeKind.TEXT.value: Type.TEXT,
    AttributeKind.NUMBER.value: Type.NUMBER,
    AttributeKind.MONEY.value: Type.NUMBER,  # kept as a bare number: its unit is its currency
    AttributeKind.DATE.value: Type.DATE,
    AttributeKind.BOOLEAN.value: Type.BOOLEAN,
    AttributeKind.LIST.value: Type.LIST,
}


def _own(object_kind: str, alias: str, *, taken: Iterable[str]) -> Sequence[Attribute]:
    """The workspace's attributes of one kind of object; a name that is taken is written
    ``custom_NAME``."""
    used = set(taken)
    rows = list(Named.objects.filter(object_kind=object_kind))
    names = {row.name for row in rows}
    return [
        Attribute(
            f"custom_{row.name}" if row.name in used else row.name,
            row.label,
            _TYPES[row.kind],
            column(f"{alias}.attributes", row.name, row.kind),
            unit=row.unit,
            explains="An attribute of this workspace.",
            missing="Unknown where it has no value.",
            synonyms=("tag",) if row.name == tags.NAME and "tag" not in names else (),
            group=CUSTOM,
            index=Kept("a.attributes", row.name) if object_kind == "account" else None,
        )
        for row in rows
        if _NAME.fullmatch(row.name)
    ]


def column(values: str, name: str, kind: str) -> str:
    """An attribute's value out of the JSON that holds it, as its type. What does not look like a
    value of the type is unknown, never an error."""
    text = f"({values} ->> '{name}')"
    match kind:
        case AttributeKind.NUMBER | AttributeKind.MONEY:
            return f"CASE WHEN {text} ~ '^-?[0-9]+([.][0-9]+)?$' THEN {text}::numeric END"
        case AttributeKind.DATE:
            looks = "^(?!0000)[0-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
            first = f"(left({text}, 7) || '-01')::date"
            # The 31st of a month of thirty days looks like a day too; as one it would be an error.
            day = f"{first} + (right({text}, 2)::int - 1)"
            same = f"extract(month FROM {day}) = extract(month FROM {first})"
            return f"CASE WHEN {text} ~ '{looks}' THEN CASE WHEN {same} THEN {day} END END"
        case AttributeKind.BOOLEAN:
            return f"CASE {text} WHEN 'true' THEN true WHEN 'false' THEN false END"
        case AttributeKind.LIST:
            held = f"({values} -> '{name}')"
            whole = f"ARRAY(SELECT jsonb_array_elements_text({held}))"
            return f"CASE WHEN jsonb_typeof({held}) = 'array' THEN {whole} END"
        case _:
            return text
