"""Finding one customer by what a person types: an identifier, with its site where that is needed."""

from tenure.core.errors import ConfigurationError
from tenure.customers.models import Account

SHOWN = 10


def account_of(text: str) -> Account:
    """The account of this identifier; ``subdomain:identifier`` names the one of that site.

    Raises ConfigurationError when there is none, or when several sites have one and none was named.
    """
    typed = text.strip()
    found = _of(typed) or _of_site(typed)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigurationError(
            f"There is no account {typed[:255]!r}.",
            next_step="Look for it with tenure accounts --search.",
        )
    choices = ", ".join(f"{one.scope.subdomain}:{one.identifier}" for one in found if one.scope)
    raise ConfigurationError(
        f"{typed!r} is an account of several sites.", next_step=f"Say which: {choices}."
    )


def _of(identifier: str) -> list[Account]:
    if "\x00" in identifier:
        return []
    rows = Account.objects.select_related("owner", "scope").filter(
        identifier=identifier, removed_at=None
    )
    return list(rows.order_by("scope__subdomain")[:SHOWN])


def _of_site(typed: str) -> list[Account]:
    subdomain, colon, identifier = typed.partition(":")
    if not colon:
        return []
    return [
        one
        for one in _of(identifier)
        if one.scope is not None and one.scope.subdomain == subdomain.lower()
    ]
