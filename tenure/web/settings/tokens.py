"""API tokens: what programs sign in with. A fresh one is shown once, by the answer that makes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tenure.access import read, shapes, write
from tenure.access.models import Scope, Token
from tenure.core.errors import ConfigurationError
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_tokens, only
from tenure.web.settings.forms import Styled

BADGES = {"usable": "active", "revoked": "failed", "expired": "expired"}
EXPIRIES = (("90", "in 90 days"), ("365", "in a year"), ("30", "in 30 days"), ("", "never"))


class TokenForm(Styled):
    """What shall use it, what it may do, and for how long."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        help_text="What will use it, such as nightly-usage-push. Values it sets are signed with it.",
    )
    scope = forms.ChoiceField(label="It may", choices=Scope.choices, initial=Scope.READ)
    expires = forms.ChoiceField(label="It ends", choices=EXPIRIES, required=False, initial="90")


@dataclass(frozen=True, slots=True)
class Line:
    """One token with the badge of its state."""

    token: Token
    state: str
    badge: str


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_tokens)
def page(request: HttpRequest) -> HttpResponse:
    """The tokens; or make one, and show it this once."""
    if request.method != "POST":
        return _show(request, TokenForm())
    form = TokenForm(request.POST)
    if form.is_valid():
        try:
            return _make(request, form.cleaned_data)
        except ConfigurationError as error:
            form.add_error("name", str(error))
    return _show(request, form, status=400)


@require_POST
@only(may_manage_tokens)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse a token from now on."""
    found = read.all_tokens().filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such token.")
    write.revoke_token(found, now=settings.TENURE_CLOCK.now())
    messages.success(request, f"The token {found.name} is refused from now on.")
    return HttpResponseRedirect(reverse("tokens"))


def _make(request: HttpRequest, wanted: dict[str, Any]) -> HttpResponse:
    days = int(wanted["expires"]) if wanted["expires"] else None
    issued = write.create_token(
        wanted["name"],
        wanted["scope"],
        now=settings.TENURE_CLOCK.now(),
        expires_days=days,
        created_by=member_of(request),
    )
    return _show(request, TokenForm(), issued=issued.token, text=issued.text.reveal())


def _show(
    request: HttpRequest, form: TokenForm, status: int = 200, **fresh: object
) -> HttpResponse:
    shown = {"form": form, "lines": _lines(), "base": request.build_absolute_uri("/"), **fresh}
    return render(request, "web/settings/tokens.html", shown, status=status)


def _lines() -> Sequence[Line]:
    now = settings.TENURE_CLOCK.now()
    states = [(token, shapes.token_state(token, now)) for token in read.tokens()]
    return [Line(token, state, BADGES[state]) for token, state in states]
