"""Pages for what went wrong: not found, not allowed, asked too often, our own fault."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404. A sentence given with Http404 is shown; Django's own list of addresses is not."""
    told = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    words = told or "It may have been removed, or the address was mistyped."
    return _page(request, 404, "There is nothing here", words)


@login_not_required
def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with the policy's sentence."""
    words = f"{exception} Ask an administrator if you need it.".strip()
    return _page(request, 403, "Your role does not allow this", words)


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, for a request no page of ours sends. What was wrong is in the log only."""
    if isinstance(exception, DisallowedHost):
        words = (
            "This Tenure does not answer at the address in your browser. Whoever runs it can set "
            "TENURE_URL to that address and start it again; on its own machine, use localhost."
        )
        return _page(request, 400, "Another address is needed", words)
    return _page(request, 400, "This request cannot be read", "Go back and try again.")


@login_not_required
def expired_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django passes it
    """403 for a form whose token is old or missing: nothing was done, going back helps."""
    words = "Nothing was saved. Go back, reload the page and send the form again."
    return _page(request, 403, "This form has expired", words)


@login_not_required
def too_often(request: HttpRequest) -> HttpResponse:
    """429, when a login is guessed at."""
    words = "To protect the logins, this is paused for a while. Wait five minutes and try again."
    return _page(request, 429, "Too many attempts", words)


@login_not_required
def login_disabled(request: HttpRequest) -> HttpResponse:
    """403, for a member who was shut out; only someone with the right password comes here."""
    words = "An administrator has disabled this login. Ask one of them to enable it again."
    return _page(request, 403, "This login is disabled", words)


@login_not_required
def our_fault(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # Django passes it
    """500. Asks nothing of the database, which may be what failed."""
    return HttpResponse(render_to_string("web/errors/our_fault.html"), status=500)


def _page(request: HttpRequest, status: int, head: str, words: str) -> HttpResponse:
    shown = {"status": status, "head": head, "words": words}
    return render(request, "web/errors/page.html", shown, status=status)
