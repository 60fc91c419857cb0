"""Every way the interface says no, in Recurly's error envelope."""

from typing import Any

import msgspec

VERSION = "v2021-02-25"
ACCEPTED = (f"application/vnd.recurly.{VERSION}", f"application/vnd.recurly.{VERSION}+json")


class Refused(Exception):
    """An answer that is an error: its status and what goes into the envelope."""

    def __init__(
        self,
        status: int,
        type_: str,
        message: str,
        *,
        params: tuple[str, ...] = (),
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self._error = {"type": type_, "message": message, **more}
        if params:
            self._error["params"] = [{"param": name} for name in params]

    def body(self) -> bytes:
        """The envelope as JSON."""
        return msgspec.json.encode({"error": self._error})


def bad_parameter(name: str, why: str) -> Refused:
    """400 for one query parameter."""
    return Refused(400, "bad_request", f"Invalid or unpermitted parameter: {why}", params=(name,))


def not_found(what: str, id_: str) -> Refused:
    """404 for an object named in the path."""
    return Refused(
        404, "not_found", f"Couldn't find {what} with id = {id_}", params=(f"{_snake(what)}_id",)
    )


def no_such_path(path: str) -> Refused:
    """404 for a path the interface does not have."""
    return Refused(404, "not_found", f"There is nothing at {path}")


def not_readable(method: str) -> Refused:
    """405 for anything that would change data: this stand-in is read over the wire, never written."""
    return Refused(
        405,
        "bad_request",
        f"{method} is not answered here: change records through /_control/change",
        headers={"Allow": "GET, HEAD"},
    )


def unauthorized(why: str) -> Refused:
    """401: no key, or one that belongs to no site here."""
    return Refused(
        401,
        "unauthorized",
        why,
        headers={"WWW-Authenticate": 'Basic realm="Recurly API"'},
    )


def invalid_key() -> Refused:
    """403, the other answer Recurly gives to a key it no longer honours."""
    return Refused(403, "invalid_api_key", "This API key is no longer valid")


def unacceptable_version() -> Refused:
    """406 with the versions that would have been accepted."""
    return Refused(
        406,
        "invalid_api_version",
        "That accept header isn't in the format we use to specify an API version. "
        "Try one of these instead:",
        acceptable_accept_headers=list(ACCEPTED),
    )


def too_many() -> Refused:
    """429: the rate window is used up."""
    return Refused(429, "rate_limited", "You have made too many API requests")


def _snake(what: str) -> str:
    return what.lower().replace(" ", "_").replace("-", "_")
