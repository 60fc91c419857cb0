"""What an answer that is not a success means: ask again, change a setting, or give up."""

from collections.abc import Mapping

import msgspec

from tenure.core.errors import PermanentError
from tenure.core.http import Answer
from tenure.sources import base
from tenure.sources.base import CursorRefused, StreamUnavailable
from tenure.sources.recurly.ratelimit import told_to_wait
from tenure.sources.recurly.retrying import Again

VERSION = "v2021-02-25"
NOT_FOUND = 404


class Refusal(msgspec.Struct):
    """The ``error`` of upstream's envelope; both empty when the answer held none."""

    type: str = ""
    message: str = ""


class _Envelope(msgspec.Struct):
    error: Refusal


class Limited(Again):
    """429: the allowance is used up; everything on this connection waits."""


class KeyRefused(Exception):
    """401, or 403 that concerns the key and not what was asked for; worth one confirmation."""


class NotFound(PermanentError):
    """Upstream's own answer that there is no such record."""


_envelope = msgspec.json.Decoder(_Envelope)
_MISSING_FEATURE = "missing_feature"
_KEY_IS_GOOD = frozenset({"invalid_permissions", _MISSING_FEATURE})
_KEY_WAS_GOOD = "invalid_api_key"


def refusal_in(answer: Answer) -> Refusal:
    """The reason upstream gave, if the body is its error envelope."""
    try:
        return _envelope.decode(answer.body).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refusal()


def needs_words(answer: Answer) -> bool:
    """Whether the answer is a refusal whose reason only a body can tell."""
    return 400 <= answer.status < 500 and answer.status not in {408, 429}


def check(answer: Answer, site: str, path: str, *, by_cursor: bool) -> None:
    """Returns for a success. Raises Again, KeyRefused or one of the errors a caller may see."""
    status = answer.status
    if status == 200:
        return
    refused = refusal_in(answer)
    if status == 429:
        raise Limited("the rate limit is used up", wait=told_to_wait(answer.headers))
    if status >= 500 or status == 408:
        raise Again(f"it answered {status}{_id(answer)}", wait=told_to_wait(_only_retry(answer)))
    if status == 401 or (status == 403 and refused.type not in _KEY_IS_GOOD):
        raise KeyRefused(_said(answer, refused))
    if by_cursor and status in {400, NOT_FOUND}:
        raise CursorRefused(
            f"{site}: {path} no longer knows its cursor ({_said(answer, refused)})."
        )
    raise _final(answer, refused, site, path)


def key_refused(site: str, region: str, said: str) -> base.KeyRefused:
    """The sentence for a key that was refused twice."""
    message = f"{site}: the API key was refused ({said})."
    where = f"Integrations > API Credentials of {site}"
    if _KEY_WAS_GOOD in said:
        return base.KeyRevoked(
            message,
            next_step=f"It was revoked or regenerated: make a new private key under {where}, and see"
            " that the region is the site's own.",
        )
    return base.KeyRefused(
        message,
        next_step=(
            f"Copy the private key (not the public one) again from {where}: this one may be"
            f" mistyped, revoked or regenerated, or of another region than {region.upper()}."
        ),
    )


def _final(
    answer: Answer, refused: Refusal, site: str, path: str
) -> StreamUnavailable | PermanentError:
    said = _said(answer, refused)
    if refused.type in _KEY_IS_GOOD:
        return _unavailable(site, path, said, refused.type)
    if answer.status == NOT_FOUND and refused.type:
        return NotFound(f"{site}: there is no {path} ({said}).")
    if answer.status == 406:
        return PermanentError(
            f"{site}: the API version {VERSION} is not accepted any more ({said}).",
            next_step="Update this program to a release that speaks a newer version.",
        )
    if 300 <= answer.status < 400:
        return PermanentError(
            f"{site}: {path} answered with a redirect ({said}), which is never followed.",
            next_step="Check the address of the region; it must be the API itself.",
        )
    if not refused.type:
        return PermanentError(
            f"{site}: upstream did not answer as an API at {path} ({said}).",
            next_step="Check the address of the region; it must be the API itself.",
        )
    return PermanentError(
        f"{site}: {path} was refused ({said}).",
        next_step="Update this program, or report it with the request id.",
    )


def _unavailable(site: str, path: str, said: str, reason: str) -> StreamUnavailable:
    message = f"{site}: {path} cannot be read ({said})."
    if reason == _MISSING_FEATURE:
        return base.FeatureMissing(
            message, next_step="The site does not have this feature; everything else is read."
        )
    return StreamUnavailable(
        message,
        next_step=f"Let the key read {path.lstrip('/')}, or enter one that may; everything else is"
        " read meanwhile.",
    )


def _said(answer: Answer, refused: Refusal) -> str:
    """What was answered, in brackets' worth of words, with the id the vendor's support asks for."""
    words = f"{answer.status} {refused.type}".strip()
    message = f": {refused.message[:200]}" if refused.message else ""
    return f"{words}{message}{_id(answer)}"


def _id(answer: Answer) -> str:
    found = answer.headers.get("X-Request-Id", "")[:80]
    return f", request {found}" if found else ""


def _only_retry(answer: Answer) -> Mapping[str, str]:
    # A broken server's rate headers say nothing about when it will be well again.
    wanted = ("Retry-After", "Date")
    return {name: answer.headers[name] for name in wanted if name in answer.headers}
