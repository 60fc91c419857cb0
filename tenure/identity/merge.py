"""Two accounts made one by hand, and taken apart again.

Everything the absorbed account has moves to the kept one, and its identifiers lead there as
aliases. The rows that moved are written down, so that exactly these go back, with what has been
recognised by the absorbed account's identifiers since. Values of the kept account stay; where it has
none, one that was set by hand on the other is taken over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from tenure.core.errors import ConfigurationError
from tenure.customers import attributes, fields
from tenure.customers.deciding import is_by_hand, is_edited
from tenure.customers.history import open_set
from tenure.customers.models import (
    Account,
    Alias,
    BillingAccount,
    Contact,
    Invoice,
    Origin,
    Subscription,
)
from tenure.customers.write import By
from tenure.identity import moving
from tenure.identity.models import Conflict, Merge


class CannotMerge(ConfigurationError):
    """Accounts that cannot be merged, or taken apart; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A value in which the two accounts differ, and the one that will be shown."""

    name: str
    kept: Any
    absorbed: Any
    stays: Any


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do."""

    kept: Account
    absorbed: Account
    billing_accounts: int
    subscriptions: int
    invoices: int
    contacts: int
    identifiers: Sequence[str]
    differing: Sequence[Differing]

    def as_json(self) -> dict[str, Any]:
        """The preview for scripts."""
        return {
            "kept": self.kept.identifier,
            "absorbed": self.absorbed.identifier,
            "moves": {
                "billing_accounts": self.billing_accounts,
                "subscriptions": self.subscriptions,
                "invoices": self.invoices,
                "contacts": self.contacts,
            },
            "identifiers": list(self.identifiers),
            "differing": [
                {"name": one.name, "kept": one.kept, "absorbed": one.absorbed, "stays": one.stays}
                for one in self.differing
            ],
        }


@dataclass(slots=True)
class Done:
    """What a merge or its undoing did; ``accounts`` are those whose figures must be made anew."""

    merge: Merge
    accounts: set[int] = field(default_factory=set)


def preview(kept_id: int, absorbed_id: int) -> Preview:
    """What merging the second account into the first would do. Raises CannotMerge."""
    kept, absorbed = _both(kept_id, absorbed_id)
    shared = Invoice.objects.filter(allocations__account=absorbed).count()
    return Preview(
        kept=kept,
        absorbed=absorbed,
        billing_accounts=BillingAccount.objects.filter(account=absorbed).count(),
        subscriptions=Subscription.objects.filter(account=absorbed).count(),
        invoices=Invoice.objects.filter(account=absorbed).count() + shared,
        contacts=_moving_contacts(kept, absorbed).count(),
        identifiers=[absorbed.identifier, *absorbed.aliases.values_list("identifier", flat=True)],
        differing=list(_differing(kept, absorbed)),
    )


def merge(kept_id: int, absorbed_id: int, by: By, now: datetime) -> Done:
    """Merge the second account into the first. Raises CannotMerge with nothing changed."""
    with transaction.atomic():
        kept, absorbed = _both(kept_id, absorbed_id, lock=True)
        reason = by.reason or f"{absorbed.identifier} merged into {kept.identifier}"
        by = By(by.origin, by.member, reason, by.name)
        change_set = open_set(Origin(by.origin), now=now, member=by.member, reason=reason)
        done = Done(Merge(kept=kept, absorbed=absorbed, change_set=change_set, made_at=now))
        done.accounts = {kept.pk, absorbed.pk}
        moved = done.merge.moved
        moved["values"] = _take_values(kept, absorbed)
        moved["billing_accounts"] = _ids(BillingAccount, absorbed)
        named = Subscription.objects.filter(account=absorbed, identified_as__isnull=False)
        moved["subscriptions"] = list(named.values_list("pk", flat=True))
        moved["contacts"] = list(_moving_contacts(kept, absorbed).values_list("pk", flat=True))
        moved["aliases"] = _ids(Alias, absorbed)
        _move(moved, kept, done)
        Alias.objects.filter(pk__in=moved["aliases"]).update(account=kept)
        Alias.objects.update_or_create(
            identifier=absorbed.identifier,
            scope_id=absorbed.scope_id,
            defaults={"account": kept, "created_at": now},
        )
        Conflict.objects.filter(account=absorbed, resolution="").update(account=kept)
        absorbed.merged_into, absorbed.removed_at = kept, now
        absorbed.save(update_fields=["merged_into", "removed_at"])
        moving.note(change_set, kept.pk, "merged", "", absorbed.identifier)
        moving.note(change_set, absorbed.pk, "merged into", "", kept.identifier)
        done.merge.save()
        done.accounts |= moving.recompose([kept.pk], by, now)
    return done


def unmerge(merge_id: int, by: By, now: datetime) -> Done:
    """Take a merge apart: what moved goes back, as far as it is still there. Raises CannotMerge."""
    with transaction.atomic():
        made = _standing(merge_id)
        kept, absorbed = _locked(made.kept_id, made.absorbed_id)
        if kept.removed_at is not None:
            raise CannotMerge(
                f"{kept.name} was merged into another account since.",
                next_step="Undo that merge first.",
            )
        reason = by.reason or f"Merge of {absorbed.identifier} into {kept.identifier} undone"
        by = By(by.origin, by.member, reason, by.name)
        change_set = open_set(Origin(by.origin), now=now, member=by.member, reason=reason)
        done = Done(made, {kept.pk, absorbed.pk})
        own = Alias.objects.filter(identifier=absorbed.identifier, scope=absorbed.scope_id)
        own.filter(account=kept).delete()
        Alias.objects.filter(pk__in=made.moved["aliases"], account=kept).update(account=absorbed)
        absorbed.merged_into, absorbed.removed_at = None, None
        absorbed.save(update_fields=["merged_into", "removed_at"])
        _move(_still_there(made, kept, absorbed), absorbed, done)
        _give_values_back(kept, absorbed, made.moved["values"])
        moving.note(change_set, kept.pk, "merge undone", absorbed.identifier, "")
        moving.note(change_set, absorbed.pk, "merge undone", kept.identifier, "")
        made.undone_at = now
        made.save(update_fields=["undone_at"])
        done.accounts |= moving.recompose([kept.pk, absorbed.pk], by, now)
    return done


def of_account(account_id: int) -> list[Merge]:
    """The merges into this account that stand, newest first."""
    rows = Merge.objects.filter(kept_id=account_id, undone_at=None).select_related("absorbed")
    return list(rows.order_by("-pk"))


def get(merge_id: int) -> Merge:
    """One merge with its accounts. Raises CannotMerge when there is none of this number."""
    made = Merge.objects.select_related("kept", "absorbed").filter(pk=merge_id).first()
    if made is None:
        raise CannotMerge(f"There is no merge {merge_id}.", next_step="Look at the account.")
    return made


def _standing(merge_id: int) -> Merge:
    made = Merge.objects.select_for_update().get(pk=get(merge_id).pk)
    if made.undone_at is not None:
        raise CannotMerge(
            f"Merge {merge_id} was undone already.", next_step="Nothing is left to undo."
        )
    return made


def _both(kept_id: int, absorbed_id: int, *, lock: bool = False) -> tuple[Account, Account]:
    if kept_id == absorbed_id:
        raise CannotMerge(
            "An account cannot be merged into itself.", next_step="Choose two accounts."
        )
    kept, absorbed = _locked(kept_id, absorbed_id, lock=lock)
    for one in (kept, absorbed):
        if one.removed_at is not None:
            raise CannotMerge(
                f"{one.name} ({one.identifier}) is hidden: it was merged, or its making reverted.",
                next_step="Choose an account that is in the list.",
            )
    return kept, absorbed


def _locked(kept_id: int, absorbed_id: int, *, lock: bool = True) -> tuple[Account, Account]:
    rows = Account.objects.filter(pk__in=[kept_id, absorbed_id]).order_by("pk")
    if lock:
        rows = rows.select_for_update(no_key=True)
    found = {row.pk: row for row in rows}
    for wanted in (kept_id, absorbed_id):
        if wanted not in found:
            raise CannotMerge(
                f"There is no account with the number {wanted}.", next_step="Choose two accounts."
            )
    return found[kept_id], found[absorbed_id]


def _ids(model: Any, account: Account) -> list[int]:
    return list(model.objects.filter(account=account).order_by("pk").values_list("pk", flat=True))


def _moving_contacts(kept: Account, absorbed: Account) -> Any:
    """Contacts the kept account does not have; the others stay hidden with the absorbed one."""
    known = Contact.objects.filter(account=kept).values("identifier")
    return Contact.objects.filter(account=absorbed).exclude(identifier__in=known).order_by("pk")


def _move(moved: dict[str, Any], to: Account, done: Done) -> None:
    moving.give_payers(moved["billing_accounts"], to.pk)
    done.accounts |= moving.give_subscriptions(moved["subscriptions"], to.pk)
    Contact.objects.filter(pk__in=moved["contacts"]).update(account=to)


def _still_there(made: Merge, kept: Account, absorbed: Account) -> dict[str, Any]:
    """What moved and is still with the kept account, and what came for the absorbed one since."""
    names = {absorbed.identifier, *absorbed.aliases.values_list("identifier", flat=True)}
    names -= {kept.identifier, *kept.aliases.values_list("identifier", flat=True)}
    found: dict[str, Any] = {}
    for key, model in (("billing_accounts", BillingAccount), ("subscriptions", Subscription)):
        theirs = Q(pk__in=made.moved[key]) | Q(identified_as__in=names)
        rows = model.objects.filter(theirs, account=kept).order_by("pk")
        found[key] = list(rows.values_list("pk", flat=True))
    contacts = Contact.objects.filter(pk__in=made.moved["contacts"], account=kept)
    found["contacts"] = list(contacts.values_list("pk", flat=True))
    return found


def _differing(kept: Account, absorbed: Account) -> Any:
    for name in ("name", "state"):
        ours, theirs = getattr(kept, name), getattr(absorbed, name)
        if ours != theirs:
            yield Differing(name, ours, theirs, ours)
    if absorbed.owner and kept.owner != absorbed.owner:
        ours = kept.owner.email if kept.owner else None
        yield Differing("owner", ours, absorbed.owner.email, ours or absorbed.owner.email)
    for name in sorted(absorbed.attributes):
        ours, theirs = kept.attributes.get(name), absorbed.attributes[name]
        if ours != theirs:
            yield Differing(name, ours, theirs, theirs if ours is None else ours)


def _take_values(kept: Account, absorbed: Account) -> list[str]:
    """Fill what the kept account has no value of with what was set by hand on the other; the names."""
    taken = [
        name
        for name, value in absorbed.attributes.items()
        if is_by_hand(absorbed.sources.get(name, {})) and name not in kept.attributes and value
    ]
    for name in taken:
        kept.attributes[name] = absorbed.attributes[name]
        kept.sources[name] = absorbed.sources[name]
    if kept.owner_id is None and absorbed.owner_id is not None:
        kept.owner_id = absorbed.owner_id
        taken.append("owner")
    _save_values(kept)
    return taken


def _give_values_back(kept: Account, absorbed: Account, taken: Sequence[str]) -> None:
    """Take away what was filled in, where nobody has set another value since."""
    for name in taken:
        if name == "owner":
            kept.owner_id = None if kept.owner_id == absorbed.owner_id else kept.owner_id
        elif kept.attributes.get(name) == absorbed.attributes.get(name):
            kept.attributes.pop(name, None)
            kept.sources.pop(name, None)
    _save_values(kept)


def _save_values(kept: Account) -> None:
    kept.edited = is_edited(kept.sources, attributes.mapped(fields.ACCOUNT))
    kept.save(update_fields=["attributes", "sources", "owner", "edited"])
