"""What a column of a file may become, and what each column probably is."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenure.customers import fields
from tenure.customers.attributes import RESERVED
from tenure.customers.models import Attribute, AttributeKind
from tenure.customers.write import ValueRefused

ACCOUNTS, CONTACTS = "accounts", "contacts"
KINDS = {ACCOUNTS: "Accounts", CONTACTS: "Contacts"}
NOTHING, IDENTIFIER, SITE, ACCOUNT = "", "identifier", "site", "account"
ATTRIBUTE, NEW = "attributes.", "new."

_NUMERIC = frozenset({AttributeKind.NUMBER.value, AttributeKind.MONEY.value})


@dataclass(frozen=True, slots=True)
class Target:
    """One thing a column can become. ``kind`` is an attribute's type, "" for what is none."""

    key: str
    label: str
    group: str
    kind: str = ""


_OWN: Mapping[str, tuple[Target, ...]] = {
    ACCOUNTS: (
        Target(IDENTIFIER, "Identifier", "Account"),
        Target(SITE, "Site of the identifier", "Account"),
        Target("name", "Name", "Account"),
        Target("owner", "Owner (a member's e-mail)", "Account"),
    ),
    CONTACTS: (
        Target(ACCOUNT, "Identifier of the account", "Account"),
        Target(SITE, "Site of the account's identifier", "Account"),
        Target("email", "E-mail", "Contact"),
        Target("name", "Name", "Contact"),
        Target("title", "Title", "Contact"),
        Target(IDENTIFIER, "Identifier of the contact", "Contact"),
    ),
}
# Words people use for the same thing, without spaces and signs.
_WORDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    ACCOUNTS: {
        IDENTIFIER: "identifier accountidentifier id accountid accountcode code customerid"
        " customernumber externalid tenantid kundennummer".split(),
        SITE: ("site",),
        "name": "name accountname customer customername account".split(),
        "owner": "owner csm accountowner accountmanager customersuccessmanager owneremail".split(),
    },
    CONTACTS: {
        ACCOUNT: "account accountidentifier accountid accountcode customerid customernumber"
        " externalid tenantid kundennummer".split(),
        SITE: ("site",),
        "email": "email emailaddress mail contactemail".split(),
        "name": "name fullname contactname contact".split(),
        "title": "title jobtitle role position".split(),
        IDENTIFIER: "contactidentifier contactid userid".split(),
    },
}
NEW_KINDS = tuple(
    Target(f"{NEW}{kind.value}", f"New attribute: {kind.label.lower()}", "New", kind.value)
    for kind in AttributeKind
)


def targets(kind: str) -> list[Target]:
    """Everything a column of a file of this kind can become, in the order of a menu."""
    found = list(_OWN[kind])
    if kind == ACCOUNTS:
        rows = Attribute.objects.filter(object_kind=fields.ACCOUNT)
        found += [
            Target(f"{ATTRIBUTE}{a.name}", f"{a.label} ({a.name})", "Attributes", a.kind)
            for a in rows
        ]
        found += NEW_KINDS
    return found


def suggested(kind: str, columns: Sequence[str]) -> list[str]:
    """What each column probably is, NOTHING where its head says nothing to us; nothing twice."""
    menus = [{word: key for key, several in _WORDS[kind].items() for word in several}]
    if kind == ACCOUNTS:
        rows = list(Attribute.objects.filter(object_kind=fields.ACCOUNT))
        menus.append({_bare(a.name): f"{ATTRIBUTE}{a.name}" for a in rows})
        menus.append({_bare(a.label): f"{ATTRIBUTE}{a.name}" for a in reversed(rows)})
    found: list[str] = []
    for column in columns:
        possible = (menu.get(_bare(column), NOTHING) for menu in menus)
        found.append(next((key for key in possible if key and key not in found), NOTHING))
    return found


def checked(kind: str, columns: Sequence[str], mapping: Sequence[str]) -> list[str]:
    """The mapping when it can be used. Raises ValueRefused with what is missing or too much."""
    known = {target.key for target in targets(kind)} | {NOTHING}
    chosen = [*mapping, *[NOTHING] * (len(columns) - len(mapping))]
    for column, key in zip(columns, chosen, strict=True):
        if key not in known:
            raise ValueRefused("mapping", f"Column {column!r} cannot become {key!r}.")
        if key and not key.startswith(NEW) and chosen.count(key) > 1:
            label = next(t.label for t in targets(kind) if t.key == key)
            raise ValueRefused("mapping", f"Two columns are chosen as {label}.", "Keep one.")
    _refuse_missing(kind, chosen)
    names = [name_of(c) for c, key in zip(columns, chosen, strict=True) if key.startswith(NEW)]
    for name in names:
        if not name or name in RESERVED or names.count(name) > 1:
            raise ValueRefused(
                "mapping",
                f"A column's head makes no name for a new attribute: {name or 'it is empty'!r}.",
                "Give the column another head, or choose an attribute there is.",
            )
    return [_existing(c, key) for c, key in zip(columns, chosen, strict=True)]


def _refuse_missing(kind: str, chosen: Sequence[str]) -> None:
    if kind == ACCOUNTS and IDENTIFIER not in chosen:
        raise ValueRefused("mapping", "No column is the identifier.", "Choose the one that is.")
    if kind == CONTACTS and ACCOUNT not in chosen:
        raise ValueRefused("mapping", "No column names the account.", "Choose the one that does.")
    if kind == CONTACTS and not {"email", IDENTIFIER} & set(chosen):
        raise ValueRefused("mapping", "No column has the e-mail.", "Choose the one that has.")


def _existing(column: str, key: str) -> str:
    """A new attribute that is there by now is simply that one."""
    name = name_of(column)
    if (
        key.startswith(NEW)
        and Attribute.objects.filter(object_kind=fields.ACCOUNT, name=name).exists()
    ):
        return f"{ATTRIBUTE}{name}"
    return key


def name_of(column: str) -> str:
    """The attribute's name that a column's head makes: ``Contract end`` becomes ``contract_end``."""
    plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:80]


def kinds_of(mapping: Sequence[str]) -> list[str]:
    """The type of the attribute each column becomes; "" for what is none."""
    rows = Attribute.objects.filter(object_kind=fields.ACCOUNT)
    known = {f"{ATTRIBUTE}{name}": kind for name, kind in rows.values_list("name", "kind")}
    return [key.removeprefix(NEW) if key.startswith(NEW) else known.get(key, "") for key in mapping]


def is_numeric(kind: str) -> bool:
    """Whether a format of numbers matters to values of this type."""
    return kind in _NUMERIC


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain)
