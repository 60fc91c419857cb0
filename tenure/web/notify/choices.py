"""Settings › Notifications: my choices, who is told of what, and the shared channels."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tenure.customers.write import ValueRefused
from tenure.notify import read, write
from tenure.notify.models import SharedChannel, Way
from tenure.notify.routes import EVENTS
from tenure.web.frame import member_of
from tenure.web.notify.forms import ChannelForm, PreferenceForm, RouteForm, WebhookForm
from tenure.web.permissions import may_route, only
from tenure.web.settings.forms import Styled


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The page; or keep how this member wants to hear."""
    if request.method != "POST":
        return show(request)
    form = PreferenceForm(request.POST)
    if form.is_valid():
        try:
            write.prefer(member_of(request), **form.wanted())
        except ValueRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, "Your choices are kept.")
            return HttpResponseRedirect(reverse("notify_settings"))
    return show(request, status=422, mine=form)


@require_POST
@only(may_route)
def add_route(request: HttpRequest) -> HttpResponse:
    """Make a route."""
    form = RouteForm(request.POST)
    if form.is_valid() and _done(form, lambda: write.add_route(**form.wanted())):
        messages.success(request, "The route is followed from the next alert on.")
        return HttpResponseRedirect(f"{reverse('notify_settings')}#routes")
    return show(request, status=422, route_form=form)


@require_POST
@only(may_route)
def change_route(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a route, or remove it."""
    found = read.routes().filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such route: somebody may have removed it.")
    if request.POST.get("how") == "remove":
        write.remove_route(found)
        messages.success(request, f"Removed: {found.name}.")
    else:
        write.switch_route(found, enabled=request.POST.get("how") == "on")
    return HttpResponseRedirect(f"{reverse('notify_settings')}#routes")


@require_POST
@only(may_route)
def add_channel(request: HttpRequest) -> HttpResponse:
    """Keep a chat room or a shared mailbox."""
    form = ChannelForm(request.POST)
    now = settings.TENURE_CLOCK.now()
    if form.is_valid() and _done(
        form, lambda: write.add_channel(**form.cleaned_data, now=now, by=member_of(request))
    ):
        messages.success(request, "The channel is kept. Send it a test, then add a route to it.")
        return HttpResponseRedirect(f"{reverse('notify_settings')}#channels")
    return show(request, status=422, channel_form=form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@only(may_route)
def webhooks(request: HttpRequest) -> HttpResponse:
    """The webhooks; or make one, and show its secret this once."""
    if request.method != "POST":
        return _webhooks(request, WebhookForm())
    form = WebhookForm(request.POST)
    if form.is_valid():
        now = settings.TENURE_CLOCK.now()
        try:
            made = write.add_channel(
                **form.cleaned_data, way=Way.WEBHOOK, now=now, by=member_of(request)
            )
        except ValueRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            return _webhooks(request, WebhookForm(), made=made.channel, secret=made.secret)
    return _webhooks(request, form, status=422)


@never_cache
@require_POST
@only(may_route)
def change_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Test a channel, switch it, change its events or secret, or remove it."""
    found = next((one for one in read.channels() if one.pk == pk), None)
    if found is None:
        raise Http404("There is no such channel: somebody may have removed it.")
    how, now = request.POST.get("how", ""), settings.TENURE_CLOCK.now()
    if how == "secret" and found.way == Way.WEBHOOK:
        fresh = write.renew_secret(found)
        return _webhooks(request, WebhookForm(), made=found, secret=fresh)
    if how == "test":
        sent = write.send_test(found, now=now)
        messages.success(request, "The test is on its way; this is its log.")
        return HttpResponseRedirect(reverse("delivery", args=[sent.pk]))
    _change(request, found, how, now)
    back = "webhooks" if found.way == Way.WEBHOOK else "notify_settings"
    return HttpResponseRedirect(reverse(back))


def _change(request: HttpRequest, found: SharedChannel, how: str, now: Any) -> None:
    if how == "remove":
        write.remove_channel(found, now=now)
        messages.success(request, f"Removed: {found.name}. Its log stays.")
    elif how in ("on", "off"):
        write.change_channel(found, enabled=how == "on")
    elif how == "events" and found.way == Way.WEBHOOK:
        known = [one for one in request.POST.getlist("events") if one in EVENTS]
        write.change_channel(found, events=known)
        messages.success(request, f"{found.name} hears of what you ticked.")


def _done(form: Styled, act: Any) -> bool:
    try:
        act()
    except ValueRefused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return False
    return True


def show(request: HttpRequest, status: int = 200, **more: object) -> HttpResponse:
    """Draw the page, with a form that was refused where there is one."""
    member = member_of(request)
    kept = read.preference_of(member)
    shown: dict[str, object] = {
        "mine": PreferenceForm(initial=PreferenceForm.begun(kept)),
        "may_route": may_route(member),
        "routes": read.routes(),
        "channels": [one for one in read.channels() if one.way != Way.WEBHOOK],
        "mail_is_set": settings.TENURE_MAIL is not None,
        "kept": read.kept(),
        **more,
    }
    if may_route(member):
        begun = {"rule": request.GET.get("rule", "")}
        shown.setdefault("route_form", RouteForm(auto_id="route_%s", initial=begun))
        shown["adding"] = "add" in request.GET
        shown.setdefault("channel_form", ChannelForm(auto_id="channel_%s"))
    return render(request, "web/notify/settings.html", shown, status=status)


def _webhooks(
    request: HttpRequest, form: WebhookForm, status: int = 200, **more: Any
) -> HttpResponse:
    hooks = [one for one in read.channels() if one.way == Way.WEBHOOK]
    secret = more.pop("secret", None)
    shown = {
        "form": form,
        "hooks": hooks,
        "choices": form.fields["events"].choices,  # type: ignore[attr-defined]
        "secret": secret.reveal() if secret else "",
        **more,
    }
    return render(request, "web/notify/webhooks.html", shown, status=status)
