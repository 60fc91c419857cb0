"""Questions about contacts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tenure.customers.models import Contact, Origin

MOST = 500
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Origins:
    """Where a value of a contact came from: the source, its site and field, or who set it when."""

    source: str
    site: str = ""
    field: str = ""
    set_by: str = ""
    set_at: str = ""
    pinned: bool = False


def of_account(account_id: int, *, limit: int = MOST) -> list[Contact]:
    """The account's contacts, those its billing names first, then by name."""
    rows = Contact.objects.filter(account_id=account_id, removed_at=None)
    return list(rows.order_by("-is_named", "name", "identifier")[:limit])


def count(account_id: int) -> int:
    """How many contacts the account has."""
    return Contact.objects.filter(account_id=account_id, removed_at=None).count()


def get(contact_id: int) -> Contact:
    """The contact with its account; a removed one too. Raises Contact.DoesNotExist."""
    return Contact.objects.select_related("account").get(pk=contact_id)


def origin(contact: Contact, name: str) -> Origins:
    """Where this field's value came from; its first value came with the contact itself."""
    entry = contact.sources.get(name) or contact.sources.get("email") or {}
    return Origins(
        source=entry.get("source") or Origin.SYNC.value,
        site=entry.get("site") or "",
        field=entry.get("field") or "",
        set_by=entry.get("set_by") or "",
        set_at=entry.get("set_at") or contact.created_at.isoformat(),
        pinned=bool(entry.get("pin")),
    )


def page(*, account_id: int | None = None, after: int = 0, limit: int = CHUNK) -> Sequence[Contact]:
    """The next contacts by number, of one account or of all, with their accounts."""
    rows = Contact.objects.filter(removed_at=None, account__removed_at=None, pk__gt=after)
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    return list(rows.select_related("account__scope").order_by("pk")[:limit])


def every() -> Iterator[Contact]:
    """Every contact there is, read in pages."""
    last = 0
    while found := page(after=last):
        yield from found
        last = found[-1].pk
