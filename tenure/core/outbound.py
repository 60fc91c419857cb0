"""Posting to addresses that people typed in, without being led where nobody meant to go (T7).

The name is resolved once and that address connected to; private, loopback, link-local and shared
addresses are refused in every notation; nothing is redirected, no proxy of the environment is used,
and both time and the size of the answer are bounded.
"""

import ipaddress
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import requests
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress

from tenure.core.errors import PermanentError, TemporaryError, TenureError

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 10.0, 15.0
EXCERPT_BYTES = 500
LONGEST_ADDRESS = 2_000
AGAIN = frozenset({408, 425, 429})
HARDENED = Manager(
    Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=False,
        never_redirect=True,
        default_timeout=(CONNECT_SECONDS, READ_SECONDS),
        user_agent_override="Tenure",
    )
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status where there is one, and the beginning of the text."""

    code: int | None = None
    excerpt: str = ""


class Refused(PermanentError):
    """The other side answered no; ``answer`` is what it said."""

    def __init__(self, message: str, answer: Answer, *, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.answer = answer


class NotNow(TemporaryError):
    """The other side answered that it cannot now; ``answer`` is what it said."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message, next_step="It is tried again by itself.")
        self.answer = answer


def allowed(address: str, hosts: Sequence[str]) -> bool:
    """Whether the operator listed this host (or host:port) as one that may be private and plain."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    return host in hosts or f"{host}:{parts.port}" in hosts


def fault_of(address: str, hosts: Sequence[str]) -> str:
    """Why nothing may ever be posted to this address by its look alone; "" when something may."""
    parts = _split(address)
    if parts is None or not parts.hostname or len(address) > LONGEST_ADDRESS:
        return "That is not a web address."
    if parts.username or parts.password:
        return "An address with a user name or password in it is not used."
    if allowed(address, hosts):
        return "" if parts.scheme in ("http", "https") else "Only https addresses are used."
    if parts.scheme != "https":
        return "Only https addresses are used."
    if _is_inside(parts.hostname):
        return f"{parts.hostname} is no address of the open internet; nothing is ever sent there."
    return ""


def _is_inside(host: str) -> bool:
    """Whether a host is written as the number of a private, local or reserved address. Names and other
    ways of writing numbers are found out where they are connected to."""
    try:
        return not ipaddress.ip_address(host.rstrip(".")).is_global
    except ValueError:
        return False


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    unprintable = any(character.isspace() or ord(character) < 32 for character in address)
    return None if unprintable or "\\" in address else parts


def post(
    address: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    hosts: Sequence[str] = (),
    whole: float = WHOLE_SECONDS,
) -> Answer:
    """Post ``body``; the answer when it is a 2xx. ``hosts`` are what the operator allows to be
    private. Raises PermanentError (Refused with what was said) and TemporaryError (NotNow)."""
    fault = fault_of(address, hosts)
    if fault:
        raise PermanentError(fault, next_step="Correct the channel's address.")
    outcome: list[Answer | Exception] = []

    def work() -> None:
        try:
            outcome.append(_exchange(address, body, headers, hosts))
        except Exception as error:  # noqa: BLE001  # carried over to the thread that waits
            outcome.append(error)

    # A receiver that drips one byte at a time never runs into a timeout of the socket.
    waiting = threading.Thread(target=work, daemon=True, name="outbound")
    waiting.start()
    waiting.join(whole)
    if not outcome:
        raise TemporaryError(
            f"The receiver did not answer within {whole:.0f} seconds.",
            next_step="It is tried again by itself.",
        )
    if isinstance(outcome[0], Exception):
        raise _explained(outcome[0]) from outcome[0]
    return _judged(outcome[0])


def _exchange(
    address: str, body: bytes, headers: Mapping[str, str], hosts: Sequence[str]
) -> Answer:
    trusted = allowed(address, hosts)
    with requests.Session() if trusted else HARDENED.get_session() as session:
        session.trust_env = False
        answer = session.post(
            address,
            data=body,
            headers={**headers, "User-Agent": "Tenure", "Accept-Encoding": "identity"},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        )
        with answer:
            read = answer.raw.read(EXCERPT_BYTES, decode_content=False)
            return Answer(answer.status_code, read.decode("utf-8", "replace").replace("\0", ""))


def _judged(answer: Answer) -> Answer:
    code = answer.code or 0
    if 200 <= code < 300:
        return answer
    if 300 <= code < 400:
        raise Refused(
            f"The receiver answered {code}, a redirect, which is not followed.",
            answer,
            next_step="Enter the final address.",
        )
    if code in AGAIN or code >= 500:
        raise NotNow(f"The receiver answered {code}.", answer)
    raise Refused(
        f"The receiver answered {code}.", answer, next_step="Check the address and what it expects."
    )


def _explained(error: Exception) -> TenureError:
    if isinstance(error, TenureError):
        return error
    if isinstance(error, InvalidIPAddress):
        return PermanentError(
            "The address leads into a private network, where nothing is sent.",
            next_step="Use a public address, or let the operator list its host in TENURE_NOTIFY_HOSTS.",
        )
    if isinstance(error, requests.exceptions.SSLError):
        return TemporaryError(
            "The receiver's certificate is not trusted.", next_step="Renew its certificate."
        )
    if isinstance(error, requests.exceptions.Timeout):
        return TemporaryError(
            "The receiver did not answer in time.", next_step="It is tried again by itself."
        )
    if isinstance(error, requests.exceptions.InvalidURL | UnicodeError):
        return PermanentError(
            "That is not a web address.", next_step="Correct the channel's address."
        )
    return TemporaryError(
        "The receiver could not be reached.", next_step="It is tried again by itself."
    )
