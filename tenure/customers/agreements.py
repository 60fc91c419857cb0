"""The attributes of subscriptions: composed when one lands and when the mapping is replayed.

They follow the site's mode for subscriptions as an account's values follow the one for accounts,
by the same rule of who wins. The first values of a row are not history: its making tells of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, fields, versions
from tenure.customers.attributes import Mapped
from tenure.customers.convert import Unreadable, typed
from tenure.customers.deciding import Decision, Standing, Terms, decide, is_edited
from tenure.customers.effective import Effective
from tenure.customers.history import Batched, replaced
from tenure.customers.landing import Batch, Landed
from tenure.customers.models import Change, Subscription
from tenure.customers.tables import SUBSCRIPTIONS
from tenure.customers.write import By, Pin, ValueRefused
from tenure.sources import records

KIND = "subscription"
PREFIX = "attributes."  # of an attribute's name in history


@dataclass(slots=True)
class Held:
    """The part of a stored row that decides about its attributes, and takes them."""

    pk: int
    account_id: int | None
    created_in_id: int | None
    attributes: dict[str, Any]
    sources: dict[str, Any]
    edited: bool


HELD = ("pk", "account_id", "created_in_id", "attributes", "sources", "edited")

_SAVE = """
    UPDATE customers_subscription s
    SET attributes = v.attributes, sources = v.sources, edited = v.edited,
        changed_in_id = v.changed_in
    FROM jsonb_to_recordset(%s::jsonb)
        AS v (id bigint, attributes jsonb, sources jsonb, edited bool, changed_in bigint)
    WHERE s.id = v.id
"""


def values_of(row: Any, mapping: Sequence[Mapped], read: fields.Read) -> Effective:
    """What the subscription, stored or just arrived, shows under this mapping."""
    found = read(row)
    values: dict[str, Any] = {}
    unreadable: dict[str, str] = {}
    for one in mapping:
        try:
            value = typed(found.get(one.path), one.kind)
        except Unreadable as error:
            unreadable[one.name] = str(error)
            continue
        if value not in (None, "", []):
            values[one.name] = value
    return Effective(name="", state="", values=values, unreadable=unreadable)


@dataclass(slots=True)
class Settled:
    """How many subscriptions changed, and how many of their values had been set by hand."""

    changed: int = 0
    overridden: int = 0


def follow(
    site: Site, written: Sequence[records.Subscription], landed: Landed, batch: Batch
) -> Settled:
    """Give the subscriptions that just landed their attributes."""
    attributes.hold()
    attributes.declare_met(fields.custom_names(written), KIND)
    mapping = attributes.mapped(KIND)
    if not mapping or not landed.rows or site.subscriptions_mode == Mode.LINK:
        return Settled()
    read = fields.reader(one.path for one in mapping)
    rows = landed.rows
    incoming = {
        rows[record.upstream_id]: values_of(record, mapping, read)
        for record in written
        if record.upstream_id in rows
    }
    made = {rows[name] for name in landed.new if name in rows}
    # A new one that says nothing, as most do, has nothing to be held against either.
    asked = [pk for pk, said in incoming.items() if said.values or pk not in made]
    if not asked:
        return Settled()
    stored = Subscription.objects.filter(pk__in=asked).values_list(*HELD)
    rows_here = [Held(*row) for row in stored]
    return _settle(rows_here, incoming, terms_of(site, mapping), batch, made)


def recompose(
    site: Site,
    rows: Sequence[Any],
    batch: Batch,
    *,
    filling: Collection[str] = (),
    spares_hand: bool = True,
) -> Settled:
    """Bring the attributes of these locked rows, of ``columns_of`` the present mapping, to it. What is
    there by hand stays, unless ``spares_hand`` is off as it is in a run."""
    mapping = attributes.mapped(KIND)
    if not mapping or site.subscriptions_mode == Mode.LINK:
        return Settled()
    read = fields.reader(one.path for one in mapping)
    incoming = {row.pk: values_of(row, mapping, read) for row in rows}
    terms = terms_of(site, mapping, filling=filling, spares_hand=spares_hand)
    return _settle([held(row) for row in rows], incoming, terms, batch)


def differing(
    site: Site, rows: Mapping[str, Any], said: Mapping[str, Any]
) -> dict[str, dict[str, list[Any]]]:
    """In which attributes these subscriptions differ from what the site says of them now, both by
    upstream id, as ``{attributes.NAME: [held, says]}``."""
    mapping = attributes.mapped(KIND)
    gone = attributes.vanished_paths(KIND).get(site.subdomain, ())
    read = fields.reader(one.path for one in mapping)
    found: dict[str, dict[str, list[Any]]] = {}
    for name in rows.keys() & said.keys():
        composed = values_of(said[name], mapping, read)
        for one in mapping:
            had, says = rows[name].attributes.get(one.name), composed.values.get(one.name)
            unread = one.name in composed.unreadable or (says is None and one.path in gone)
            if had != says and not unread:
                found.setdefault(name, {})[PREFIX + one.name] = [had, says]
    return found


def held(row: Any) -> Held:
    """What decides, of a row with the columns it needs."""
    return Held(*(getattr(row, column) for column in HELD))


def columns_of(mapping: Iterable[Mapped]) -> list[str]:
    """The columns a stored row needs for ``recompose``."""
    return sorted({*HELD, *(fields.column_of(one.path) for one in mapping)})


def terms_of(
    site: Site,
    mapping: Sequence[Mapped],
    *,
    gone: Collection[str] | None = None,
    filling: Collection[str] = (),
    spares_hand: bool = False,
) -> Terms:
    """What the site may do to its subscriptions. ``gone`` left out are the fields it has no more."""
    daily = {site.subdomain} if site.subscriptions_mode == Mode.DAILY else set()
    if gone is None:
        gone = attributes.vanished_paths(KIND).get(site.subdomain, ())
    return Terms(
        mapping=mapping,
        daily=daily,
        everything_daily=bool(daily),
        allows_pins=site.allows_pins,
        gone=gone,
        filling=filling,
        importing={site.subdomain} - daily,
        spares_hand=spares_hand,
    )


def _settle(
    rows: Iterable[Held],
    incoming: Mapping[int, Effective],
    terms: Terms,
    batch: Batch,
    made: Collection[int] = (),
) -> Settled:
    """``made`` were made in this very transaction: they never read otherwise than from now on."""
    changes, changed, overridden = [], [], 0
    for row in rows:
        new = row.created_in_id == batch.change_set.pk and not row.attributes
        if new:
            row.attributes = incoming[row.pk].values
            changed += [row] if row.attributes else []
            continue
        decision = decision_of(row, incoming[row.pk], terms, now=batch.now)
        overridden += len(decision.overridden)
        if decision.changes:
            was = replaced(row.sources, decision.changes)
            _take(row, decision, batch)
            changes.append(_change(row, decision, was, batch))
        edited = is_edited(row.sources, terms.mapping)
        if decision.changes or edited != row.edited:
            row.edited = edited
            changed.append(row)
    save([row for row in changed if row.pk not in made], batch)
    _write([row for row in changed if row.pk in made], batch)
    Change.objects.bulk_create(changes)
    return Settled(len(changed), overridden)


def edited_of(site_id: int, after: int, *, limit: int) -> list[int]:
    """The next subscriptions of this site, by id, with an attribute that is there by hand."""
    rows = Subscription.objects.filter(site_id=site_id, edited=True, removed_at=None, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def bring_up_to_date(site: Site, ids: Sequence[int], batch: Batch) -> Settled:
    """Let the attributes of these subscriptions follow the site again. Runs in the caller's
    transaction."""
    attributes.hold()
    columns = columns_of(attributes.mapped(KIND))
    locked = Subscription.objects.select_for_update(no_key=True).filter(pk__in=ids)
    rows = list(locked.order_by("upstream_id").values_list(*columns, named=True))
    return recompose(site, rows, batch, spares_hand=False)


def pin(
    site: Site, upstream_id: str, names: Iterable[str], how: Pin, by: By, *, now: datetime
) -> None:
    """Hold the values these attributes of a subscription have now against Daily Sync. Raises
    ValueRefused when there is no such subscription any more."""
    with transaction.atomic():
        locked = Subscription.objects.select_for_update(no_key=True)
        row = locked.filter(site_id=site.pk, upstream_id=upstream_id, removed_at=None).first()
        if row is None:
            raise ValueRefused(
                "subscription", f"There is no subscription {upstream_id}.", "Plan again."
            )
        for name in names:
            row.sources[name] = {**row.sources.get(name, {}), "pin": how.as_json(by, now)}
        row.save(update_fields=["sources"])


def decision_of(row: Held, composed: Effective, terms: Terms, *, now: datetime) -> Decision:
    """What the source changes about a subscription that was here before."""
    standing = Standing("", "", row.attributes, row.sources)
    site = next(iter({*terms.daily, *terms.importing}))
    composed.sites.update(dict.fromkeys(composed.values, site))
    return decide(standing, composed, terms, now=now)


def _take(row: Held, decision: Decision, batch: Batch) -> None:
    for place, (_, new) in decision.changes.items():
        name = place.removeprefix("attributes.")
        if new is None:
            row.attributes.pop(name, None)
        else:
            row.attributes[name] = new
        row.sources[name] = {
            "source": batch.change_set.origin,
            "site": decision.sites.get(place),
            "set_at": batch.now.isoformat(),
            "change_set": batch.change_set.pk,
        }


def _change(row: Held, decision: Decision, was: Mapping[str, Any], batch: Batch) -> Change:
    return Change(
        change_set=batch.change_set,
        object_kind=KIND,
        object_id=row.pk,
        account_id=row.account_id,
        changes=decision.changes,
        was=was,
        at=batch.now,
    )


def save(rows: Sequence[Held], batch: Batched) -> None:
    """Write the attributes of these locked rows."""
    if rows:
        versions.keep(SUBSCRIPTIONS, [row.pk for row in rows], batch.now)
        _write(rows, batch)


def _write(rows: Sequence[Held], batch: Batched) -> None:
    if not rows:
        return
    kept = [
        {
            "id": row.pk,
            "attributes": row.attributes,
            "sources": row.sources,
            "edited": row.edited,
            "changed_in": batch.change_set.pk,
        }
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [msgspec.json.encode(kept).decode()])
