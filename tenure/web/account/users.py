"""The people at a customer: listed, added, changed, removed, and made one of two."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from tenure.customers.contacts import past, read, write
from tenure.customers.models import Contact, Origin
from tenure.customers.write import By, Pin, ValueRefused
from tenure.web.account.head import head_of, shown
from tenure.web.as_of import at
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only
from tenure.web.settings.forms import Styled

Said = tuple[str, int | None]  # a sentence, and the change set that can be taken back
NO_CONTACT = "There is no such contact here. It may have been removed."


@dataclass(frozen=True, slots=True)
class User:
    """A contact with where it came from."""

    row: Contact
    origin: read.Origins


class ContactForm(Styled):
    """A contact's own fields."""

    email = forms.CharField(label="E-mail", max_length=400, required=False)
    name = forms.CharField(label="Name", max_length=400, required=False)
    title = forms.CharField(label="Title", max_length=200, required=False)


class EditForm(ContactForm):
    """A contact's fields, and whether what changed holds against Daily Sync."""

    pin = forms.BooleanField(label="Pin what I change against Daily Sync", required=False)
    reason = forms.CharField(label="Reason for the pin", max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("pin") and not str(cleaned.get("reason", "")).strip():
            self.add_error("reason", "Say why, so that others understand the pin.")
        return cleaned


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """The account's contacts."""
    moment = at(request)
    head = head_of(pk, moment)
    rows = past.of_account(pk, moment.instant) if moment else read.of_account(pk)
    users = [User(row, read.origin(row, "email")) for row in rows]
    context = shown(request, head, "account_users", users=users, most=read.MOST)
    return render(request, "web/account/users.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_customers)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """A new contact."""
    head = head_of(pk)
    form = ContactForm(request.POST if request.method == "POST" else None)
    if form.is_valid():

        def act() -> Said:
            made = write.create(pk, form.cleaned_data, _by(request), now=_now())
            return f"{made} is a contact of {head.account.name} now.", made.changed_in_id

        if _done(request, form, act):
            return HttpResponseRedirect(reverse("account_users", args=[pk]))
    context = shown(request, head, "account_users", form=form, contact=None)
    return render(request, "web/account/user.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_customers)
def edit(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Change a contact, remove it, or say that it is the same person as another."""
    head, found = head_of(pk), _contact(pk, contact)
    values = {name: getattr(found, name) for name in write.FIELDS}
    form = EditForm(request.POST if request.method == "POST" else None, initial=values)
    if form.is_valid() and _done(request, form, lambda: _edited(request, found, form)):
        return HttpResponseRedirect(reverse("account_users", args=[pk]))
    others = [one for one in read.of_account(pk) if one.pk != found.pk]
    origins = {name: read.origin(found, name) for name in write.FIELDS}
    context = shown(
        request,
        head,
        "account_users",
        form=form,
        contact=found,
        others=others,
        origins=origins,
        follows=found.is_named and Origin.SYNC,
    )
    return render(request, "web/account/user.html", context, status=400 if form.errors else 200)


def _edited(request: HttpRequest, contact: Contact, form: EditForm) -> Said:
    """Do what the pressed button says; the sentence about it, and what takes it back."""
    now, by, data = _now(), _by(request), form.cleaned_data
    act = request.POST.get("act", "save")
    pin = Pin(data["reason"].strip()) if data["pin"] else None
    if act == "remove":
        done = write.remove(contact.pk, by, now=now, pin=pin)
        return f"{contact} is removed.", done.pk
    if act == "merge":
        other = request.POST.get("other", "")
        absorbed = _contact(contact.account_id, int(other) if other.isdecimal() else 0)
        done = write.merge(contact.pk, absorbed.pk, by, now=now)
        return f"{contact} and {absorbed} are one contact now.", done.pk
    values = {name: data[name] for name in write.FIELDS}
    changed = write.edit(contact.pk, values, by, now=now, pin=pin)
    return (f"{contact} is saved.", changed.pk) if changed else ("Nothing differed.", None)


def _done(request: HttpRequest, form: Styled, act: Callable[[], Said]) -> bool:
    """Whether it could be done; a refusal stands at its field."""
    try:
        words, change_set = act()
    except ValueRefused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return False
    messages.success(request, words, extra_tags=undo_tag(change_set))
    return True


def _contact(account_id: int, pk: int) -> Contact:
    found = Contact.objects.filter(pk=pk, account_id=account_id, removed_at=None).first()
    if found is None:
        raise Http404(NO_CONTACT)
    return found


def _by(request: HttpRequest) -> By:
    return By(Origin.MANUAL, member_of(request))


def _now() -> Any:
    return settings.TENURE_CLOCK.now()
