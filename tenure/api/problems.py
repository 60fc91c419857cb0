"""What went wrong as an RFC 9457 problem document: the thing, the cause, the field and the next step."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from math import ceil
from typing import Any

from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError
from psycopg.errors import QueryCanceled

from tenure.access.outcomes import AnotherRequest, StillGoing
from tenure.alerts.lifecycle import ActionRefused, NotNow
from tenure.alerts.write import RuleNotSaved
from tenure.connections.workspace import SettingRefused
from tenure.core.errors import PermanentError, TemporaryError, TenureError
from tenure.customers.paging import UnusableList
from tenure.customers.write import ValueRefused
from tenure.metrics.as_of import UnusableDate
from tenure.metrics.lists.filters import UnusableFilter
from tenure.metrics.paging import UnusablePage
from tenure.rules.errors import RuleRefused
from tenure.segments.question import TooCostly
from tenure.segments.write import SegmentRefused
from tenure.tasks.write import NotTaken

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
DOCS = "/api/v1/docs"
AUTHENTICATE = {"WWW-Authenticate": 'Bearer realm="tenure"'}


class Problem(TenureError):
    """A refusal with the status it is answered with, and the field at fault where there is one."""

    def __init__(
        self, status: int, message: str, *, next_step: str = "", field: str | None = None
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.status = status
        self.field = field


def not_found(message: str, next_step: str = "") -> Problem:
    """Nothing is there by this name."""
    return Problem(404, message, next_step=next_step)


def document(
    status: int,
    detail: str,
    *,
    next_step: str = "",
    field: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The problem as an answer."""
    title = HTTPStatus(status).phrase
    told: dict[str, Any] = {
        "type": f"{DOCS}#problems",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if field:
        told["field"] = field
    if next_step:
        told["next_step"] = next_step
    if errors:
        told["errors"] = list(errors)
    content = json.dumps(told, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return HttpResponse(content, content_type=MEDIA_TYPE, status=status, headers=headers)


def of_exception(request: HttpRequest, error: Exception) -> HttpResponse:
    """The problem document of anything that was raised; what nobody foresaw is logged and a 500."""
    match error:
        case ValidationError():
            return _invalid(error.errors)
        case AuthenticationError():
            return document(
                401,
                "This needs an API token, sent as “Authorization: Bearer …”.",
                next_step="Make one with tenure token create, or under Settings > API tokens.",
                headers=AUTHENTICATE,
            )
        case HttpError():  # the library's word for a body that is not there
            return document(
                error.status_code,
                "The body is empty; a JSON document is needed.",
                next_step=f"See {DOCS} for what it may hold.",
            )
        case Http404():
            return document(404, "There is nothing at this address.", next_step=f"See {DOCS}.")
        case TenureError():
            return _refused(error)
        case DatabaseError() if isinstance(error.__cause__, QueryCanceled):
            return document(
                504,
                "The database worked on this longer than it may, so it was broken off.",
                next_step="Ask for less: a smaller limit, one site, one account, or a later start.",
            )
        case DatabaseError():
            told = (request.method, request.path)
            log.error("the database failed in %s %s", *told, exc_info=error)
            return document(
                503,
                "The database did not carry this out.",
                next_step="Nothing was changed. Try again in a moment.",
                headers={"Retry-After": "5"},
            )
    log.error("unexpected failure in %s %s", request.method, request.path, exc_info=error)
    return document(
        500,
        "Something unexpected went wrong here; nothing was changed.",
        next_step="The log of Tenure's web server has the cause.",
    )


# What is not named here cannot be taken as it was sent.
_STATUSES: Sequence[tuple[tuple[type[TenureError], ...], int]] = (
    ((UnusableFilter, UnusablePage, UnusableList, UnusableDate), 400),
    ((NotNow, StillGoing), 409),
    ((TooCostly,), 504),
    ((TemporaryError,), 503),
    ((PermanentError,), 502),
)
_WITH_FIELD = (
    Problem,
    ValueRefused,
    UnusableFilter,
    SegmentRefused,
    RuleNotSaved,
    ActionRefused,
    SettingRefused,
    NotTaken,
)


def _refused(error: TenureError) -> HttpResponse:
    return document(
        _status_of(error),
        error.message,
        next_step=error.next_step,
        field=_field_of(error),
        errors=_faults(error),
        headers=_wait_of(error),
    )


def _status_of(error: TenureError) -> int:
    if isinstance(error, Problem):
        return error.status
    return next((status for kinds, status in _STATUSES if isinstance(error, kinds)), 422)


def _field_of(error: TenureError) -> str | None:
    match error:
        case _ if isinstance(error, _WITH_FIELD):
            return error.field
        case UnusablePage() | UnusableList():
            return "sort" if "cannot be sorted" in error.message else "cursor"
        case UnusableDate():
            return "as_of"
        case AnotherRequest():
            return "Idempotency-Key"
        case RuleRefused():
            return "rule"
    return None


def _wait_of(error: TenureError) -> dict[str, str]:
    match error:
        case StillGoing():
            return {"Retry-After": "1"}
        case TemporaryError():
            return {"Retry-After": str(_seconds_until(error.retry_at))}
    return {}


def _faults(error: TenureError) -> list[dict[str, str]]:
    """Each fault of a rule, with the place in its text."""
    if not isinstance(error, RuleRefused):
        return []
    return [
        {
            "field": f"rule[{problem.span.start}:{problem.span.end}]",
            "detail": f"{problem.message} {problem.hint}".strip(),
        }
        for problem in error.problems
    ]


def _seconds_until(moment: datetime | None) -> int:
    if moment is None:
        return 30
    return max(1, ceil((moment - datetime.now(UTC)).total_seconds()))


def _invalid(faults: Sequence[Mapping[str, Any]]) -> HttpResponse:
    """Values of the request that are not as they are described; the first one is ``field``."""
    named = [(_place(fault["loc"]), _said(fault)) for fault in faults]
    in_address = all(fault["loc"][0] in ("query", "path") for fault in faults)
    field, detail = named[0]
    return document(
        400 if in_address else 422,
        f"{field}: {detail}." if field else f"{detail}.",
        field=field or None,
        next_step=f"See {DOCS} for what it may be.",
        errors=[{"field": place, "detail": told} for place, told in named[:50]],
    )


def _place(location: Sequence[Any]) -> str:
    """Where in the request: the source and the parameter's own name are not the caller's words."""
    parts = [str(part) for part in location[1:]]
    if location[0] == "body" and parts[:1] == ["body"]:
        parts = parts[1:]
    return ".".join(part for part in parts if "[" not in part)[:200]


def _said(fault: Mapping[str, Any]) -> str:
    text = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    if fault.get("type") == "extra_forbidden":
        return "there is no such field"
    return text[:1].lower() + text[1:]
