"""Removing a site with everything that was read from it."""

from datetime import datetime

from django.db import transaction

from tenure.connections import write as connections
from tenure.connections.models import Site
from tenure.core.errors import TemporaryError
from tenure.customers.models import Touched
from tenure.customers.purge import delete_site
from tenure.sync import write
from tenure.sync.models import ACTIVE, Run


def withdraw(site: Site, *, now: datetime) -> None:
    """Purge a site that is still staged; a run of it is broken off first."""
    write.break_off(site)
    purge(site, now=now)


def purge(site: Site, *, now: datetime) -> None:
    """Delete the site, its runs, raw payloads, records and the accounts only it knew, at once.

    Raises TemporaryError while a run of the site is going on.
    """
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)  # no run begins meanwhile
        going = Run.objects.filter(site=site, state__in=ACTIVE).first()
        if going:
            raise TemporaryError(
                f"{site.subdomain}: run {going.pk} is going on.",
                next_step="Wait for its end or cancel it, then remove the site.",
            )
        staying = delete_site(site)
        Touched.objects.bulk_create(
            [Touched(account_id=key, since=now) for key in staying], ignore_conflicts=True
        )
        connections.delete(site)
