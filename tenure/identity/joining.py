"""Records that were read before their account was there: they join it when people or programs make it.

Only sites in Link only have such records (DESIGN 3.3): any other makes the account itself.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, Func, IntegerField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Length, Lower

from tenure.connections.models import Mode, Site
from tenure.customers import fields, fits, payers
from tenure.customers.landing import Batch
from tenure.customers.making import Claim
from tenure.customers.models import Account, BillingAccount, Change, ChangeSet
from tenure.identity import recognition, rules
from tenure.identity.models import RecordKind
from tenure.identity.resolve import IdentifierRule, identify

BLANKS = " \t\n\x0b\f\r\x1c\x1d\x1e\x1f"  # what Python's str.strip takes for a blank among ASCII


def join(accounts: Collection[int], now: datetime) -> set[int]:
    """Attach to those of these accounts that were made at ``now`` what waited for them; which these are.
    In the caller's transaction, as part of the change sets that made them."""
    sites = Site.objects.filter(accounts_mode=Mode.LINK, staged=False)
    waited_at = list(sites.order_by("priority", "pk")) if accounts else []
    if not waited_at:
        return set()
    rows = Account.objects.filter(pk__in=accounts, created_at=now, removed_at=None)
    made = {Claim(one.identifier, one.scope_id): one for one in rows.select_related("created_in")}
    joined: set[int] = set()
    for site in waited_at:
        joined |= _join(site, made, rules.in_force(), now)
    return joined


def _join(
    site: Site, made: Mapping[Claim, Account], rule: IdentifierRule, now: datetime
) -> set[int]:
    scope = site.pk if rule.per_site else None
    wanted = {claim.identifier for claim in made if claim.scope_id == scope}
    found: dict[ChangeSet | None, list[Any]] = defaultdict(list)
    for row in _waiting(site, rule, wanted) if wanted else ():
        claim = identify(rule, row, site.pk)
        if isinstance(claim, Claim) and claim in made:
            found[made[claim].created_in].append(row)
    joined: set[int] = set()
    for change_set, rows in found.items():
        if change_set is not None:
            joined |= _recognise(site, rule, rows, Batch(site.pk, change_set, now))
    return joined


def _recognise(site: Site, rule: IdentifierRule, rows: list[Any], batch: Batch) -> set[int]:
    ids = [row.upstream_id for row in rows]
    if rule.on_subscriptions:
        return recognition.subscriptions(site, ids, batch).accounts
    followed = recognition.billing_accounts(site, rows, batch)
    _note(site, ids, batch)
    return followed.accounts | payers.adopt_orphans(site.pk, of=ids)


def _note(site: Site, ids: Collection[str], batch: Batch) -> None:
    """Taking the making back lets go of what joined with it."""
    rows = BillingAccount.objects.filter(site=site, upstream_id__in=ids).exclude(account=None)
    Change.objects.bulk_create(
        Change(
            change_set=batch.change_set,
            object_kind=RecordKind.BILLING_ACCOUNT,
            object_id=pk,
            account_id=account_id,
            changes={"account_id": [None, account_id]},
            at=batch.now,
        )
        for pk, account_id in rows.values_list("pk", "account_id")
    )


def _waiting(site: Site, rule: IdentifierRule, wanted: Collection[str]) -> QuerySet[Any]:
    """The site's records of nobody that may claim one of these identifiers; ``identify`` has the last
    word. One of plain ASCII is told by the database, any other is among them."""
    kind, path = fields.split(rule.field)
    rows = fits.rows(kind, [site.pk]).filter(account=None)
    column = "upstream_id" if path == "id" else path
    if column in ("upstream_id", "code") and not rule.fold_case:  # these have an index
        apart = {unicodedata.normalize("NFD", one) for one in wanted}
        return rows.filter(**{f"{column}__in": {*wanted, *apart}})
    said = Cast(fits.expression(column), TextField())
    read = Func(F("said"), Value(BLANKS), function="btrim", output_field=TextField())
    octets = Func(F("said"), function="octet_length", output_field=IntegerField())
    told = rows.annotate(said=said).annotate(read=Lower(read) if rule.fold_case else read)
    beyond = told.annotate(octets=octets, characters=Length("said"))
    found: QuerySet[Any] = beyond.filter(Q(read__in=wanted) | ~Q(octets=F("characters")))
    return found
