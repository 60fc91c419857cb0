"""Deleting for good everything that was read from one site. Not undone by anything but a new pull."""

from collections.abc import Sequence

from django.db import transaction

from tenure.connections.models import Site
from tenure.customers.models import Account, BillingAccount, Change
from tenure.customers.tables import OF_RECORD


def delete_site(site: Site) -> Sequence[int]:
    """Delete the site's records, their history, and the accounts only this site knew.

    Returns the ids of the accounts that stay because another site or a member feeds them too;
    their figures must be made anew.
    """
    fed = BillingAccount.objects.filter(site=site, account__isnull=False)
    touched = set(fed.values_list("account_id", flat=True))
    with transaction.atomic():
        for table in OF_RECORD.values():
            rows = table.model.objects.filter(site=site)
            Change.objects.filter(object_kind=table.kind, object_id__in=rows.values("pk")).delete()
            rows.delete()
        known = BillingAccount.objects.filter(account__in=touched).values("account_id")
        orphans = Account.objects.filter(pk__in=touched).exclude(pk__in=known)
        gone = set(orphans.values_list("pk", flat=True))
        gone |= set(Account.objects.filter(scope=site).values_list("pk", flat=True))
        Change.objects.filter(account_id__in=gone).delete()
        Account.objects.filter(pk__in=gone).delete()
    return sorted(touched - gone)
