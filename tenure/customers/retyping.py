"""Values that were of one type when an attribute becomes another: read anew, or as they stand.

A value that is still what the source says is read from the source again; any other is converted. What
cannot be read as the new type is taken away, kept as history, and was counted beforehand.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tenure.customers import agreements, effective, feeding, fields, saving
from tenure.customers.attributes import Mapped
from tenure.customers.convert import Unreadable, typed
from tenure.customers.deciding import is_by_hand
from tenure.customers.history import replaced
from tenure.customers.landing import Batch
from tenure.customers.models import Account, Attribute, Change, Subscription

Says = Callable[[Mapped], Any]  # what the source would give, read as this


def retype_accounts(rows: Sequence[Account], retyped: Mapping[str, str], batch: Batch) -> set[int]:
    """Bring these locked accounts' values of the named attributes, which were of the given types, to
    the types they have now; the accounts that changed."""
    was = {row.pk: dict(row.sources) for row in rows}
    differing = convert_accounts(rows, retyped)
    changed = [row for row in rows if row.pk in differing]
    for row in changed:
        row.updated_at, row.changed_in = batch.now, batch.change_set
    saving.save_accounts(changed)
    Change.objects.bulk_create(
        _change("account", row.pk, row.pk, differing[row.pk], was[row.pk], batch) for row in changed
    )
    return set(differing)


def convert_accounts(
    rows: Sequence[Account], retyped: Mapping[str, str]
) -> dict[int, dict[str, list[Any]]]:
    """Convert the values of these accounts in memory only; what changed, by account."""
    defined = _defined(fields.ACCOUNT, retyped)
    if not defined:
        return {}
    mapping = [one for pair in defined.values() for one in pair if one.path]
    feeds = feeding.contributions_of([row.pk for row in rows], mapping)
    found: dict[int, dict[str, list[Any]]] = {}
    for row in rows:
        parts = feeds[row.pk].parts if row.pk in feeds else []

        def says(one: Mapped, parts: Sequence[Any] = parts) -> Any:
            return effective.compose(parts, [one]).values.get(one.name) if parts else None

        found[row.pk] = _converted(row.attributes, row.sources, defined, says)
    return {pk: differing for pk, differing in found.items() if differing}


def retype_subscriptions(rows: Sequence[Any], retyped: Mapping[str, str], batch: Batch) -> int:
    """The same for locked subscriptions, rows of ``agreements.columns_of``; how many changed."""
    held = {row.pk: agreements.held(row) for row in rows}
    was = {row.pk: dict(row.sources) for row in rows}
    differing = convert_subscriptions(rows, held, retyped)
    changed = [held[pk] for pk in differing]
    agreements.save(changed, batch)
    Change.objects.bulk_create(
        _change("subscription", one.pk, one.account_id, differing[one.pk], was[one.pk], batch)
        for one in changed
    )
    return len(changed)


def convert_subscriptions(
    rows: Sequence[Any], held: Mapping[int, agreements.Held], retyped: Mapping[str, str]
) -> dict[int, dict[str, list[Any]]]:
    """Convert what is ``held`` of these rows in memory only; what changed, by subscription."""
    defined = _defined(fields.SUBSCRIPTION, retyped)
    read = fields.reader({one.path for pair in defined.values() for one in pair})
    found: dict[int, dict[str, list[Any]]] = {}
    for row in rows if defined else ():

        def says(one: Mapped, row: Any = row) -> Any:
            return agreements.values_of(row, [one], read).values.get(one.name)

        mine = held[row.pk]
        found[row.pk] = _converted(mine.attributes, mine.sources, defined, says)
    return {pk: differing for pk, differing in found.items() if differing}


def _defined(object_kind: str, retyped: Mapping[str, str]) -> dict[str, tuple[Mapped, Mapped]]:
    """Each attribute as it was and as it is."""
    rows = Attribute.objects.filter(object_kind=object_kind, name__in=list(retyped))
    found = {}
    for one in rows:
        path = fields.split(one.source_field)[1]
        found[one.name] = (
            Mapped(one.name, retyped[one.name], path),
            Mapped(one.name, one.kind, path),
        )
    return found


def _converted(
    values: dict[str, Any],
    sources: dict[str, Any],
    defined: Mapping[str, tuple[Mapped, Mapped]],
    says: Says,
) -> dict[str, list[Any]]:
    """Convert in place; the changes for history."""
    differing: dict[str, list[Any]] = {}
    for name, (before, after) in defined.items():
        held = values.get(name)
        if held is None:
            continue
        new = _read(held, sources.get(name, {}), before, after, says)
        if new == held and type(new) is type(held):
            continue
        differing[f"attributes.{name}"] = [held, new]
        if new is None:
            values.pop(name)
            sources.pop(name, None)
        else:
            values[name] = new
    return differing


def _read(held: Any, source: Mapping[str, Any], before: Mapped, after: Mapped, says: Says) -> Any:
    if after.path and not is_by_hand(source) and says(before) == held:
        return says(after)
    try:
        new = typed(held, after.kind)
    except Unreadable:
        return None
    return None if new in (None, "", []) else new


def _change(
    kind: str,
    pk: int,
    account_id: int | None,
    changes: dict[str, list[Any]],
    sources: Mapping[str, Any],
    batch: Batch,
) -> Change:
    return Change(
        change_set=batch.change_set,
        object_kind=kind,
        object_id=pk,
        account_id=account_id,
        changes=changes,
        was=replaced(sources, changes),
        at=batch.now,
    )


def holders(object_kind: str, names: Sequence[str]) -> Any:
    """The rows that have a value of any of these attributes."""
    model = Account if object_kind == fields.ACCOUNT else Subscription
    return model.objects.filter(attributes__has_any_keys=list(names))
