"""One alert with everything around it: what its rule saw then beside what it sees now, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.alerts import mutes, read
from tenure.alerts.lifecycle import possible
from tenure.alerts.message import value_text
from tenure.alerts.models import OPEN, Alert, AlertEvent, AlertRuleVersion, Mute
from tenure.core.money import Money
from tenure.customers import bills
from tenure.customers import read as customers
from tenure.customers.models import Change, Invoice
from tenure.metrics.amounts import stored
from tenure.rules.catalogue import Attribute
from tenure.rules.operators import Type
from tenure.segments.catalogue import catalogue
from tenure.segments.explain import Explanation, Line
from tenure.sync import standing

SHORTLY = timedelta(days=2)
MOST_INVOICES, READ_INVOICES = 8, 50
# Figures whose parts are invoices; an alert on one of them shows what is owed.
OWED = {"past_due", "total_due", "past_due_count", "oldest_past_due_days", "past_due_mrr", "due"}


@dataclass(frozen=True, slots=True)
class Side:
    """What a condition saw at one time: whether it held (None: not known) and its value in words."""

    holds: bool | None
    value: str
    former: str = ""
    rows: Sequence[tuple[str, int | None]] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One condition of the rule, then and now; ``now`` is None when it is not asked any more."""

    words: str
    text: str
    depth: int
    joint: str
    then: Side
    now: Side | None
    figure: str = ""

    @property
    def moved(self) -> bool:
        """Whether it sees something else now."""
        seen = self.now
        return bool(seen and (seen.holds, seen.value) != (self.then.holds, self.then.value))


@dataclass(frozen=True, slots=True)
class Detail:
    """An alert as its page shows it."""

    alert: Alert
    rows: Sequence[Row]
    holds_now: bool | None
    history: Sequence[AlertEvent]
    others: Sequence[Alert]
    before: Sequence[Alert]
    version: AlertRuleVersion | None
    changes: Sequence[Change]
    runs: Mapping[int, int]
    owed: Sequence[Invoice]
    mute: Mute | None
    stake: Money | None
    acts: frozenset[str]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to end it."""
        return self.alert.state in OPEN


def detail(alert: Alert, now: datetime) -> Detail:
    """Everything the page shows of an alert."""
    seen = read.now_of(alert, now)
    rows = _rows(alert, seen)
    recent = customers.changes(
        alert.account_id, limit=4, before=alert.opened_at + timedelta(seconds=1)
    )
    changes = [one for one in recent if one.at > alert.opened_at - SHORTLY]
    stake = None
    if alert.at_stake is not None and alert.at_stake_currency:
        stake = Money(stored(alert.at_stake), alert.at_stake_currency)
    return Detail(
        alert,
        rows,
        seen.is_in if seen else None,
        read.history(alert),
        read.others_open(alert),
        read.same_before(alert),
        read.version(alert),
        changes,
        standing.runs_of_change_sets(one.change_set_id for one in changes),
        _owed(alert, rows),
        mutes.of(alert, now),
        stake,
        frozenset(action.name for action in possible(alert.state)),
    )


def _owed(alert: Alert, rows: Sequence[Row]) -> Sequence[Invoice]:
    """The invoices owed now, the longest due first, where the alert is about what is owed."""
    about = {row.figure for row in rows} | {line.get("operand", "") for line in alert.evidence}
    if not about & OWED and not any("invoice" in str(one) for one in about):
        return ()
    found = bills.invoices(alert.account_id, limit=READ_INVOICES, only_open=True)
    owed = [one for one in found if one.part.balance]
    return sorted(owed, key=lambda one: one.due_at or one.created_at)[:MOST_INVOICES]


def _rows(alert: Alert, seen: Explanation | None) -> list[Row]:
    """The frozen conditions with what each sees now; matched by their text, in their order."""
    known = catalogue()
    lines = list(seen.lines) if seen else []
    found = []
    for frozen in alert.evidence:
        line = _taken(lines, frozen)
        attribute = known.scope.find(frozen.get("operand") or "")
        currency = line.currency if line else ""
        then = _side(frozen, attribute, currency, alert.account_id)
        present = _side(line.as_json(), attribute, currency, alert.account_id) if line else None
        found.append(
            Row(
                frozen.get("words", ""),
                frozen.get("condition", ""),
                frozen.get("depth", 0),
                frozen.get("joint") or "",
                then,
                present,
                line.figure if line else "",
            )
        )
    return found


def _taken(lines: list[Line], frozen: Mapping[str, Any]) -> Line | None:
    for line in lines:
        same = line.text == frozen.get("condition") and line.words == frozen.get("words")
        if same and line.depth == frozen.get("depth", 0):
            lines.remove(line)
            return line
    return None


def _side(
    line: Mapping[str, Any], attribute: Attribute | None, currency: str, account_id: int
) -> Side:
    former = line.get("former")
    return Side(
        line.get("holds"),
        "" if line.get("joint") else in_words(line.get("value"), attribute, currency),
        "" if former is None else in_words(former, attribute, currency),
        [(name, _invoice(account_id, name, line)) for name in line.get("rows") or ()],
    )


def _invoice(account_id: int, named: str, line: Mapping[str, Any]) -> int | None:
    """The invoice of this number, where the condition is about invoices."""
    if "invoice" not in str(line.get("operand", "")):
        return None
    found = bills.invoice_numbered(account_id, named)
    return found[0].pk if len(found) == 1 else None


def in_words(value: Any, attribute: Attribute | None, currency: str = "") -> str:
    """A value as it was kept with an alert, for people."""
    return value_text(_revived(value, attribute), attribute, currency)


def _revived(value: Any, attribute: Attribute | None) -> Any:
    """What JSON made text of: amounts and numbers, and days."""
    kind = attribute.type if attribute else None
    if not isinstance(value, str):
        return value
    try:
        if kind in (Type.NUMBER, Type.MONEY):
            return Decimal(value)
        if kind is Type.DATE:
            return date.fromisoformat(value)
    except (InvalidOperation, ValueError):
        pass
    return value
