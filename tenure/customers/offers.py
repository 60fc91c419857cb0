"""What rules may ask of accounts, subscriptions, invoices and contacts as they are kept.

Figures computed from them are the ``metrics`` package's to offer.
"""

import re
from collections.abc import Iterable, Sequence

from tenure.customers import tags
from tenure.customers.models import Attribute as Named
from tenure.customers.models import AttributeKind
from tenure.rules.catalogue import Attribute, Relation
from tenure.rules.indexes import Column, Instant, Kept, Spelt
from tenure.rules.operators import Type

IDENTITY, CUSTOM = "Account", "Attributes"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


def account_attributes() -> tuple[Attribute, ...]:
    """What an account itself is, then the workspace's own attributes."""
    return (*_ACCOUNT, *_own("account", "a", taken={one.key for one in _ACCOUNT}))


def relations() -> tuple[Relation, ...]:
    """Subscriptions, invoices and contacts of an account."""
    own = _own("subscription", "s", taken={one.key for one in _SUBSCRIPTION})
    return (
        Relation(
            "subscription",
            "Subscription",
            "subscriptions",
            "s",
            "customers_subscription",
            (*_SUBSCRIPTION, *own),
            where="s.removed_at IS NULL",
            past_rows="customers_subscription_over_time",
            past_where="(s.removed_at IS NULL OR s.removed_at > {now})",
            evidence="coalesce(s.plan_name, s.plan_code, s.upstream_id)",
        ),
        Relation(
            "invoice",
            "Invoice",
            "invoices",
            "i",
            _INVOICE_ROWS,
            _INVOICE,
            past_rows=_PAST_INVOICE_ROWS,
            past_where="(i.removed_at IS NULL OR i.removed_at > {now})",
            evidence="coalesce(i.number, i.upstream_id)",
        ),
        Relation(
            "contact",
            "Contact",
            "contacts",
            "p",
            "customers_contact",
            _CONTACT,
            where="p.removed_at IS NULL",
            evidence="coalesce(nullif(p.name, ''), nullif(p.email, ''), p.identifier)",
        ),
    )


def _day(column: str) -> str:
    return f"({column} AT TIME ZONE {{zone}})::date"


def _site(alias: str) -> str:
    return f"(SELECT c.subdomain FROM connections_site c WHERE c.id = {alias}.site_id)"


def _amount(
    key: str, label: str, column: str, alias: str, explains: str, *synonyms: str
) -> Attribute:
    """Money of a related row, in the row's own currency."""
    return Attribute(
        key,
        label,
        Type.MONEY,
        f"{column} * CASE {alias}.currency{{converted}} END",
        by_currency=f"CASE WHEN {alias}.currency = {{currency}} THEN {column} END",
        explains=explains,
        missing="Unknown where no rate to the workspace's currency is known.",
        synonyms=synonyms,
    )


def _text(key: str, label: str, column: str, explains: str = "", *synonyms: str) -> Attribute:
    return Attribute(key, label, Type.TEXT, column, explains=explains, synonyms=synonyms)


def _word(key: str, label: str, column: str, values: str, explains: str = "") -> Attribute:
    return Attribute(
        key, label, Type.ENUM, column, values=tuple(values.split()), open=True, explains=explains
    )


def _date(key: str, label: str, column: str, missing: str = "", *synonyms: str) -> Attribute:
    return Attribute(key, label, Type.DATE, _day(column), missing=missing, synonyms=synonyms)


def _plain(key: str, label: str, kind: Type, column: str, explains: str = "") -> Attribute:
    return Attribute(key, label, kind, column, explains=explains)


_ACCOUNT = (
    Attribute(
        "identifier",
        "Identifier",
        Type.TEXT,
        "a.identifier",
        explains="The text the customer is recognised by.",
        synonyms=("id",),
        index=Spelt("a.identifier"),
    ),
    Attribute("name", "Name", Type.TEXT, "a.name", index=Spelt("a.name")),
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
        _day("a.created_at"),
        explains="The day the account first appeared.",
        synonyms=("created_at",),
        index=Instant("a.created_at"),
    ),
    Attribute(
        "updated",
        "Last change",
        Type.DATE,
        _day("a.updated_at"),
        explains="The day a value of the account last changed.",
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

_SUBSCRIPTION = (
    _word(
        "state",
        "State",
        "s.state",
        "active canceled expired failed future paused",
        "As billing has it; canceled will not renew, and counts until it ends.",
    ),
    _text("plan", "Plan", "s.plan_code", "The plan's code.", "plan_code"),
    _text("plan_name", "Plan name", "s.plan_name"),
    Attribute("quantity", "Quantity", Type.NUMBER, "s.quantity::numeric", synonyms=("seats",)),
    _amount("unit_amount", "Unit amount", "s.unit_amount", "s", "The price of one.", "price"),
    _text("currency", "Currency", "s.currency"),
    _text("site", "Site", _site("s")),
    _plain("auto_renew", "Renews by itself", Type.BOOLEAN, "s.auto_renew"),
    _text("collection_method", "Collection", "s.collection_method"),
    _text("po_number", "Purchase order", "s.po_number"),
    _date("created", "Created", "s.created_at", "", "created_at"),
    _date("activated", "Activated", "s.activated_at", "Unknown before it begins.", "activated_at"),
    _date("trial_ends", "Trial ends", "s.trial_ends_at", "Unknown without a trial."),
    _date("period_ends", "Period ends", "s.current_period_ends_at", "", "next_bill_date"),
    _date("term_ends", "Term ends", "s.current_term_ends_at", "", "renewal", "next_renewal_date"),
    _date("canceled", "Cancelled", "s.canceled_at", "Unknown while not cancelled.", "canceled_at"),
    _date("expires", "Expires", "s.expires_at", "Unknown while it goes on.", "expires_at"),
    _date("paused", "Paused", "s.paused_at", "Unknown while not paused.", "paused_at"),
    _text("expiration_reason", "Why it ended", "s.expiration_reason"),
)

# An invoice shared out by its lines is a row of each account it is shared between.
_INVOICE_COLUMNS = (
    "id, i.site_id, i.upstream_id, i.number, i.state, i.type, i.origin, i.currency, i.created_at,"
    " i.closed_at, i.due_at, i.net_terms, i.net_terms_type, i.collection_method, i.po_number,"
    " i.dunning_events_sent, i.final_dunning_event"
)
_INVOICE_ROWS = f"""(
    SELECT i.account_id, i.total, i.paid, i.balance, i.{_INVOICE_COLUMNS}
    FROM customers_invoice i WHERE i.removed_at IS NULL AND i.account_id IS NOT NULL
    UNION ALL
    SELECT part.account_id, part.total, part.paid, part.balance, i.{_INVOICE_COLUMNS}
    FROM customers_allocation part JOIN customers_invoice i ON i.id = part.invoice_id
    WHERE i.removed_at IS NULL AND part.account_id IS NOT NULL)"""
# Of a shared invoice each account's part is known as it is today, for any time.
_PAST_INVOICE_ROWS = f"""(
    SELECT i.account_id, i.total, i.paid, i.balance, i.valid_from, i.valid_to, i.removed_at,
           i.{_INVOICE_COLUMNS}
    FROM customers_invoice_over_time i WHERE i.account_id IS NOT NULL
    UNION ALL
    SELECT part.account_id, part.total, part.paid, part.balance, i.valid_from, i.valid_to,
           i.removed_at, i.{_INVOICE_COLUMNS}
    FROM customers_allocation part JOIN customers_invoice_over_time i ON i.id = part.invoice_id
    WHERE part.account_id IS NOT NULL)"""

_INVOICE = (
    _text("number", "Number", "i.number"),
    _word(
        "state", "State", "i.state", "pending processing past_due paid failed open closed voided"
    ),
    _word("type", "Type", "i.type", "charge credit legacy"),
    _text("origin", "Origin", "i.origin"),
    _amount("total", "Total", "i.total", "i", "What was billed.", "amount"),
    _amount("paid_amount", "Paid", "i.paid", "i", "What was paid of it."),
    _amount("balance", "Balance", "i.balance", "i", "What is still owed, by billing's word."),
    _text("currency", "Currency", "i.currency"),
    _text("site", "Site", _site("i")),
    _text("collection_method", "Collection", "i.collection_method"),
    _text("po_number", "Purchase order", "i.po_number"),
    _date("issued", "Issued", "i.created_at", "", "created", "created_at"),
    _date("closed", "Closed", "i.closed_at", "Unknown while it is open.", "paid_on", "closed_at"),
    _plain(
        "reminders",
        "Reminders sent",
        Type.NUMBER,
        "coalesce(i.dunning_events_sent, 0)::numeric",
        "How many reminders were sent.",
    ),
    _plain("final_reminder", "Last reminder sent", Type.BOOLEAN, "i.final_dunning_event"),
)

_CONTACT = (
    _text("name", "Name", "nullif(p.name, '')"),
    _text("email", "E-mail", "nullif(p.email, '')"),
    _text("title", "Title", "nullif(p.title, '')", "", "role"),
    _plain(
        "named", "Named by billing", Type.BOOLEAN, "p.is_named", "A billing account names them."
    ),
    _date("created", "Created", "p.created_at", "", "created_at"),
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
