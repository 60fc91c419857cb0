"""Conflicts: a recognised record whose identifier no longer says what it said.

The first value stands. A conflict is raised in the transaction of the page that brought the other
value, says the same whatever the order in which records arrived, is not raised again once a person
kept the first value against the same other one, and closes when the value comes back.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from tenure.connections.models import Site
from tenure.customers import making
from tenure.customers.landing import Batch
from tenure.customers.making import Claim, Followed, Linked
from tenure.customers.models import Account, BillingAccount, Subscription
from tenure.identity.claims import claims_of, claims_of_subscriptions
from tenure.identity.models import Conflict, ConflictKind, RecordKind, Resolution

MODELS: Mapping[str, type[BillingAccount | Subscription]] = {
    RecordKind.BILLING_ACCOUNT: BillingAccount,
    RecordKind.SUBSCRIPTION: Subscription,
}


def review(
    site: Site, kind: RecordKind, claims: Mapping[str, Claim], followed: Followed, batch: Batch
) -> None:
    """Raise, correct or close the conflicts of the records that were recognised before, and those of
    others that ask for an account that has just been made."""
    if not site.staged and followed.linked:
        _review(site, kind, claims, followed.linked, batch.now)
    if followed.made:
        _now_taken(followed.made)


def would_raise(
    site: Site, kind: RecordKind, claims: Mapping[str, Claim], linked: Mapping[str, Linked]
) -> dict[str, tuple[ConflictKind, str]]:
    """The conflicts that ``review`` would raise or correct, by upstream id: what is wrong, and what
    the record says now. Nothing is written."""
    found = _disagreeing(claims, linked)
    rows = Conflict.objects.filter(site=site, object_kind=kind, upstream_id__in=found)
    standing = rows.filter(Q(resolution="") | Q(resolution=Resolution.KEEP))
    known = set(standing.values_list("upstream_id", "new"))
    return {name: said for name, said in found.items() if (name, said[1]) not in known}


def review_open(site: Site, now: datetime) -> None:
    """Look at the site's open conflicts again: pages that were applied side by side could not see
    each other's accounts."""
    for kind, model in MODELS.items():
        ids = list(_open(site, kind).values_list("upstream_id", flat=True))
        if not ids:
            continue
        rows = list(model.objects.filter(site=site, upstream_id__in=ids))
        linked = making.linked_of(model, site.pk, ids)
        _review(site, RecordKind(kind), _claims(site, kind, rows), linked, now)


def _claims(site: Site, kind: str, rows: Any) -> dict[str, Claim]:
    if kind == RecordKind.BILLING_ACCOUNT:
        return claims_of(site, rows)
    return claims_of_subscriptions(site, rows)


def _review(
    site: Site,
    kind: RecordKind,
    claims: Mapping[str, Claim],
    linked: Mapping[str, Linked],
    now: datetime,
) -> None:
    found = _disagreeing(claims, linked)
    standing = {one.upstream_id: one for one in _open(site, kind).filter(upstream_id__in=linked)}
    over = [one.pk for name, one in standing.items() if name not in found]
    if over:
        Conflict.objects.filter(pk__in=over).update(
            resolution=Resolution.WENT_AWAY, resolved_at=now
        )
    for name, (what, new) in found.items():
        one = standing.get(name)
        if one and (one.kind, one.new) != (what, new):
            one.kind, one.new = what, new
            one.save(update_fields=["kind", "new"])
    raised = {name: said for name, said in found.items() if name not in standing}
    if raised:
        _raise(site, kind, raised, linked, now)


def _disagreeing(
    claims: Mapping[str, Claim], linked: Mapping[str, Linked]
) -> dict[str, tuple[ConflictKind, str]]:
    """What is wrong with each record that says something else than it did, and what it says now."""
    doubtful = {
        name: claims.get(name)
        for name, known in linked.items()
        if name not in claims or claims[name].identifier != known.identified_as
    }
    owners = (
        making.known_accounts(claim for claim in doubtful.values() if claim) if doubtful else {}
    )
    found: dict[str, tuple[ConflictKind, str]] = {}
    for name, claim in doubtful.items():
        known = linked[name]
        owner = owners.get(claim) if claim else None
        if claim is None:
            if known.identified_as is not None:
                found[name] = ConflictKind.VANISHED, ""
        elif owner != known.account_id:
            what = ConflictKind.CHANGED if owner is None else ConflictKind.CLAIMED_TWICE
            found[name] = what, claim.identifier
    return found


def _raise(
    site: Site,
    kind: RecordKind,
    raised: Mapping[str, tuple[ConflictKind, str]],
    linked: Mapping[str, Linked],
    now: datetime,
) -> None:
    kept = Conflict.objects.filter(site=site, object_kind=kind, resolution=Resolution.KEEP)
    settled = set(kept.filter(upstream_id__in=raised).values_list("upstream_id", "new"))
    accounts_of = {name: linked[name].account_id for name in raised}
    named = dict(
        Account.objects.filter(pk__in=accounts_of.values()).values_list("pk", "identifier")
    )
    Conflict.objects.bulk_create(
        [
            Conflict(
                site=site,
                object_kind=kind,
                upstream_id=name,
                account_id=accounts_of[name],
                kind=what,
                old=linked[name].identified_as or named[accounts_of[name]],
                new=new,
                opened_at=now,
            )
            for name, (what, new) in sorted(raised.items())
            if (name, new) not in settled
        ],
        ignore_conflicts=True,
    )


def _now_taken(made: Iterable[Claim]) -> None:
    """Whoever changed to an identifier before it was anybody's has been joined by its claimant."""
    names = {claim.identifier: claim for claim in made}
    rows = Conflict.objects.filter(resolution="", kind=ConflictKind.CHANGED)
    if not rows.exists():  # as in nearly every page: to ask by hundreds of names takes far longer
        return
    rows = rows.filter(new__in=names)
    for one in rows:
        scope = names[one.new].scope_id
        if scope in (None, one.site_id):
            one.kind = ConflictKind.CLAIMED_TWICE
            one.save(update_fields=["kind"])


def _open(site: Site, kind: str) -> "QuerySet[Conflict]":
    return Conflict.objects.filter(site=site, object_kind=kind, resolution="")
