"""The candidates, and where the values of each are read: a relation of site, payer, id and raw value."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tenure.customers import fields
from tenure.customers.models import SourceField
from tenure.identity.report.figures import ACCOUNT, CONTACT, SUBSCRIPTION

# What is gathered once for all places of a kind, because payers are looked up or persons told apart.
GATHERED = {SUBSCRIPTION: "report_agreement", CONTACT: "report_person"}
_TABLES = {ACCOUNT: "customers_billingaccount", SUBSCRIPTION: "customers_subscription"}
_COLUMNS = {
    "account.code": "code",
    "account.id": "upstream_id",
    "account.email": "email",
    "account.username": "username",
    "account.company": "company",
    "account.vat_number": "vat_number",
    "subscription.id": "upstream_id",
    "subscription.po_number": "po_number",
}
LABELS = {
    "account.code": "Account code",
    "account.id": "Account id",
    "account.email": "E-mail",
    "account.username": "Username",
    "account.company": "Company",
    "account.vat_number": "VAT number",
    "subscription.id": "Subscription id",
    "subscription.po_number": "Purchase order",
    "contact.email": "E-mail",
    "contact.name": "Name",
}
# The subscriptions with whoever pays them: the id of a billing account that is here, and for one that is
# not a number below zero made of its own, so that the same payer is the same number.
_AGREEMENTS = """
    SELECT s.id, s.site_id AS site, coalesce(b.id,
            -1 - (hashtextextended(s.site_id || ' ' || s.account_upstream_id, 0) & 9223372036854775807)) AS payer,
        s.upstream_id, s.po_number, s.custom_fields
    FROM customers_subscription s LEFT JOIN customers_billingaccount b
        ON b.site_id = s.site_id AND b.upstream_id = s.account_upstream_id AND b.removed_at IS NULL
    WHERE s.removed_at IS NULL"""
# A person of a billing account: whoever is billed, those who get copies, who pays, where it is sent.
_PEOPLE = """
    SELECT b.id, b.site_id AS site, b.id AS payer, p.email, p.name FROM customers_billingaccount b
    CROSS JOIN LATERAL (
        SELECT b.email AS email, nullif(concat_ws(' ', nullif(b.first_name, ''), nullif(b.last_name, '')), '') AS name
        WHERE b.email <> '' OR b.first_name <> '' OR b.last_name <> ''
        UNION ALL SELECT copy, NULL FROM regexp_split_to_table(b.cc_emails, '[,;[:space:]]+') copy WHERE copy <> ''
        UNION ALL SELECT NULL, b.billing_name WHERE b.billing_name <> '' AND b.billing_name IS DISTINCT FROM b.company
            AND b.billing_name <> concat_ws(' ', nullif(b.first_name, ''), nullif(b.last_name, ''))
        UNION ALL SELECT person->>'email', nullif(concat_ws(' ', nullif(person->>'first_name', ''),
            nullif(person->>'last_name', '')), '')
        FROM jsonb_array_elements(b.shipping_contacts) person
        WHERE person->>'email' <> '' OR person->>'first_name' <> '' OR person->>'last_name' <> ''
    ) p WHERE b.removed_at IS NULL"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a candidate is read: ``raw`` is its value in a row of ``table``, where ``name`` is bound for
    ``%(name)s``."""

    field: str
    label: str
    table: str
    raw: str
    name: str = ""

    @property
    def relation(self) -> str:
        """The records that are here, as ``id``, ``site`` and ``raw``."""
        return f"(SELECT id, site_id AS site, {self.raw} AS raw FROM {self.table} WHERE removed_at IS NULL)"

    @property
    def gathered(self) -> str:
        """The same as counting reads them, with the number of their ``payer``: the id of its billing
        account. What is gathered beforehand is in a table of this name."""
        if self.is_own:
            return f"(SELECT id, site_id AS site, id AS payer, {self.raw} AS raw FROM {self.table} WHERE removed_at IS NULL)"
        return f"(SELECT id, site, payer, {self.raw} AS raw FROM {GATHERED[self.object_kind]})"

    @property
    def object_kind(self) -> str:
        return self.field.partition(".")[0]

    @property
    def is_own(self) -> bool:
        """Whether a billing account has one value at most: its own."""
        return self.object_kind == ACCOUNT


def place_of(field: str, label: str = "") -> Place | None:
    """Where this field is read; None when there is no such field."""
    kind, path = fields.split(field)
    custom = fields.custom_name(path)
    if custom is None and field not in LABELS:
        return None
    if custom is not None and (kind not in _TABLES or not custom):
        return None
    told = label or LABELS.get(field) or (custom or path).replace("_", " ").capitalize()
    if kind == CONTACT:
        return Place(field, told, GATHERED[CONTACT], path)
    column = _COLUMNS.get(field, "custom_fields->>%(name)s")
    return Place(field, told, _TABLES[kind], column, custom or "")


@contextmanager
def gathering(cursor: CursorWrapper, kind: str) -> Iterator[int]:
    """Put the persons of all billing accounts, or all subscriptions, where their places read them for the
    length of a block; how many there are."""
    table = GATHERED[kind]
    what = _PEOPLE if kind == CONTACT else _AGREEMENTS
    cursor.execute(f"DROP TABLE IF EXISTS {table}")
    cursor.execute(f"CREATE TEMP TABLE {table} AS {what}")
    records = cursor.rowcount
    cursor.execute(f"ANALYZE {table} (id, site, payer)")
    yield records
    cursor.execute(f"DROP TABLE {table}")


def places() -> Sequence[Place]:
    """Every candidate for accounts: the standard fields that might do, and all custom fields that are
    filled somewhere or defined somewhere, whether anybody filled them or not."""
    custom = {kind: _custom_fields(kind) for kind in (ACCOUNT, SUBSCRIPTION)}
    named = [(field, "") for field in _COLUMNS] + [
        (f"{kind}.{fields.CUSTOM}.{name}", label)
        for kind, names in custom.items()
        for name, label in names.items()
    ]
    found = (place_of(field, label) for field, label in named)
    return [place for place in found if place]


def contact_places() -> Sequence[Place]:
    """The candidates for persons that are read off the persons themselves."""
    found = (place_of(field) for field in ("contact.email", "contact.name"))
    return [place for place in found if place]


def _custom_fields(kind: str) -> dict[str, str]:
    """The custom fields of one kind of object with their labels, by name."""
    defined = SourceField.objects.filter(object_kind=kind, vanished_at=None).order_by("name", "pk")
    names = {name: label for name, label in defined.values_list("name", "label") if name}
    met = f"SELECT name FROM {_TABLES[kind]} o, jsonb_object_keys(o.custom_fields - %s::text[]) name WHERE o.removed_at IS NULL AND jsonb_typeof(o.custom_fields) = 'object'"
    with connection.cursor() as cursor:
        # The first records tell nearly all names, so that the pass over all of them finds little.
        cursor.execute(f"{met} ORDER BY o.id LIMIT 10000", [list(names)])
        found = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            f"{met} AND o.custom_fields - %s::text[] <> '{{}}' GROUP BY name",
            [known := [*names, *found], known],
        )
        found |= {name for (name,) in cursor.fetchall()}
    return names | dict.fromkeys(sorted(found), "")
