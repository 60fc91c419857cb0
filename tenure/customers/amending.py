"""Attributes of a subscription changed by people and programs, by the rules an account's follow.

What its source bills is a fact and nobody's to change; the attributes beside it are as an account's:
a change set, history, a source that is seen, and a pin where Daily Sync would replace the value.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.connections.models import Mode
from tenure.customers import agreements, attributes, fields
from tenure.customers.agreements import KIND, PREFIX, Held
from tenure.customers.deciding import is_edited
from tenure.customers.history import open_set, replaced
from tenure.customers.landing import Batch
from tenure.customers.models import Attribute, Change, Subscription
from tenure.customers.outlook import NOBODY, Outlook
from tenure.customers.touched import touch
from tenure.customers.values import ValueRefused, read_as
from tenure.customers.write import By, Edited, Pin

GONE = "There is no such subscription any more."


def amend(
    subscription_id: int,
    values: Mapping[str, Any],
    by: By,
    *,
    now: datetime,
    pin: Pin | None = None,
) -> Edited:
    """Set these attributes of a subscription; None or "" empties one. With ``pin`` the values hold
    against Daily Sync. Raises ValueRefused, with nothing changed, for an unknown attribute or a value
    of another type."""
    wanted = _read(values)
    with transaction.atomic():
        row = _locked(subscription_id)
        if pin and not row.site.allows_pins:
            raise ValueRefused(
                next(iter(wanted), "pin"),
                f"{row.site.subdomain} allows no pins.",
                "Save without one, or allow pins in the site's settings.",
            )
        kept = agreements.held(row)
        differing = {n: v for n, v in wanted.items() if kept.attributes.get(n) != v}
        if differing:
            return _write(row, kept, wanted, differing, by, now, pin)
        if pin and wanted:
            _repin(row, list(wanted), pin.as_json(by, now))
        return Edited()


def hold(subscription_id: int) -> None:
    """Hold the subscription's row until the caller's transaction ends."""
    _locked(subscription_id)


def pin(subscription_id: int, names: Sequence[str], how: Pin, by: By, *, now: datetime) -> None:
    """Hold the values these attributes have now against Daily Sync. Raises ValueRefused without one."""
    with transaction.atomic():
        row = _locked(subscription_id)
        if not row.site.allows_pins:
            raise ValueRefused(
                names[0],
                f"{row.site.subdomain} allows no pins.",
                "Allow pins in the site's settings first.",
            )
        for name in names:
            if name not in row.attributes and name not in row.sources:
                raise ValueRefused(name, f"{name} has no value to pin.", "Set a value first.")
        _repin(row, names, how.as_json(by, now))


def unpin(subscription_id: int, names: Sequence[str]) -> None:
    """Let Daily Sync have these attributes again, from the next run on."""
    with transaction.atomic():
        _repin(_locked(subscription_id), names, None)


def restore(subscription_id: int, name: str, change_id: int, by: By, now: datetime) -> Edited:
    """Give an attribute the value it had before one of its changes. Raises ValueRefused when that
    change is not of this attribute."""
    change = Change.objects.filter(
        pk=change_id,
        object_kind=KIND,
        object_id=subscription_id,
        changes__has_key=PREFIX + name,
    ).first()
    if change is None:
        raise ValueRefused(name, "There is no such change of this value.", "Reload the page.")
    return amend(subscription_id, {name: change.changes[PREFIX + name][0]}, by, now=now)


def outlook(row: Subscription, name: str) -> Outlook:
    """What the source says of an attribute, and whether a sync would put it there. Of a site that
    imports once it is what was imported."""
    mapping = [one for one in attributes.mapped(KIND) if one.name == name]
    if not mapping or row.site.subscriptions_mode == Mode.LINK:
        return NOBODY
    read = fields.reader([mapping[0].path])
    says = agreements.values_of(row, mapping, read).values.get(name)
    site = row.site.subdomain
    daily = row.site.subscriptions_mode == Mode.DAILY
    return Outlook(
        says=says,
        site=site if says is not None else None,
        follows=site if daily else None,
        allows_pins=row.site.allows_pins,
    )


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    rows = Attribute.objects.filter(object_kind=KIND, name__in=list(values))
    defined = {row.name: row for row in rows}
    for name in values:
        if name not in defined:
            raise ValueRefused(
                name,
                f"Subscriptions have no attribute {name!r}.",
                "Add it under Settings > Attributes first.",
            )
    return read_as(values, defined)


def _locked(subscription_id: int) -> Subscription:
    rows = Subscription.objects.select_for_update(no_key=True, of=("self",))
    row = rows.select_related("site").filter(pk=subscription_id, removed_at=None).first()
    if row is None:
        raise ValueRefused("subscription", GONE, "Look at the account's subscriptions.")
    return row  # type: ignore[no-any-return]


def _write(
    row: Subscription,
    kept: Held,
    wanted: Mapping[str, Any],
    differing: Mapping[str, Any],
    by: By,
    now: datetime,
    pin: Pin | None,
) -> Edited:
    change_set = open_set(by.origin, now=now, member=by.member, reason=by.reason)
    entry: dict[str, Any] = {
        "source": str(by.origin),
        "set_by": by.signature,
        "set_at": now.isoformat(),
        "change_set": change_set.pk,
    }
    held = {"pin": pin.as_json(by, now)} if pin else {}
    changes = {PREFIX + n: [kept.attributes.get(n), v] for n, v in differing.items()}
    was = replaced(kept.sources, changes)
    for name, value in wanted.items():
        if name in differing:
            kept.sources[name] = entry | held
            _set(kept, name, value)
        elif pin:  # a pin alone says nothing of where the value came from
            kept.sources[name] = kept.sources.get(name, {}) | held
    kept.edited = is_edited(kept.sources, attributes.mapped(KIND))
    agreements.save([kept], Batch(row.site_id, change_set, now))
    Change.objects.create(
        change_set=change_set,
        object_kind=KIND,
        object_id=row.pk,
        account_id=row.account_id,
        changes=changes,
        was=was,
        at=now,
    )
    concerned = [row.account_id] if row.account_id else []
    touch(set(concerned), now)
    return Edited(change_set, concerned)


def _set(kept: Held, name: str, value: Any) -> None:
    if value in (None, "", []):
        kept.attributes.pop(name, None)
    else:
        kept.attributes[name] = value


def _repin(row: Subscription, names: Sequence[str], pin: dict[str, Any] | None) -> None:
    for name in names:
        entry = {key: kept for key, kept in row.sources.get(name, {}).items() if key != "pin"}
        row.sources[name] = entry | ({"pin": pin} if pin else {})
        if not row.sources[name]:
            del row.sources[name]
    row.edited = is_edited(row.sources, attributes.mapped(KIND))
    row.save(update_fields=["sources", "edited"])
