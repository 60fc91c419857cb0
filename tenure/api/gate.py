"""What every request passes: its token, its limits, its transaction, and its answer kept for a repetition.

A request that changes something runs in one transaction with its kept answer, and an answer that is
an error rolls all of it back, so that an error always means: nothing was changed.
"""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from tenure.access import outcomes
from tenure.access.models import Outcome, Token
from tenure.access.rates import Standing
from tenure.api import bodies, limits, problems
from tenure.api.bearer import identify

View = Callable[..., HttpResponse]
SAFE = frozenset({"GET", "HEAD"})
LONGEST_KEY = 255
KEY = re.compile(f"[!-~]{{1,{LONGEST_KEY}}}")
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
SHOWN_ONCE = "X-Tenure-Shown-Once"


def guarded(view: View, *, most_bytes: int = bodies.MOST_BYTES, is_slow: bool = False) -> View:
    """The view behind the gate. Nothing it raises leaves as anything but a problem document.
    ``is_slow`` lets the database work longer on a reading request than on others."""

    @wraps(view)
    def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        standing: Standing | None = None
        try:
            token = identify(request)
            standing = limits.counted(token)
            if standing.is_over:
                return _dressed(request, limits.too_many(token, standing), standing)
            bodies.refuse_unusable_text(request)
            body = bodies.receive(request, most_bytes)
            if request.method in SAFE:
                seconds = limits.SLOW_SECONDS if is_slow else settings.TENURE_API_READ_SECONDS
                with limits.patience(seconds):
                    answer = view(request, *args, **kwargs)
            else:
                if body:
                    bodies.parsed(request)
                answer = _changing(request, token, body, lambda: view(request, *args, **kwargs))
        except Exception as error:  # noqa: BLE001  # the last line: a program must get its problem
            answer = problems.of_exception(request, error)
        return _dressed(request, answer, standing)

    gate.login_required = False  # type: ignore[attr-defined]
    # No cookie authenticates here, so there is nothing to forge.
    gate.csrf_exempt = True  # type: ignore[attr-defined]
    return gate


def _changing(
    request: HttpRequest, token: Token, body: bytes, act: Callable[[], HttpResponse]
) -> HttpResponse:
    """Carry out a request that may change something, once for each Idempotency-Key."""
    key = _key(request)
    with transaction.atomic():
        if key is not None:
            digest = _digest(request, body)
            kept = outcomes.claim(token, key, digest, now=settings.TENURE_CLOCK.now())
            if kept is not None:
                return _replayed(kept)
        answer = act()
        if answer.status_code >= 400:
            transaction.set_rollback(True)
        elif key is not None:
            _keep(token, key, answer)
        return answer


def _key(request: HttpRequest) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    key = key.strip()
    if not KEY.fullmatch(key):
        raise problems.Problem(
            400,
            f"An Idempotency-Key has 1 to {LONGEST_KEY} printable ASCII characters and no spaces.",
            next_step="Use a fresh UUID for each request.",
            field="Idempotency-Key",
        )
    return key


def _digest(request: HttpRequest, body: bytes) -> bytes:
    """Stands for the request: the same key with anything else is refused."""
    head = f"{request.method} {request.get_full_path()} {request.headers.get('If-Match', '')}"
    return hashlib.sha256(head.encode() + b"\n" + body).digest()


def _keep(token: Token, key: str, answer: HttpResponse) -> None:
    headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
    secret = answer.headers.get(SHOWN_ONCE)
    # What is shown once is not kept: the repetition gets everything else.
    body = answer.content.replace(secret.encode(), b"") if secret else answer.content
    outcomes.keep(token, key, answer.status_code, headers, body)


def _replayed(kept: Outcome) -> HttpResponse:
    answer = HttpResponse(bytes(kept.body), status=kept.status, headers=kept.headers)
    answer[REPLAYED] = "true"
    return answer


def _dressed(request: HttpRequest, answer: HttpResponse, standing: Standing | None) -> HttpResponse:
    if answer.status_code == 405:
        allowed = answer.headers.get("Allow", "")
        answer = problems.document(
            405,
            f"{request.method} is not possible here.",
            next_step=f"Possible: {allowed}." if allowed else "",
            headers={"Allow": allowed},
        )
    answer.headers.pop(SHOWN_ONCE, None)
    if standing:
        limits.told(answer, standing)
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "Authorization"
    return answer


def nothing_here(request: HttpRequest, **_: Any) -> HttpResponse:
    """404 for every address below the API's that is none of its own."""
    return problems.document(
        404,
        f"There is nothing at {request.path[:200]}.",
        next_step=f"The API is below /api/v1; {problems.DOCS} has every address.",
    )


nothing_here.login_required = False  # type: ignore[attr-defined]
nothing_here.csrf_exempt = True  # type: ignore[attr-defined]
