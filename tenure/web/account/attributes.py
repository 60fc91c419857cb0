"""The attributes of an account: each value with where it came from, and its history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.access.models import Member
from tenure.customers import fields, provenance
from tenure.customers import read as customers
from tenure.customers.models import Attribute, AttributeKind
from tenure.customers.provenance import Back, Held, Pinned
from tenure.metrics.as_of import Moment
from tenure.sync import standing
from tenure.web import moments
from tenure.web.account.head import Head, head_of, shown
from tenure.web.as_of import at
from tenure.web.badges import spoken
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers
from tenure.web.values import EMPTY, in_words


@dataclass(frozen=True, slots=True)
class Value:
    """One attribute as it stands: its value, its source, who set it when, and what a pin keeps out.

    ``says_site`` is whose word waits behind the pin; ``pin_over`` that the pin's day has come.
    """

    name: str
    label: str
    kind: str
    kind_label: str
    unit: str
    value: Any
    source: str
    site: str
    field: str
    set_by: str
    set_at: datetime | None
    change_set: int | None
    pin: Pinned | None
    pin_over: bool
    held: Held | None
    back: Back | None
    says_site: str
    editable: bool
    others: tuple[tuple[str, str], ...] = ()

    @property
    def has_value(self) -> bool:
        """Whether there is anything to show."""
        return self.value not in EMPTY

    @property
    def is_long(self) -> bool:
        """A text that is cut where room is short."""
        return isinstance(self.value, str) and len(self.value) > 40

    @property
    def held_words(self) -> str:
        """What waits behind the pin, as the form that accepts it sends it back."""
        return in_words(self.held.value) if self.held else ""


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """All attributes that have a value; the empty ones on request."""
    moment = at(request)
    head = head_of(pk, moment)
    everything = request.GET.get("show") == "all"
    found = values(head, customers.attributes(), member_of(request), moment)
    listed = [one for one in found if everything or one.has_value]
    context = shown(
        request,
        head,
        "account_attributes",
        values=listed,
        empty=len(found) - sum(one.has_value for one in found),
        everything=everything,
        runs=standing.runs_of_change_sets(one.change_set for one in listed if one.change_set),
    )
    return render(request, "web/account/attributes.html", context)


def values(
    head: Head, defined: list[Attribute], member: Member, moment: Moment | None = None
) -> list[Value]:
    """The account's values in the order of their definitions, then those nobody has defined. Those of
    a past time cannot be edited."""
    may = may_edit_customers(member) and moment is None
    now = moment.instant if moment else settings.TENURE_CLOCK.now()
    found = [_value(head, attribute, now, editable=may) for attribute in defined]
    known = {attribute.name for attribute in defined}
    undefined = [
        Attribute(name=name, label=spoken(name), kind=AttributeKind.TEXT)
        for name in sorted(head.account.attributes)
        if name not in known
    ]
    return found + [_value(head, attribute, now, editable=False) for attribute in undefined]


def _value(head: Head, attribute: Attribute, now: datetime, *, editable: bool) -> Value:
    account, name = head.account, attribute.name
    origin = provenance.of_attribute(account, name, head.rows)
    value = account.attributes.get(name)
    others = _others(head, attribute.source_field, value)
    return Value(
        name=name,
        label=attribute.label,
        kind=attribute.kind,
        kind_label=attribute.get_kind_display(),
        unit=attribute.unit,
        value=value,
        source=origin.source,
        site=origin.site or "",
        field=attribute.source_field,
        set_by=origin.set_by or "",
        set_at=moments.instant_of(origin.set_at),
        change_set=origin.change_set,
        pin=origin.pin,
        pin_over=origin.pin is not None and not origin.pin.holds(now),
        held=origin.held,
        back=origin.back,
        says_site=_whose(head, attribute.source_field, origin.held),
        editable=editable,
        others=() if origin.held else others,
    )


def _whose(head: Head, field: str, held: Held | None) -> str:
    """The site whose word waits behind a pin, as far as it can be told from the rows."""
    if held is None:
        return ""
    rows = [row.site.subdomain for row in head.rows if _said(row, field) == in_words(held.value)]
    return rows[0] if rows else head.rows[0].site.subdomain if head.rows else ""


def _others(head: Head, field: str, shown_value: Any) -> tuple[tuple[str, str], ...]:
    """What other sites say of the same field where it differs (DESIGN 3.2: visible beside it)."""
    if len(head.rows) < 2 or not field.startswith("account."):
        return ()
    said = ((row.site.subdomain, _said(row, field)) for row in head.rows)
    return tuple((site, value) for site, value in said if value and value != shown_value)


def _said(row: Any, field: str) -> str:
    path = fields.split(field)[1]
    return str(fields.reader([path])(row).get(path, ""))
