"""The subscriptions of an account, each with what it is worth a period and where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import coupons
from tenure.customers import read as customers
from tenure.customers.fields import custom
from tenure.customers.models import Attribute, Subscription
from tenure.sources import registry
from tenure.sources.base import Stream
from tenure.web.account import known
from tenure.web.account.agreed import Value, value_of
from tenure.web.account.coupons import drawn
from tenure.web.account.head import head_of, shown
from tenure.web.account.intervals import interval
from tenure.web.as_of import at, now_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers


@dataclass(frozen=True, slots=True)
class Agreement:
    """A subscription as it is drawn: its words, the interval of its plan, its page at the source."""

    row: Subscription
    state: str
    every: str
    next_label: str
    next_at: datetime | None
    address: str | None
    attributes: Sequence[Value] = ()
    empty: Sequence[Value] = ()
    unmapped: Sequence[tuple[str, Any]] = ()

    @property
    def add_ons(self) -> list[Mapping[str, Any]]:
        """The add-ons as the source lists them; anything else in their place is left out."""
        return [item for item in self.row.add_ons or [] if isinstance(item, dict)]


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """All subscriptions, the living first."""
    moment = at(request)
    head = head_of(pk, moment)
    # What was known on a past day is looked at, not edited.
    may = moment is None and may_edit_customers(member_of(request))
    rows = known.subscriptions(head, moment)
    found = agreements(rows, now_of(request), may_edit=may)
    theirs = coupons.held(pk, moment.instant if moment else None)
    more = {
        "agreements": found,
        "most": customers.MOST_SUBSCRIPTIONS,
        "coupons": drawn(theirs, {row.currency for row in rows}),
    }
    context = shown(request, head, "account_subscriptions", **more)
    return render(request, "web/account/subscriptions.html", context)


def agreements(
    rows: Sequence[Subscription],
    now: datetime,
    *,
    may_edit: bool = False,
    defined: Sequence[Attribute] | None = None,
) -> list[Agreement]:
    """The rows of ``customers.subscriptions`` as they are drawn; what of their attributes has no value
    only where ``may_edit`` says that it can be given one."""
    if defined is None:
        defined = customers.attributes_of_subscriptions() if rows else []
    return [_agreement(row, now, defined, may_edit) for row in rows]


def _agreement(row: Any, now: datetime, defined: Sequence[Attribute], may_edit: bool) -> Agreement:
    label, at = _next(row, now)
    source = registry.source(row.site.source)
    address = source.record_url(
        row.site.subdomain, Stream.SUBSCRIPTIONS, row.uuid or row.upstream_id
    )
    values = [value_of(row, one, editable=may_edit) for one in defined]
    held = [one for one in values if one.has_value]
    read = {one.field for one in held}
    return Agreement(
        row,
        state_of(row, now),
        interval(row.every_unit, row.every_length),
        label,
        at,
        address,
        attributes=held,
        empty=[one for one in values if one.editable and not one.has_value],
        unmapped=[
            (n, v) for n, v in row.custom_fields.items() if custom("subscription", n) not in read
        ],
    )


def state_of(row: Subscription, now: datetime) -> str:
    """The state in our words: a trial is one although the source calls it active."""
    began, ends = row.trial_started_at, row.trial_ends_at
    if row.state == "active" and began and ends and began <= now < ends:
        return "trial"
    return "cancelling" if row.state == "canceled" else row.state


def _next(row: Subscription, now: datetime) -> tuple[str, datetime | None]:
    """What happens to it next, and when."""
    match state_of(row, now):
        case "trial":
            return "Trial ends", row.trial_ends_at
        case "cancelling":
            return "Ends", row.expires_at
        case "paused":
            return "Resumes", row.resume_at
        case "expired":
            return "Ended", row.expires_at
        case "future":
            return "Starts", row.current_period_started_at
        case "active" if row.auto_renew is False:
            return "Term ends", row.current_term_ends_at
        case "active":
            return "Renews", row.current_term_ends_at
    return "", None
