"""The cells of the list of subscriptions as HTML, a function a column."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from tenure.metrics.lists.subscriptions import SubscriptionRow
from tenure.web import moments
from tenure.web.account.intervals import interval
from tenure.web.billing import cells
from tenure.web.billing.cells import LONGEST_NAME, NONE, Draw, Shown, amount, day, drawer, whose
from tenure.web.drawn import NOTHING, badge, briefly, html, money, number, shortened, together

MOST_TAGS = 2
HOW = mark_safe('<span class="hush">, how it is made</span>')  # a constant
NOT_KNOWN = mark_safe(
    '<span class="warn" title="Its price or its interval is not known">not known</span>'
)  # a constant


def _subscription(one: SubscriptionRow, _: Shown) -> SafeString:
    row = one.row
    name = row.plan_name or row.plan_code or "Unknown plan"
    return html(
        '<td class="wide"><a class="title isolate" dir="auto" {}>{}</a></td>',
        drawer(row.pk, "subscription"), shortened(name, LONGEST_NAME),
    )  # fmt: skip


def _account(one: SubscriptionRow, _: Shown) -> SafeString:
    return whose(one.row)


def _status(one: SubscriptionRow, _: Shown) -> SafeString:
    if one.facts:
        held = badge(one.facts.status)
    elif one.row.account_id:
        held = badge("waiting", "Not measured yet")
    else:
        held = badge(one.row.state)
    return html('<td class="num-phone">{}</td>', held)


def _mrr(one: SubscriptionRow, _: Shown) -> SafeString:
    mrr = one.mrr
    if mrr is None:
        text = NOT_KNOWN if one.facts else NOTHING
        return html('<td class="num" data-label="MRR">{}</td>', text)
    known = one.known if one.known and one.known != "snapshot" else ""
    return html(
        '<td class="num" data-label="MRR"><a class="figure" {}>{}{}</a>{}{}</td>',
        drawer(one.row.pk, "subscription"), money(mrr), HOW,
        "" if mrr else _would_be(one),
        html('<span class="under">{}</span>', known) if known else "",
    )  # fmt: skip


def _would_be(one: SubscriptionRow) -> SafeString | str:
    """What a trial or a pause would be worth if it counted."""
    if one.monthly and one.facts and one.facts.status in ("trial", "paused"):
        return html('<span class="under">would be {}</span>', money(one.monthly))
    return ""


def _quantity(one: SubscriptionRow, _: Shown) -> SafeString:
    return html('<td class="num" data-label="Quantity">{}</td>', number(one.row.quantity))


def _unit(one: SubscriptionRow, _: Shown) -> SafeString:
    held = amount(one.row.unit_amount, one.row.currency)
    return html('<td class="num" data-label="Unit price">{}</td>', held)


def _interval(one: SubscriptionRow, _: Shown) -> SafeString:
    plan = one.plan
    word = interval(plan.interval_unit, plan.interval_length) if plan else ""
    return html('<td data-label="Interval">{}</td>', word or NOTHING)


def _fact(name: str, label: str) -> Draw:
    """The cell of a day there is a figure of."""

    def draw(one: SubscriptionRow, shown: Shown) -> SafeString:
        when = getattr(one.facts, name) if one.facts else None
        return html('<td data-label="{}">{}</td>', label, day(when, shown))

    return draw


def _ends(one: SubscriptionRow, shown: Shown) -> SafeString:
    when = one.facts.ends_on if one.facts else None
    return html('<td class="{}" data-label="Ends">{}</td>', "" if when else "off", day(when, shown))


def _plan_code(one: SubscriptionRow, _: Shown) -> SafeString:
    shape = '<td class="mono small" data-label="Plan code">{}</td>'
    return html(shape, one.row.plan_code or "–")


def _term_left(one: SubscriptionRow, shown: Shown) -> SafeString:
    ends, text = one.row.current_term_ends_at, NONE
    if ends and one.facts and one.facts.status in ("active", "cancelling"):
        text = html("{}", moments.away(ends, shown.now, shown.zone))
    return html('<td class="nowrap" data-label="Term left">{}</td>', text)


def _period(one: SubscriptionRow, shown: Shown) -> SafeString:
    row = one.row
    text = _span(row.current_period_started_at, "to", row.current_period_ends_at, shown)
    return html('<td class="nowrap" data-label="Period">{}</td>', text)


def _trial(one: SubscriptionRow, shown: Shown) -> SafeString:
    began, ends = one.row.trial_started_at, one.row.trial_ends_at
    text = _span(began, "to", ends, shown) if began else NONE
    return html('<td class="nowrap" data-label="Trial">{}</td>', text)


def _paused(one: SubscriptionRow, shown: Shown) -> SafeString:
    paused, resumes = one.row.paused_at, one.row.resume_at
    text = day(paused, shown) if paused else NONE
    if paused and resumes:
        text = _span(paused, "until", resumes, shown)
    return html('<td class="nowrap" data-label="Paused">{}</td>', text)


def _span(begins: datetime | None, word: str, ends: datetime | None, shown: Shown) -> SafeString:
    return html('{}<span class="under">{} {}</span>', day(begins, shown), word, day(ends, shown))


def _renews(one: SubscriptionRow, _: Shown) -> SafeString:
    renews = one.row.auto_renew
    text = NONE if renews is None else "yes" if renews else "no"
    return html('<td data-label="Renews itself">{}</td>', text)


def _canceled(one: SubscriptionRow, shown: Shown) -> SafeString:
    return html('<td data-label="Cancelled">{}</td>', day(one.row.canceled_at, shown))


def _add_ons(one: SubscriptionRow, _: Shown) -> SafeString:
    items = one.row.add_ons or ()
    shape = '<span class="tag clip">{} × {}</span> '
    tags = [html(shape, *_add_on(item)) for item in items[:MOST_TAGS]]
    return html('<td data-label="Add-ons">{}{}</td>', together(tags) or NONE, _more(len(items)))


def _add_on(item: Any) -> tuple[str, Any]:
    """The code and the quantity of an add-on as the source wrote it."""
    held = item if isinstance(item, dict) else {}
    kind = held.get("add_on")
    code = kind.get("code") if isinstance(kind, dict) else None
    return code or "add-on", held.get("quantity") or 1


def _fields(one: SubscriptionRow, _: Shown) -> SafeString:
    items = list(one.row.custom_fields.items())
    shape = '<span class="tag clip isolate" dir="auto">{}: {}</span> '
    tags = [html(shape, name, briefly(value)) for name, value in items[:MOST_TAGS]]
    return html(
        '<td data-label="Custom fields">{}{}</td>', together(tags) or NONE, _more(len(items))
    )


def _more(count: int) -> SafeString | str:
    shape = '<span class="tag more">+{}</span>'
    return html(shape, count - MOST_TAGS) if count > MOST_TAGS else ""


CELLS: Mapping[str, Draw] = {
    "subscription": _subscription,
    "account": _account,
    "status": _status,
    "mrr": _mrr,
    "quantity": _quantity,
    "unit": _unit,
    "interval": _interval,
    "next_renewal": _fact("renews_on", "Renews"),
    "ends": _ends,
    "site": cells.site,
    "plan_code": _plan_code,
    "term_left": _term_left,
    "period": _period,
    "next_bill": _fact("bills_on", "Next bill"),
    "add_ons": _add_ons,
    "trial": _trial,
    "renews": _renews,
    "paused": _paused,
    "canceled": _canceled,
    "started": _fact("started_on", "Started"),
    "currency": cells.currency,
    "po": cells.order_number,
    "fields": _fields,
    "id": cells.own_id,
}
