"""The cells of the list of invoices as HTML, a function a column."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from django.utils.safestring import SafeString, mark_safe

from tenure.metrics.lists.invoices import InvoiceRow
from tenure.web import badges, drawn
from tenure.web.billing import cells
from tenure.web.billing.cells import NONE, Draw, Shown, amount, day, drawer, whose
from tenure.web.drawn import NOTHING, html, number, shortened, together

LONGEST_FAILURE = 60
MOST_PLANS = 2
NOTHING_OWED = mark_safe('<span class="none" aria-label="nothing owed">–</span>')  # a constant
LAST_NOTICE = mark_safe('<span class="under bad">the last one too</span>')  # a constant
CREDIT = mark_safe(' <span class="tag">credit</span>')  # a constant


def _invoice(one: InvoiceRow, _: Shown) -> SafeString:
    row = one.row
    return html(
        '<td><a class="title nowrap" {}>{}</a>{}</td>',
        drawer(row.pk, "invoice"),
        row.number or row.upstream_id,
        CREDIT if row.type == "credit" else "",
    )


def _account(one: InvoiceRow, _: Shown) -> SafeString:
    return whose(one.row, one.parts)


def _status(one: InvoiceRow, _: Shown) -> SafeString:
    return html('<td class="num-phone">{}</td>', drawn.badge(one.status))


def _issued(one: InvoiceRow, shown: Shown) -> SafeString:
    return html('<td data-label="Issued">{}</td>', day(one.row.created_at, shown))


def _due(one: InvoiceRow, shown: Shown) -> SafeString:
    when, days = one.row.due_at or one.stands.due_day, one.stands.days
    late = html('<span class="under bad">{} late</span>', _counted(days, "day")) if days else ""
    return html('<td data-label="Due">{}{}</td>', day(when, shown) if when else NONE, late)


def _counted(count: int, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"


def _amount(name: str, label: str) -> Draw:
    """The cell of a stored amount."""

    def draw(one: InvoiceRow, _: Shown) -> SafeString:
        held = amount(getattr(one.row, name), one.row.currency)
        return html('<td class="num" data-label="{}">{}</td>', label, held)

    return draw


def _balance(one: InvoiceRow, _: Shown) -> SafeString:
    row = one.row
    return html(
        '<td class="num{}" data-label="Balance">{}</td>',
        " bad strong" if one.stands.days else "",
        amount(row.balance, row.currency) if row.balance else NOTHING_OWED,
    )


def _attempts(one: InvoiceRow, _: Shown) -> SafeString:
    tried = one.attempts
    why = html(
        ' <span class="under bad clip" title="{}">{}</span>',
        tried.last_failure, shortened(tried.last_failure, LONGEST_FAILURE) or "failed",
    ) if tried.failed else ""  # fmt: skip
    return html(
        '<td class="attempts{}" data-label="Attempts">{}{}</td>',
        "" if tried.failed else " off",
        number(tried.number) if tried.number else NOTHING,
        why if tried.number else "",
    )


def _late(one: InvoiceRow, _: Shown) -> SafeString:
    days = one.stands.days
    late = html('<span class="bad">{}</span>', number(days)) if days else NONE
    return html('<td class="num" data-label="Days late">{}</td>', late)


def _paid_on(one: InvoiceRow, shown: Shown) -> SafeString:
    paid = one.row.state == "paid"
    return html('<td data-label="Paid on">{}</td>', day(one.row.closed_at, shown) if paid else NONE)


def _word(name: str, label: str) -> Draw:
    """The cell of a word of the source's."""

    def draw(one: InvoiceRow, _: Shown) -> SafeString:
        word = getattr(one.row, name)
        return html('<td data-label="{}">{}</td>', label, badges.spoken(word) if word else "–")

    return draw


def _dunning(one: InvoiceRow, _: Shown) -> SafeString:
    sent = one.row.dunning_events_sent
    if not sent:
        return html('<td data-label="Dunning">{}</td>', NONE)
    last = LAST_NOTICE if one.row.final_dunning_event else ""
    return html('<td data-label="Dunning">{}{}</td>', _counted(sent, "notice"), last)


def _beside(label: str, value: Callable[[InvoiceRow], Decimal]) -> Draw:
    """The cell of an amount that other records add up to."""

    def draw(one: InvoiceRow, _: Shown) -> SafeString:
        found = value(one)
        held = amount(found, one.row.currency) if found else NONE
        return html('<td class="num" data-label="{}">{}</td>', label, held)

    return draw


def _plans(one: InvoiceRow, _: Shown) -> SafeString:
    names = one.plans
    tags = together(html('<span class="tag clip">{}</span> ', name) for name in names[:MOST_PLANS])
    more = html(
        '<span class="tag more" title="{}">+{}</span>', ", ".join(names), len(names) - MOST_PLANS
    ) if len(names) > MOST_PLANS else ""  # fmt: skip
    return html('<td data-label="Subscriptions">{}{}</td>', tags or NONE, more)


CELLS: Mapping[str, Draw] = {
    "invoice": _invoice,
    "account": _account,
    "status": _status,
    "issued": _issued,
    "due": _due,
    "total": _amount("total", "Total"),
    "paid": _amount("paid", "Paid"),
    "balance": _balance,
    "attempts": _attempts,
    "site": cells.site,
    "late": _late,
    "paid_on": _paid_on,
    "type": _word("type", "Type"),
    "origin": _word("origin", "Origin"),
    "dunning": _dunning,
    "refunded": _beside("Refunded", lambda one: one.attempts.refunded),
    "credited": _beside("Credit used", lambda one: one.credited),
    "plans": _plans,
    "currency": cells.currency,
    "po": cells.order_number,
    "id": cells.own_id,
}
