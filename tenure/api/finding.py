"""Finding what an address names; what is not there is a 404."""

from urllib.parse import quote

from django.conf import settings
from django.db import transaction

from tenure.api.problems import not_found
from tenure.connections.models import Site
from tenure.connections.read import site_named
from tenure.core.errors import ConfigurationError
from tenure.customers.lookup import account_of
from tenure.customers.models import Account
from tenure.health import shapes
from tenure.metrics.as_of import Moment

LONGEST = 400


def account(identifier: str) -> Account:
    """The account by its identifier, or by ``SUBDOMAIN:IDENTIFIER``."""
    try:
        return account_of(identifier)
    except ConfigurationError as error:
        several = "several" in error.message
        step = error.next_step if several else "List them with GET /api/v1/accounts."
        raise not_found(error.message, step) from error


def locked_account(identifier: str) -> Account:
    """The account with its row locked, so that what is compared is what is changed."""
    lock(account(identifier).pk)
    return account(identifier)


def lock(account_id: int) -> None:
    """Hold an account's row until the request's transaction, which the gate opens, ends."""
    assert transaction.get_connection().in_atomic_block  # noqa: S101  # or nothing would be held
    Account.objects.select_for_update(no_key=True).get(pk=account_id)


def shown(found: Account, moment: Moment | None = None) -> dict[str, object]:
    """The account in full, now or as it was known at a past time."""
    return shapes.accounts([found], settings.TENURE_CLOCK.now(), moment)[0]


def site(subdomain: str) -> Site:
    """The site of this subdomain."""
    try:
        return site_named(subdomain)
    except ConfigurationError as error:
        raise not_found(error.message, error.next_step) from error


def quoted(address: str | None) -> str:
    """An identifier as it stands in an address."""
    return quote(address or "", safe=":")
