"""Tags: an attribute of kind list that no field feeds, made when the first tag is given."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from tenure.customers import attributes, fields, write
from tenure.customers.history import open_set
from tenure.customers.models import Account, Attribute, AttributeKind, Change, ChangeSet
from tenure.customers.write import By, Edited, ValueRefused

NAME, LABEL = "tags", "Tags"
LONGEST, MOST = 60, 100
TOGETHER = 2_000


@dataclass(frozen=True, slots=True)
class Reach:
    """How many accounts would gain a tag, lose one, and change at all."""

    gaining: int
    losing: int
    changing: int


def read(text: str) -> list[str]:
    """Tags out of what somebody typed, with commas or lines between them. Raises ValueRefused."""
    found = list(dict.fromkeys(" ".join(one.split()) for one in text.replace("\n", ",").split(",")))
    tags = [one for one in found if one]
    if any(len(one) > LONGEST for one in tags):
        raise ValueRefused(NAME, f"A tag has at most {LONGEST} characters.", "Shorten it.")
    return tags


def used() -> Sequence[str]:
    """The tags there are, the most used first."""
    with connection.cursor() as db:
        db.execute(
            "SELECT tag FROM customers_account a, jsonb_array_elements_text(CASE WHEN"
            " jsonb_typeof(a.attributes -> %s) = 'array' THEN a.attributes -> %s ELSE '[]' END) tag"
            " WHERE a.removed_at IS NULL AND a.attributes ? %s"
            " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %s",
            [NAME, NAME, NAME, MOST],
        )
        return [row[0] for row in db.fetchall()]


def reach(accounts: Sequence[int], add: Sequence[str], remove: Sequence[str]) -> Reach:
    """What giving and taking these tags would do."""
    gaining = losing = changing = 0
    for _, held, wanted in _each(accounts, add, remove):
        gaining += bool(set(wanted) - set(held))
        losing += bool(set(held) - set(wanted))
        changing += wanted != held
    return Reach(gaining, losing, changing)


def change(
    accounts: Sequence[int],
    add: Sequence[str],
    remove: Sequence[str],
    by: By,
    *,
    now: datetime,
    change_set: ChangeSet | None = None,
) -> Edited:
    """Give these tags to the accounts and take those away, as one change set, or as part of one that
    stands already; other tags stay. Raises ValueRefused, with nothing changed, where “tags” is an
    attribute of another kind."""
    done = Edited()
    with transaction.atomic():
        made = ensure(by, now, change_set) or change_set
        for start in range(0, len(accounts), TOGETHER):
            several = accounts[start : start + TOGETHER]
            wanted = {
                pk: {NAME: tags or None}
                for pk, held, tags in _each(several, add, remove)
                if tags != held
            }
            part = write.edit_each(wanted, by, now=now, change_set=done.change_set or made)
            done.change_set = part.change_set or done.change_set
            done.accounts += part.accounts
    return done


def _each(
    accounts: Iterable[int], add: Sequence[str], remove: Sequence[str]
) -> Iterator[tuple[int, list[str], list[str]]]:
    """Each account with the tags it has and those it shall have."""
    rows = Account.objects.filter(pk__in=list(accounts), removed_at=None)
    for pk, values in rows.values_list("pk", "attributes").iterator():
        held = values.get(NAME)
        held = [str(one) for one in held] if isinstance(held, list) else []
        left = [tag for tag in held if tag not in remove]
        yield pk, held, left + [tag for tag in add if tag not in left]


def ensure(by: By, now: datetime, change_set: ChangeSet | None = None) -> ChangeSet | None:
    """See that there is such an attribute; the change set in which it was made, if it was now. Raises
    ValueRefused for one of another kind."""
    attributes.declare_standard()  # before any other attribute stands there
    kept, made = Attribute.objects.get_or_create(
        name=NAME,
        object_kind=fields.ACCOUNT,
        defaults={"label": LABEL, "kind": AttributeKind.LIST, "position": 200},
    )
    if kept.kind != AttributeKind.LIST:
        raise ValueRefused(
            NAME,
            f"The attribute “{NAME}” is a {kept.kind}, so it cannot hold several tags.",
            "Change its type to list under Settings › Attributes.",
        )
    if not made:
        return None
    change_set = change_set or open_set(by.origin, now=now, member=by.member, reason=by.reason)
    Change.objects.create(
        change_set=change_set,
        object_kind="attribute",
        object_id=kept.pk,
        changes={"name": [NAME, NAME], "object": [fields.ACCOUNT] * 2, "kind": [None, kept.kind]},
        at=now,
    )
    return change_set
