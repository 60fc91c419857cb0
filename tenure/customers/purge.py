"""Deleting for good everything that was read from one site. Not undone by anything but a new pull."""

from collections.abc import Sequence

from django.db import transaction

from tenure.connections.models import Site
from tenure.customers import payers
from tenure.customers.models import Account, AccountCoupon, Change, CouponTrace
from tenure.customers.tables import OF_RECORD


def delete_site(site: Site) -> Sequence[int]:
    """Delete the site's records, their history, and the accounts only this site knew.

    Returns the ids of the accounts that stay because another site or a member feeds them too;
    their figures must be made anew.
    """
    fed = Account.objects.filter(payers.fed_by([site]))
    fed |= Account.objects.filter(billing_accounts__site=site)
    touched = set(fed.values_list("pk", flat=True))
    with transaction.atomic():
        for table in OF_RECORD.values():
            rows = table.model.objects.filter(site=site)
            Change.objects.filter(object_kind=table.kind, object_id__in=rows.values("pk")).delete()
            rows.delete()
        AccountCoupon.objects.filter(site=site).delete()
        CouponTrace.objects.filter(site=site).delete()
        elsewhere = Site.objects.exclude(pk=site.pk).values_list("pk", flat=True)
        alone = Account.objects.filter(pk__in=touched, billing_accounts=None)
        orphans = alone.exclude(payers.fed_by(elsewhere))
        gone = set(orphans.values_list("pk", flat=True))
        gone |= set(Account.objects.filter(scope=site).values_list("pk", flat=True))
        Change.objects.filter(account_id__in=gone).delete()
        Account.objects.filter(pk__in=gone).delete()
    return sorted(touched - gone)
