"""Conflicts for people: the list, what each resolution would do in words, and resolving one.

``disagreement`` raises them. Whoever calls ``resolve`` refreshes the figures of the accounts it
returns, in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tenure.connections.models import Site
from tenure.core.errors import ConfigurationError
from tenure.customers import making
from tenure.customers.history import open_set
from tenure.customers.landing import Batch
from tenure.customers.making import Claim, Followed
from tenure.customers.models import Account, Alias, BillingAccount, ChangeSet, Origin, Subscription
from tenure.customers.write import By
from tenure.identity import disagreement, merge, moving, rules
from tenure.identity.disagreement import MODELS
from tenure.identity.models import Conflict, RecordKind, Resolution
from tenure.identity.unidentified import KINDS

DECIDED = (Resolution.KEEP, Resolution.REKEY, Resolution.NEW_ACCOUNT)


class NotResolved(ConfigurationError):
    """A conflict that cannot be resolved this way; the sentence says why and what can be done."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to resolve a conflict: what it is called, what it would do, and why it is refused."""

    resolution: str
    title: str
    words: str
    refusal: str = ""


@dataclass(slots=True)
class Resolved:
    """What a resolution did. ``accounts`` are those whose figures must be made anew."""

    conflict: Conflict
    change_set: ChangeSet
    accounts: set[int] = field(default_factory=set)


def listing(
    *,
    site_id: int | None = None,
    account_id: int | None = None,
    resolved: bool = False,
    limit: int = 200,
    after: int | None = None,
) -> list[Conflict]:
    """The open conflicts, or the ``resolved`` ones, newest first, going on below an id."""
    rows = Conflict.objects.select_related("site", "account", "member")
    rows = rows.exclude(resolution="") if resolved else rows.filter(resolution="")
    if site_id is not None:
        rows = rows.filter(site_id=site_id)
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


def count() -> int:
    """How many conflicts wait for a person."""
    return Conflict.objects.filter(resolution="").count()


def get(conflict_id: int) -> Conflict:
    """One conflict. Raises NotResolved when there is none of this number."""
    found = Conflict.objects.select_related("site", "account", "member").filter(pk=conflict_id)
    row = found.first()
    if row is None:
        raise NotResolved(
            f"There is no conflict {conflict_id}.", next_step="Look at tenure conflicts."
        )
    return row


def as_json(conflict: Conflict) -> dict[str, Any]:
    """A conflict as scripts see one."""
    resolved_at = conflict.resolved_at
    return {
        "id": conflict.pk,
        "site": conflict.site.subdomain,
        "object": KINDS[RecordKind(conflict.object_kind)],
        f"{conflict.site.source}_id": conflict.upstream_id,
        "account": conflict.account.identifier if conflict.account else None,
        "kind": conflict.kind,
        "old": conflict.old,
        "new": conflict.new or None,
        "opened_at": conflict.opened_at.isoformat(),
        "state": "resolved" if conflict.resolution else "open",
        "resolution": conflict.resolution or None,
        "resolved_at": resolved_at.isoformat() if resolved_at else None,
    }


def sentence(conflict: Conflict) -> str:
    """What happened, in one sentence."""
    record = RecordKind(conflict.object_kind).label.lower()
    said = f"The {record} {conflict.upstream_id} of {conflict.site.subdomain} said {conflict.old}"
    if not conflict.new:
        return f"{said} and has no identifier now."
    if conflict.kind == "claimed_twice":
        return f"{said} and says {conflict.new} now, which is another account."
    return f"{said} and says {conflict.new} now."


def options(conflict: Conflict) -> Sequence[Option]:
    """The three resolutions with what each would do here."""
    ours, other = _name(conflict.account), _name(_other(conflict))
    old, new = conflict.old, conflict.new
    keep = Option(
        Resolution.KEEP,
        f"Keep {old}",
        f"The record stays with {ours} whatever it says. Nothing changes, and you are not asked"
        f" again about {new or 'the missing identifier'}.",
    )
    if not new:
        return (
            keep,
            Option(
                Resolution.REKEY,
                "Re-key with history",
                "",
                "The record says no identifier that the account could take.",
            ),
            Option(
                Resolution.NEW_ACCOUNT,
                "Let it go",
                f"The record leaves {ours} with its subscriptions and invoices and waits among the"
                " unidentified. When it has an identifier again it joins that account by itself.",
            ),
        )
    if other:
        return (
            keep,
            Option(
                Resolution.REKEY,
                f"They are one customer: {new}",
                f"{ours} is merged into {other}: everything it has moves there, and {old} leads there"
                " from then on. The merge can be undone.",
            ),
            Option(
                Resolution.NEW_ACCOUNT,
                f"Move the record to {new}",
                f"Only this record moves to {other}, with its subscriptions and invoices; {ours}"
                " keeps everything else.",
            ),
        )
    return (
        keep,
        Option(
            Resolution.REKEY,
            f"Re-key to {new} with history",
            f"{ours} is recognised by {new} from now on and stays what it is: values, owner and"
            f" history. {old} goes on leading to it.",
        ),
        Option(
            Resolution.NEW_ACCOUNT,
            f"New account {new}",
            f"The record becomes a customer of its own, with its subscriptions and invoices; {ours}"
            " keeps everything else.",
        ),
    )


def resolve(conflict_id: int, resolution: str, by: By, now: datetime) -> Resolved:
    """Decide a conflict, as a change set of its own. Raises NotResolved with nothing changed."""
    with transaction.atomic():
        conflict = _claimed(conflict_id, resolution)
        reason = by.reason or f"Conflict {conflict.pk}: {conflict.get_kind_display().lower()}"
        by = By(by.origin, by.member, reason, by.name)
        change_set = open_set(Origin(by.origin), now=now, member=by.member, reason=reason)
        done = Resolved(conflict, change_set)
        row = _record(conflict)
        if resolution == Resolution.KEEP and conflict.account_id:
            moving.note(change_set, conflict.account_id, "kept", conflict.new, conflict.old)
        elif resolution != Resolution.KEEP:
            _act(conflict, Resolution(resolution), row, done, by, now)
        conflict.resolution, conflict.resolved_at = resolution, now
        conflict.member, conflict.change_set = by.member, change_set
        conflict.save(update_fields=["resolution", "resolved_at", "member", "change_set"])
        done.accounts |= moving.recompose(done.accounts, by, now)
        for site in Site.objects.filter(pk__in=_sites_with_conflicts()):
            disagreement.review_open(site, now)
    return done


def _claimed(conflict_id: int, resolution: str) -> Conflict:
    locked = Conflict.objects.select_for_update(of=("self",))
    conflict = locked.select_related("site", "account").filter(pk=conflict_id).first()
    if conflict is None:
        raise NotResolved(
            f"There is no conflict {conflict_id}.", next_step="Look at tenure conflicts."
        )
    if conflict.resolution:
        said = conflict.get_resolution_display().lower()
        raise NotResolved(
            f"Conflict {conflict.pk} was resolved already: {said}.",
            next_step="Nothing is left to do for it.",
        )
    option = next((one for one in options(conflict) if one.resolution == resolution), None)
    if option is None:
        raise NotResolved(
            f"{resolution!r} is no resolution.",
            next_step=f"Choose one of {', '.join(DECIDED)}.",
        )
    if option.refusal:
        raise NotResolved(option.refusal, next_step="Keep the first value, or let the record go.")
    return conflict


def _act(
    conflict: Conflict,
    resolution: Resolution,
    row: BillingAccount | Subscription,
    done: Resolved,
    by: By,
    now: datetime,
) -> None:
    account, other = conflict.account, _other(conflict)
    if account is None:
        return
    done.accounts.add(account.pk)
    if resolution == Resolution.REKEY and other:
        merged = merge.merge(other.pk, account.pk, by, now)
        done.accounts |= merged.accounts
        _give(row, other.pk, conflict.new, done)
    elif resolution == Resolution.REKEY:
        _rekey(account, conflict, done, now)
        _give(row, account.pk, conflict.new, done)
    else:
        _give(row, other.pk if other else None, conflict.new if other else "", done)
        if conflict.new and not other:
            _make(conflict, row, done, now)
        named = other.identifier if other else conflict.new
        moving.note(done.change_set, account.pk, "record", conflict.upstream_id, "")
        moving.note(done.change_set, account.pk, "account", account.identifier, named)


def _rekey(account: Account, conflict: Conflict, done: Resolved, now: datetime) -> None:
    old, scope = account.identifier, account.scope_id
    account.identifier = conflict.new
    account.updated_at, account.changed_in = now, done.change_set
    account.save(update_fields=["identifier", "updated_at", "changed_in"])
    Alias.objects.filter(identifier=conflict.new, scope=scope, account=account).delete()
    Alias.objects.get_or_create(
        identifier=old, scope_id=scope, defaults={"account": account, "created_at": now}
    )
    moving.note(done.change_set, account.pk, "identifier", old, conflict.new)


def _give(
    row: BillingAccount | Subscription, account_id: int | None, named: str, done: Resolved
) -> None:
    if isinstance(row, BillingAccount):
        moving.give_payers([row.pk], account_id, named)
    else:
        done.accounts |= moving.give_subscriptions([row.pk], account_id, named)
    if account_id is not None:
        done.accounts.add(account_id)


def _make(
    conflict: Conflict, row: BillingAccount | Subscription, done: Resolved, now: datetime
) -> None:
    """The account the record asks for, composed from what bills it."""
    if isinstance(row, BillingAccount):
        payers = [row]
    else:
        found = BillingAccount.objects.filter(site=conflict.site)
        payers = list(found.filter(upstream_id=row.account_upstream_id))
    batch = Batch(conflict.site_id, done.change_set, now)
    claim, followed = _claim(conflict), Followed()
    owners = making.own(conflict.site, {claim: payers}, batch, followed)
    if claim not in owners:
        raise NotResolved(
            f"{conflict.site.subdomain} is Link only: a sync makes no account there.",
            next_step=f"Create the account {claim.identifier} by hand first.",
        )
    _give(row, owners[claim], conflict.new, done)


def _record(conflict: Conflict) -> BillingAccount | Subscription:
    model = MODELS[conflict.object_kind]
    found: BillingAccount | Subscription = model.objects.select_for_update(no_key=True).get(
        site=conflict.site, upstream_id=conflict.upstream_id
    )
    return found


def _claim(conflict: Conflict) -> Claim:
    return Claim(conflict.new, conflict.site_id if rules.in_force().per_site else None)


def _other(conflict: Conflict) -> Account | None:
    """The account that has the identifier the record asks for."""
    if not conflict.new:
        return None
    claim = _claim(conflict)
    owner = making.known_accounts([claim]).get(claim)
    if owner is None or owner == conflict.account_id:
        return None
    return Account.objects.get(pk=owner)


def _name(account: Account | None) -> str:
    return f"{account.name} ({account.identifier})" if account else ""


def _sites_with_conflicts() -> QuerySet[Conflict, int]:
    return Conflict.objects.filter(resolution="").values_list("site_id", flat=True)
