"""The attributes of an account: each value with where it came from, and its history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import provenance
from tenure.customers import read as customers
from tenure.customers.models import Attribute
from tenure.web import moments
from tenure.web.account.head import Head, head_of, shown
from tenure.web.badges import spoken


@dataclass(frozen=True, slots=True)
class Value:
    """One attribute as it stands: its value, its source and who set it when."""

    name: str
    label: str
    kind: str
    value: Any
    source: str
    site: str
    field: str
    set_by: str
    set_at: datetime | None
    pinned: bool
    others: tuple[tuple[str, str], ...] = ()


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """All attributes that have a value; the empty ones on request."""
    head = head_of(pk)
    everything = request.GET.get("show") == "all"
    found = values(head, customers.attributes(), everything=everything)
    context = shown(head, "account_attributes", values=found, everything=everything)
    return render(request, "web/account/attributes.html", context)


@require_safe
def history(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """What an attribute was before, who changed it and in which change set."""
    head = head_of(pk)
    field = f"attributes.{name}"
    entries = [(change, *change.changes[field]) for change in customers.changes_of_field(pk, field)]
    known = {value.name: value for value in values(head, customers.attributes(), everything=True)}
    drawer = request.headers.get("HX-Target") == "drawer-content"
    context = shown(head, "account_attributes", entries=entries, value=known.get(name), name=name)
    template = "history_detail" if drawer else "history"
    return render(request, f"web/account/{template}.html", context)


def values(head: Head, defined: list[Attribute], *, everything: bool) -> list[Value]:
    """The account's values in the order of their definitions, then those nobody has defined."""
    account = head.account
    found = [
        _value(head, name=a.name, label=a.label, kind=a.get_kind_display(), field=a.source_field)
        for a in defined
        if everything or account.attributes.get(a.name) not in (None, "")
    ]
    known = {attribute.name for attribute in defined}
    found += [
        _value(head, name=name, label=spoken(name), kind="Text", field="")
        for name in sorted(account.attributes)
        if name not in known
    ]
    return found


def _value(head: Head, *, name: str, label: str, kind: str, field: str) -> Value:
    account = head.account
    origin = provenance.of_attribute(account, name, head.rows)
    return Value(
        name=name,
        label=label,
        kind=kind,
        value=account.attributes.get(name),
        source=origin.source,
        site=origin.site or "",
        field=field,
        set_by=origin.set_by or "",
        set_at=moments.instant_of(origin.set_at),
        pinned=origin.pinned,
        others=_others(head, field, account.attributes.get(name)),
    )


def _others(head: Head, field: str, shown_value: Any) -> tuple[tuple[str, str], ...]:
    """What other sites say of the same field where it differs (DESIGN 3.2: visible beside it)."""
    if len(head.rows) < 2 or not field.startswith("account."):
        return ()
    said = ((row.site.subdomain, _said(row, field)) for row in head.rows)
    return tuple((site, value) for site, value in said if value and value != shown_value)


def _said(row: Any, field: str) -> str:
    name = field.removeprefix("account.")
    if name.startswith("custom_fields."):
        return str(row.custom_fields.get(name.removeprefix("custom_fields."), ""))
    return str(getattr(row, name, "") or "")
