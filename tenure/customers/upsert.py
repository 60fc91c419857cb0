"""Many accounts at once: each row makes an account or changes one, and a bad row spoils no other.

Everything a call makes and changes is one change set. Used by the API's bulk request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from tenure.connections.read import sites
from tenure.customers.models import Account, Alias, ChangeSet
from tenure.customers.values import ValueRefused, read_each, tidy
from tenure.customers.write import By, NewAccount, create_each, edit_each

Key = tuple[str, int | None]
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One account with the values it shall have; ``site`` for an identifier that is only one site's."""

    identifier: str
    site: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: created, updated, unchanged or refused, and then why."""

    result: str
    identifier: str | None
    refusal: ValueRefused | None = None


@dataclass(slots=True)
class Upserted:
    """The outcome of each row in its order; ``made`` and ``changed`` are account ids."""

    outcomes: list[Outcome]
    change_set: ChangeSet | None = None
    made: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)


def upsert(rows: Sequence[Row | ValueRefused], by: By, *, now: datetime) -> Upserted:
    """Make or change the account of each row. A row that is a refusal already stays one."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _upsert(rows, by, now)
        except IntegrityError:  # a sync made one of them between our looking and our making
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _upsert(rows: Sequence[Row | ValueRefused], by: By, now: datetime) -> Upserted:
    read = read_each([row.values if isinstance(row, Row) else {} for row in rows])
    refused: dict[int, ValueRefused] = {}
    for place, (row, values) in enumerate(zip(rows, read, strict=True)):
        if isinstance(row, ValueRefused):
            refused[place] = row
        elif isinstance(values, ValueRefused):
            refused[place] = values
    good = {p: row for p, row in enumerate(rows) if isinstance(row, Row) and p not in refused}
    standing, new = _placed(good, refused)
    result = Upserted([])
    making = [
        NewAccount(key[0], key[1], _values(read[place])) for key, place in sorted_by_name(new)
    ]
    if making:
        result.change_set, made = create_each(making, by, now=now)
        result.made = {account.pk for account in made}
    wanted = {account: _values(read[place]) for account, place in standing.items()}
    if wanted:
        edited = edit_each(wanted, by, now=now, change_set=result.change_set)
        result.change_set, result.changed = edited.change_set, set(edited.accounts)
    places = {place: account for account, place in standing.items()}
    result.outcomes = [
        _outcome(place, row, refused, places, result.changed) for place, row in enumerate(rows)
    ]
    return result


def sorted_by_name(new: Mapping[Key, int]) -> list[tuple[Key, int]]:
    """In the order in which a sync makes accounts, so that the two wait and do not lock crosswise."""
    return sorted(new.items(), key=lambda item: item[0][0])


def _values(read: dict[str, Any] | ValueRefused) -> dict[str, Any]:
    assert not isinstance(read, ValueRefused)  # noqa: S101  # those are left out before
    return read


def _outcome(
    place: int,
    row: Row | ValueRefused,
    refused: Mapping[int, ValueRefused],
    standing: Mapping[int, int],
    changed: Iterable[int],
) -> Outcome:
    identifier = row.identifier if isinstance(row, Row) else None
    if place in refused:
        return Outcome("refused", identifier, refused[place])
    if place not in standing:
        return Outcome("created", identifier)
    return Outcome("updated" if standing[place] in changed else "unchanged", identifier)


def _placed(
    rows: Mapping[int, Row], refused: dict[int, ValueRefused]
) -> tuple[dict[int, int], dict[Key, int]]:
    """Which row is which standing account, and which rows make new ones; the others are refused."""
    known = {site.subdomain: site.pk for site in sites()}
    keys = {}
    for place, row in rows.items():
        try:
            keys[place] = _key(row, known)
        except ValueRefused as refusal:
            refused[place] = refusal
    found = _found(keys.values())
    keys = {place: _of_its_site(key, found, known) for place, key in keys.items()}
    hidden = _hidden({identifier for identifier, _ in keys.values()})
    names = {pk: name for name, pk in known.items()}
    standing: dict[int, int] = {}
    new: dict[Key, int] = {}
    for place, key in keys.items():
        try:
            account = _match(key, found, names)
            earlier = standing.get(account) if account else new.get(key)
            if earlier is not None:
                raise _twice(key[0], earlier)
            if account is None and key in hidden:
                raise _is_hidden(key[0])
        except ValueRefused as refusal:
            refused[place] = refusal
            continue
        if account:
            standing[account] = place
        else:
            new[key] = place
    return standing, new


def _key(row: Row, known: Mapping[str, int]) -> Key:
    """The identifier with the site it belongs to; ``subdomain:identifier`` names the site too."""
    identifier = tidy(row.identifier)
    if row.site is not None:
        subdomain = row.site.strip().lower()
        if subdomain not in known:
            raise ValueRefused("site", f"There is no site {row.site[:120]!r}.")
        return identifier, known[subdomain]
    return identifier, None


def _of_its_site(
    key: Key, found: Mapping[str, Mapping[int | None, int]], known: Mapping[str, int]
) -> Key:
    """``subdomain:identifier`` taken apart, unless an account is called so as a whole."""
    identifier, scope = key
    subdomain, colon, rest = identifier.partition(":")
    if scope is None and identifier not in found and colon and rest and subdomain.lower() in known:
        return rest, known[subdomain.lower()]
    return key


def standing_accounts(addresses: Sequence[str]) -> list[int | ValueRefused]:
    """The account of each address, an identifier or ``subdomain:identifier``; a refusal stands in the
    place of one there is not."""
    known = {site.subdomain: site.pk for site in sites()}
    names = {pk: name for name, pk in known.items()}
    keys: list[Key] = [(address.strip(), None) for address in addresses]
    found = _found(keys)
    accounts: list[int | ValueRefused] = []
    for key in keys:
        try:
            account = _match(_of_its_site(key, found, known), found, names)
        except ValueRefused as refusal:
            accounts.append(ValueRefused("account", refusal.message, refusal.next_step))
            continue
        missing = ValueRefused("account", f"There is no account {key[0][:255]!r}.")
        accounts.append(account or missing)
    return accounts


def _found(keys: Iterable[Key]) -> dict[str, dict[int | None, int]]:
    """The visible accounts of these identifiers, by the site each is limited to; aliases included."""
    found: dict[str, dict[int | None, int]] = {}
    wanted = list({part for name, _ in keys for part in (name, name.partition(":")[2]) if part})
    aliases = Alias.objects.filter(identifier__in=wanted, account__removed_at=None)
    rows = Account.objects.filter(identifier__in=wanted, removed_at=None)
    for column, several in (("account_id", aliases), ("pk", rows)):
        for pk, identifier, scope in several.values_list(column, "identifier", "scope_id"):
            found.setdefault(identifier, {})[scope] = pk
    return found


def _hidden(identifiers: Iterable[str]) -> set[Key]:
    rows = Account.objects.filter(identifier__in=list(identifiers)).exclude(removed_at=None)
    return set(rows.values_list("identifier", "scope_id"))


def _match(
    key: Key, found: Mapping[str, Mapping[int | None, int]], names: Mapping[int, str]
) -> int | None:
    """The account a row means; None when it is to be made. Raises when it may mean several."""
    identifier, scope = key
    several = found.get(identifier, {})
    if scope is not None or not several:
        return several.get(scope)
    if len(several) == 1:
        return next(iter(several.values()))
    if None in several:
        return several[None]
    choices = ", ".join(sorted(names.get(pk or 0, "?") for pk in several))
    raise ValueRefused(
        "site", f"{identifier!r} is an account of several sites.", f"Name its site: {choices}."
    )


def _twice(identifier: str, place: int) -> ValueRefused:
    return ValueRefused(
        "identifier", f"{identifier!r} stands in row {place} already.", "Send one row an account."
    )


def _is_hidden(identifier: str) -> ValueRefused:
    return ValueRefused(
        "identifier",
        f"{identifier!r} was merged into another account, or its making was reverted.",
        "Undo that first, or use the account it was merged into.",
    )
