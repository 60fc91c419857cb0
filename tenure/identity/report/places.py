"""The candidates, and where the values of each are read: a relation of site, payer, id and raw value."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tenure.customers import fields
from tenure.customers.models import SourceField
from tenure.identity.report.figures import ACCOUNT, CONTACT, SUBSCRIPTION

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
# A person of a billing account: whoever is billed, those who get copies, who pays, where it is sent.
_PEOPLE = """
    SELECT b.id, b.site_id AS site, b.upstream_id AS payer, p.email, p.name FROM customers_billingaccount b
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
    """Where a candidate is read. ``relation`` has the columns ``id``, ``site``, ``payer`` and ``raw``;
    ``name`` is bound in it where it says ``%(name)s``."""

    field: str
    label: str
    relation: str
    name: str = ""

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
        return Place(field, told, f"(SELECT id, site, payer, {path} AS raw FROM report_person)")
    column = _COLUMNS.get(field, "custom_fields->>%(name)s")
    payer = "upstream_id" if kind == ACCOUNT else "account_upstream_id"
    relation = f"(SELECT id, site_id AS site, {payer} AS payer, {column} AS raw FROM {_TABLES[kind]} WHERE removed_at IS NULL)"
    return Place(field, told, relation, custom or "")


def gather_people(cursor: CursorWrapper) -> None:
    """Put the persons of all billing accounts where the places of contacts read them."""
    cursor.execute("DROP TABLE IF EXISTS report_person")
    cursor.execute(f"CREATE TEMP TABLE report_person AS {_PEOPLE}")
    cursor.execute("CREATE INDEX ON report_person (id); ANALYZE report_person")


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
