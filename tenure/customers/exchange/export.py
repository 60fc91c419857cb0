"""Contacts as rows of a file of any length, with heads that an import recognises."""

from collections.abc import Iterator
from typing import Any

from tenure.customers.contacts import read
from tenure.customers.models import Origin

HEAD = ("Account", "Site", "E-mail", "Name", "Title", "Contact identifier", "Source", "Named by")


def contacts(account_id: int | None = None) -> Iterator[list[Any]]:
    """Every contact there is, or those of one account, the head first."""
    yield list(HEAD)
    last = 0
    while found := read.page(account_id=account_id, after=last):
        for contact in found:
            account, origin = contact.account, read.origin(contact, "email")
            yield [
                account.identifier,
                account.scope.subdomain if account.scope else None,
                contact.email,
                contact.name,
                contact.title,
                contact.identifier,
                origin.site or Origin(origin.source).label,
                origin.field if contact.is_named else None,
            ]
        last = found[-1].pk
