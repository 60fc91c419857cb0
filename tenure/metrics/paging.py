"""Orders of the account list, and the cursors that say where in one of them a page ends."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from tenure.core.errors import TenureError
from tenure.metrics import briefs

FACTS, ACCOUNT, BRIEF = "metrics_accountfacts", "customers_account", briefs.TABLE
LARGEST = Decimal(10) ** 20


class UnusablePage(TenureError):
    """A sort order or cursor that names no page; the sentence says what to ask for instead."""


class Ordering(Protocol):
    """What a cursor has to know of an order: which one it is, its parts, and how to read a value."""

    @property
    def key(self) -> str: ...
    @property
    def descending(self) -> bool: ...
    @property
    def phases(self) -> tuple[int, ...]: ...
    @property
    def parse(self) -> Callable[[Any], Any]: ...


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort accounts: a column of the account or of its brief, made unique by the id. At a
    past time another ``table`` with one row an account has the column of then.

    Rows whose value is unknown come last in both directions, then accounts not measured yet.
    ``known`` is what must hold of the row, as ``{}``, besides, so that its value counts as known.
    """

    key: str
    table: str
    column: str
    parse: Callable[[Any], Any]
    descending: bool = False
    known: str = ""

    @property
    def phases(self) -> tuple[int, ...]:
        """Known values, unknown values, accounts without facts: the parts of the list, in order."""
        return (0,) if self.table == ACCOUNT else (0, 1, 2)


def number(value: Any) -> Decimal:
    """The amount a cursor holds."""
    found = Decimal(value)
    if not found.is_finite() or abs(found) > LARGEST:
        raise ValueError(value)
    return found


def text(value: Any) -> str:
    """The words a cursor holds."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    value.encode()
    return value


def small(value: Any) -> int:
    """The rank a cursor holds."""
    if not 0 <= int(value) < 2**15:
        raise ValueError(value)
    return int(value)


ORDERS: Mapping[str, Order] = {
    order.key: order
    for order in (
        Order("name", ACCOUNT, "name", text),
        Order("identifier", ACCOUNT, "identifier", text),
        Order("created", ACCOUNT, "created_at", datetime.fromisoformat),
        Order("mrr", BRIEF, "mrr_sort", number),
        Order("total_due", BRIEF, "due_sort", number),
        Order("past_due", BRIEF, "past_due_sort", number),
        Order("next_renewal", BRIEF, "next_renewal_date", date.fromisoformat),
        Order("last_paid", BRIEF, "last_paid_date", date.fromisoformat),
        Order("status", BRIEF, "status_rank", small),
    )
}


def order_of(sort: str, orders: Mapping[str, Order] = ORDERS) -> Order:
    """The order named like ``name`` or, descending, ``-mrr``. Raises UnusablePage."""
    order = orders.get(sort.removeprefix("-"))
    if order is None:
        known = ", ".join(sorted(orders))
        raise UnusablePage(
            f"Accounts cannot be sorted by “{sort}”.",
            next_step=f"Use one of {known}; a minus sign in front reverses it.",
        )
    return replace(order, descending=sort.startswith("-"))


@dataclass(frozen=True, slots=True)
class Place:
    """A row's position in an order, and whether the page lies after it or before it."""

    phase: int
    value: Any
    account_id: int
    backwards: bool = False


def phases_from(order: Ordering, place: Place | None) -> tuple[int, ...]:
    """The parts of the list from a place on, in the direction it leads."""
    phases = order.phases[::-1] if place and place.backwards else order.phases
    return phases[phases.index(place.phase) :] if place else phases


def cursor_of(order: Ordering, place: Place) -> str:
    """The place as opaque text for an address."""
    value = place.value
    if place.phase == 0 and not isinstance(value, int):
        value = value.isoformat() if isinstance(value, date) else str(value)
    parts = [_name(order), int(place.backwards), place.phase, value, place.account_id]
    packed = json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def place_of(order: Ordering, cursor: str) -> Place:
    """What ``cursor_of`` packed. Raises UnusablePage for anything else, or for another order."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        name, backwards, phase, value, account_id = json.loads(packed)
        if name != _name(order) or phase not in order.phases or not 0 <= account_id < 2**63:
            raise ValueError(cursor)
        known = order.parse(value) if phase == 0 else None
        return Place(phase, known, int(account_id), backwards == 1)
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise UnusablePage(
            "This page marker is damaged or belongs to another sort order.",
            next_step="Start again from the first page of the list.",
        ) from error


def _name(order: Ordering) -> str:
    return f"-{order.key}" if order.descending else order.key
