"""The cells of the account list's own columns as HTML, a function each; see ``drawing.py``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from tenure.core.money import Money
from tenure.metrics.account_rows import AccountRow
from tenure.web import drawn
from tenure.web.accounts.cells import Line
from tenure.web.drawn import (
    address,
    badge,
    beside,
    html,
    icon,
    moneys,
    number,
    opens,
    shortened,
    some,
    together,
)

LONGEST_NAME = 80
NONE = mark_safe('<span class="none">–</span>')  # a constant
OPENS = mark_safe('hx-target="#drawer-content" hx-swap="innerHTML"')  # a constant
HOW = mark_safe('<span class="hush">, how it is made</span>')  # a constant
EDITS = mark_safe('aria-haspopup="dialog"')  # a constant


@dataclass(frozen=True, slots=True)
class Shown:
    """What drawing a row depends on besides the row: when and where it is read, and by whom.
    ``past`` says that the list is of a past day."""

    now: datetime
    zone: ZoneInfo
    past: bool
    may_edit: bool
    open_alerts: Mapping[int, int]


def editable(
    row: AccountRow, field: str, label: str, held: str, title: str | None = None
) -> SafeString:
    return html(
        '<button type="button" class="value" id="edit-{}-{}" data-edit {} hx-get="{}" hx-target="#editor-content"'
        ' hx-swap="innerHTML"{}><span class="hush">{}: </span><span class="what">{}</span>{}'
        '<span class="hush">, edit</span></button>',
        row.id, field, EDITS, address("edit_value", row.id, field),
        "" if title is None else html(' title="{}"', title),
        label, held, icon("pencil"),
    )  # fmt: skip


def _account(line: Line, _: Shown) -> SafeString:
    row = line.row
    return html(
        '<td class="wide"><a class="title isolate" dir="auto" href="{}">{}</a>'
        '<span class="under clip isolate" dir="auto">{}</span></td>',
        address("account", row.id), shortened(row.name, LONGEST_NAME), row.identifier,
    )  # fmt: skip


def _status(line: Line, shown: Shown) -> SafeString:
    return html('<td class="num-phone">{}</td>', _status_badge(line.row, shown))


def _status_badge(row: AccountRow, shown: Shown) -> SafeString:
    if row.kind == "reconstructed":
        return badge("waiting", "From invoices")
    if row.kind == "inferred":
        return badge("waiting", "Inferred")
    if row.as_of:
        return _door(row, "subscription_status", row.subscription_status)
    return badge("waiting", "Not known then" if shown.past else "Not measured yet")


def _door(row: AccountRow, figure: str, state: str | None) -> SafeString:
    """A badge that opens what it is made of."""
    door = '<a class="badge-door" {} {}>{}{}</a>'
    return html(door, opens(row.id, figure), OPENS, badge(state), HOW)


def _health(line: Line, _: Shown) -> SafeString:
    score = line.health
    if score is None:
        return html('<td data-label="">{}</td>', badge("waiting", "Not scored yet"))
    ended, partly = score.state == "ended", score.coverage < 1
    scored = score.score is not None and not ended
    known = f"{round(float(score.coverage) * 100)} %"
    return html(
        '<td data-label=""><a class="health-cell" href="{}"{}>{}{}</a>{}</td>',
        address("account_health", line.row.id),
        html(' title="{} of the weight is known"', known) if partly else "",
        badge("ended" if ended else score.band),
        html('<span class="num-text">{}</span>', score.score) if scored else "",
        html('<span class="under">{} known</span>', known) if partly and scored else "",
    )


def _figure(row: AccountRow, figure: str, text: str, *, door: bool, more: str = "") -> SafeString:
    """A figure that opens what it is made of, where there is anything to open."""
    if not door:
        return html("{}", text)
    link = '<a class="figure{}" {} {}>{}{}</a>'
    return html(link, more, opens(row.id, figure), OPENS, text, HOW)


def _revenue(figure: str, label: str) -> Callable[[Line, Shown], SafeString]:
    """The cell of a figure of every month or year, with its converted total beside it."""

    def draw(line: Line, _: Shown) -> SafeString:
        row = line.row
        amounts: tuple[Money, ...] = getattr(row, figure)
        return html(
            '<td class="money-cell num" data-label="{}">{}{}</td>',
            label,
            _figure(row, figure, moneys(amounts), door=bool(amounts)),
            beside(amounts, getattr(row, f"{figure}_converted"), row.missing_rates),
        )

    return draw


def _total_due(line: Line, _: Shown) -> SafeString:
    row, owed = line.row, some(line.row.total_due)
    return html(
        '<td class="num" data-label="Due">{}{}</td>',
        _figure(row, "total_due", moneys(owed), door=bool(owed)),
        beside(row.total_due, row.due_converted, row.missing_rates),
    )


def _past_due(line: Line, shown: Shown) -> SafeString:
    row = line.row
    if not row.oldest_past_due_days:
        return mark_safe(
            '<td class="num off" data-label="Overdue"><span class="none" aria-label="nothing overdue">–</span></td>'
        )  # a constant
    return html(
        '<td class="num" data-label="Overdue"><span class="bad strong">{}</span>{}'
        '<span class="under" title="{} days">since {}</span></td>',
        _figure(row, "past_due", moneys(some(row.past_due)), door=True),
        beside(row.past_due, row.past_due_converted, row.missing_rates),
        number(row.oldest_past_due_days),
        drawn.day(row.oldest_past_due_since, shown.zone, shown.now),
    )


def _plans(line: Line, _: Shown) -> SafeString:
    names = line.row.plan_names
    first = html('<span class="tag clip">{}</span>', names[0]) if names else ""
    more = ""
    if len(names) > 1:
        tag = ' <span class="tag more" title="{}">+{}</span>'
        more = html(tag, ", ".join(names), len(names) - 1)
    return html('<td class="plans full nowrap" data-label="">{}{}</td>', first, more)


def _quantity(line: Line, _: Shown) -> SafeString:
    row = line.row
    door = bool(row.total_quantity)
    text = _figure(row, "quantity_by_plan", number(row.total_quantity), door=door)
    return html('<td class="num off" data-label="Quantity">{}</td>', text)


def _subscriptions(line: Line, _: Shown) -> SafeString:
    row = line.row
    door = bool(row.active_subscriptions)
    text = _figure(row, "active_subscriptions", number(row.active_subscriptions), door=door)
    return html('<td class="num" data-label="Subscriptions">{}</td>', text)


def _day(figure: str, label: str) -> Callable[[Line, Shown], SafeString]:
    """The cell of a figure that is a day."""

    def draw(line: Line, shown: Shown) -> SafeString:
        day: date | None = getattr(line.row, figure)
        text = drawn.day(day, shown.zone, shown.now)
        door = bool(day)
        return html(
            '<td data-label="{}">{}</td>', label, _figure(line.row, figure, text, door=door)
        )

    return draw


def _alerts(line: Line, shown: Shown) -> SafeString:
    count = shown.open_alerts.get(line.row.id)
    if not count:
        return mark_safe(
            '<td class="num off" data-label="Alerts"><span class="none" aria-label="no open alert">–</span></td>'
        )  # a constant
    return html(
        '<td class="num" data-label="Alerts"><a class="figure strong" href="{}?account={}">{}'
        '<span class="hush"> open alert{}</span></a></td>',
        reverse("alerts"), line.row.id, number(count), "" if count == 1 else "s",
    )  # fmt: skip


def _invoices(line: Line, _: Shown) -> SafeString:
    status = line.row.invoice_status
    if not status or status == "none":
        text = mark_safe('<span class="none">No invoices</span>')  # a constant
    else:
        text = _door(line.row, "invoice_status", status)
    return html('<td class="off" data-label="Invoices">{}</td>', text)


def _sites(line: Line, _: Shown) -> SafeString:
    tags = together(html('<span class="tag">{}</span> ', one) for one in line.row.sites)
    none = mark_safe('<span class="none">None</span>')  # a constant
    return html('<td class="off" data-label="Sites">{}</td>', tags or none)


def _changed(line: Line, shown: Shown) -> SafeString:
    text = drawn.time(line.row.updated_at, shown.now, shown.zone, "plain")
    return html('<td class="off nowrap" data-label="Changed">{}</td>', text)


def _created(line: Line, shown: Shown) -> SafeString:
    text = drawn.time(line.row.created_at, shown.now, shown.zone, "plain")
    return html('<td class="nowrap" data-label="Created">{}</td>', text)


def _owner(line: Line, shown: Shown) -> SafeString:
    owner: str = line.row.owner or ""
    if shown.may_edit:
        nobody = mark_safe('<span class="none">Nobody</span>')  # a constant
        owner = editable(line.row, "owner", "Owner", owner or nobody)
    return html('<td class="value-cell" data-label="Owner">{}</td>', owner or "Nobody")


def _state(line: Line, _: Shown) -> SafeString:
    return html('<td data-label="State">{}</td>', badge(line.row.state))


FIGURES: Mapping[str, Callable[[Line, Shown], SafeString]] = {
    "account": _account,
    "status": _status,
    "health": _health,
    "mrr": _revenue("mrr", "MRR"),
    "plans": _plans,
    "quantity": _quantity,
    "next_renewal": _day("next_renewal_date", "Renews"),
    "past_due": _past_due,
    "alerts": _alerts,
    "invoices": _invoices,
    "sites": _sites,
    "changed": _changed,
    "owner": _owner,
    "arr": _revenue("arr", "ARR"),
    "total_due": _total_due,
    "subscriptions": _subscriptions,
    "next_bill": _day("next_bill_date", "Next bill"),
    "last_paid": _day("last_paid_date", "Last paid"),
    "customer_since": _day("customer_since", "Customer since"),
    "state": _state,
    "created": _created,
}
