"""What a run did to accounts, their contacts and subscriptions, in the form in which a plan shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenure.customers.models import Account, Change, ChangeSet, Contact, Subscription
from tenure.sync.planning.telling import fold, together

KINDS = ("account", "contact", "subscription")


@dataclass(frozen=True, slots=True)
class Key:
    """Which object: by identifier, a contact within its account, a subscription by upstream id."""

    kind: str
    named: str
    of: str
    is_new: bool


Applied = tuple[Key, tuple[str, int | None, dict[str, Any]]]  # name, account, changes


def by(change_set: ChangeSet) -> Iterator[Applied]:
    """Everything a change set made or changed."""
    made: dict[str, set[int]] = {kind: set() for kind in KINDS}
    yield from _made(change_set, made)
    yield from _changed(change_set, made)


def _made(change_set: ChangeSet, made: dict[str, set[int]]) -> Iterator[Applied]:
    accounts = Account.objects.filter(created_in=change_set)
    for pk, identifier, name in accounts.values_list("pk", "identifier", "name").iterator():
        made["account"].add(pk)
        yield Key("account", identifier, "", is_new=True), (name, pk, {})
    people = Contact.objects.filter(created_in=change_set)
    columns = ("pk", "identifier", "account__identifier", "account_id", "name")
    for pk, identifier, of, account, name in people.values_list(*columns).iterator():
        made["contact"].add(pk)
        yield Key("contact", identifier, of, is_new=True), (name or identifier, account, {})
    agreements = Subscription.objects.filter(created_in=change_set)
    found = agreements.values_list("pk", "upstream_id", "plan_name", "account_id")
    for pk, named, plan_name, account in found.iterator():
        made["subscription"].add(pk)
        yield Key("subscription", named, "", is_new=True), (plan_name or "", account, {})


def _changed(change_set: ChangeSet, made: Mapping[str, set[int]]) -> Iterator[Applied]:
    whole: dict[tuple[str, int], dict[str, list[Any]]] = {}
    rows = Change.objects.filter(change_set=change_set, object_kind__in=KINDS)
    for row in rows.order_by("pk").iterator():
        if row.object_id not in made[row.object_kind]:
            fold(whole.setdefault((row.object_kind, row.object_id), {}), row.changes)
    for kind, name_each in (
        ("account", _accounts),
        ("contact", _contacts),
        ("subscription", _rest),
    ):
        mine = {pk: changes for (of, pk), changes in whole.items() if of == kind}
        named = name_each(mine)
        for pk, changes in mine.items():
            differing = together(changes)
            differing.pop("account_id", None)  # follows its billing account's
            if differing and pk in named:
                key, name, account = named[pk]
                yield key, (name, account, differing)


Named = dict[int, tuple[Key, str, int | None]]
Changes = Mapping[int, Mapping[str, list[Any]]]


def _accounts(changed: Changes) -> Named:
    rows = Account.objects.filter(pk__in=list(changed)).values_list("pk", "identifier", "name")
    return {pk: (Key("account", named, "", is_new=False), name, pk) for pk, named, name in rows}


def _contacts(changed: Changes) -> Named:
    rows = Contact.objects.filter(pk__in=list(changed)).select_related("account")
    found: Named = {}
    for row in rows:
        # A plan calls it by the identifier that it had.
        before = changed[row.pk].get("identifier", [row.identifier])[0]
        key = Key("contact", before, row.account.identifier, is_new=False)
        found[row.pk] = key, str(row), row.account_id
    return found


def _rest(changed: Changes) -> Named:
    rows = Subscription.objects.filter(pk__in=list(changed))
    return {
        pk: (Key("subscription", named, "", is_new=False), plan or "", account)
        for pk, named, plan, account in rows.values_list(
            "pk", "upstream_id", "plan_name", "account_id"
        )
    }
