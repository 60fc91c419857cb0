"""By what contacts are recognised, and whom billing makes one: chosen in the set-up and in the settings."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from tenure.access.models import Member
from tenure.connections.models import ContactSource
from tenure.core.errors import ConfigurationError
from tenure.customers.models import Origin
from tenure.customers.write import By
from tenure.identity import contacts
from tenure.identity.report import Report
from tenure.identity.report.choosing import has_accounts
from tenure.sync import replays
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, only
from tenure.web.settings.forms import Styled


class ContactsForm(Styled):
    """The field that identifies a person, and where people are named beside the account's e-mail."""

    contact_field = forms.CharField(label="A contact is recognised by", max_length=120)
    contact_sources = forms.MultipleChoiceField(
        label="People are also taken from",
        choices=ContactSource.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """The fields that a record has and a person may be recognised by; what is chosen is one."""
        return self._choices

    def __init__(self, data: Any = None, *, made: Report | None = None) -> None:
        standing = contacts.in_force()
        initial = {
            "contact_field": standing.field,
            "contact_sources": list(standing.sources),
        }
        super().__init__(data, initial=initial)
        found = {one.field: one.label for one in (made.contacts if made else ())}
        found = {field: label for field, label in found.items() if contacts.may_identify(field)}
        known = {contacts.BY_EMAIL: "E-mail", **found}
        known.setdefault(standing.field, standing.field)
        self._choices = list(known.items())

    def save(self, member: Member) -> bool:
        """Keep the choice; True when it is another one. Contacts that exist follow by a replay."""
        with transaction.atomic():
            changed = contacts.choose(
                self.cleaned_data["contact_field"],
                self.cleaned_data["contact_sources"],
                member=member,
                now=settings.TENURE_CLOCK.now(),
            )
            if changed and has_accounts():
                replays.again(By(Origin.MANUAL, member, reason="Contacts are recognised anew"))
        return changed


@require_POST
@only(may_manage_sites)
def save(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen under Settings › Identifiers."""
    form = ContactsForm(request.POST)
    if not form.is_valid():
        faults = [str(fault) for found in form.errors.values() for fault in found]
        messages.error(request, " ".join(faults))
        return HttpResponseRedirect(reverse("identifiers"))
    try:
        changed = form.save(member_of(request))
    except ConfigurationError as refused:
        messages.error(request, str(refused))
    else:
        followed = "Contacts that are here follow in the background."
        told = f"Contacts are recognised by {form.cleaned_data['contact_field']}. {followed}"
        messages.success(request, told if changed else "Nothing was changed.")
    return HttpResponseRedirect(reverse("identifiers"))
