"""Whom the billing accounts of a customer name, and as what. Pure.

A person is named by the account's e-mail with its first and last name, by ``cc_emails``, by a
shipping address, and by the billing name, which goes with the account's e-mail. Several mentions of
one person are one contact; a value is the first non-empty one in the order site priority, age, id,
so whatever arrived first makes no difference (DESIGN 3.2).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LONGEST_EMAIL = 320
LONGEST_NAME = 300
_ADDRESS = re.compile(r"[^\s,;<>\"'()@]+@[^\s,;<>\"'()@]+")

EMAIL, COPIES, SHIPPING, BILLING = (
    "account.email",
    "account.cc_emails",
    "account.shipping_contacts",
    "account.billing_name",
)
NAMES = "account.first_name"


@dataclass(frozen=True, slots=True)
class Payer:
    """A billing account as far as its people are concerned. ``identifier`` is what the field says
    that identifies its contact, where the rule names one other than the e-mail."""

    site: str
    priority: int
    created_at: datetime
    upstream_id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    billing_name: str | None = None
    cc_emails: str | None = None
    shipping: Sequence[Any] | None = None
    identifier: str = ""


@dataclass(slots=True)
class Person:
    """A contact as its sources make it; each value with the site and field it came from.

    ``is_identified`` says that ``identifier`` was read where the rule says, and is not the e-mail
    for want of one."""

    identifier: str
    email: str
    site: str
    field: str
    name: str = ""
    name_site: str = ""
    name_field: str = ""
    is_identified: bool = False

    def call(self, name: str, site: str, field: str) -> None:
        """Take this name unless there is one already."""
        if name and not self.name:
            self.name, self.name_site, self.name_field = name[:LONGEST_NAME], site, field


def contacts_of(payers: Iterable[Payer]) -> dict[str, Person]:
    """The people these billing accounts of one customer name, by identifier."""
    found: dict[str, Person] = {}
    for payer in sorted(payers, key=lambda p: (p.priority, p.created_at, p.upstream_id)):
        for email, identifier, name, field in _mentions(payer):
            key = identifier or fold(email)
            person = found.get(key)
            if person is None:
                where = field if field != NAMES else EMAIL
                person = Person(key, email, payer.site, where, is_identified=bool(identifier))
                found[key] = person
            person.call(name, payer.site, field)
    return found


def fold(text: str) -> str:
    """The form e-mails are compared in: trimmed, whatever the case."""
    text = text.strip()
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def addresses_in(text: str | None) -> list[str]:
    """Every e-mail address in a text, in its order; ``Ann <ann@acme.example>`` is one too."""
    if not text or "@" not in text:
        return []
    return [found for found in _ADDRESS.findall(text) if len(found) <= LONGEST_EMAIL]


Mention = tuple[str, str, str, str]  # e-mail, identifier by the rule, name, the field that says so


def _mentions(payer: Payer) -> Iterator[Mention]:
    own = addresses_in(payer.email)[:1]
    for email in own:
        yield email, fold(payer.identifier), _joined(payer.first_name, payer.last_name), NAMES
    for entry in payer.shipping or ():
        if isinstance(entry, Mapping):
            name = _joined(entry.get("first_name"), entry.get("last_name"))
            for email in addresses_in(str(entry.get("email") or ""))[:1]:
                yield email, _same(email, own, payer), name, SHIPPING
    if payer.billing_name:
        for email in own:
            yield email, fold(payer.identifier), payer.billing_name.strip(), BILLING
    for email in addresses_in(payer.cc_emails):
        yield email, _same(email, own, payer), "", COPIES


def _same(email: str, own: Sequence[str], payer: Payer) -> str:
    """The mapped identifier where the address is the account's own; it says who that person is."""
    return fold(payer.identifier) if own and fold(email) == fold(own[0]) else ""


def _joined(first: Any, last: Any) -> str:
    return f"{first or ''} {last or ''}".strip()
