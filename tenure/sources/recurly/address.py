"""Where a site is asked: paths become addresses on the operator's own host, and never on another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import quote, urlencode, urlsplit

from yarl import URL

from tenure.core.errors import ConfigurationError, PermanentError
from tenure.sources.base import Window

PER_PAGE = 200
DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Address:
    """The scheme, host and port all requests go to, and the path they all begin with."""

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def of(cls, base_url: str) -> "Address":
        """Raises ConfigurationError for what cannot be asked safely: no host, a key in clear text."""
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        if parts.scheme not in DEFAULT_PORTS or not host or "@" in parts.netloc:
            raise ConfigurationError(
                f"{base_url!r} is not the address of an API.",
                next_step="Give it as https://host, without user name or key in it.",
            )
        if parts.scheme == "http" and not _is_this_machine(host):
            raise ConfigurationError(
                f"{base_url} would send the API key in clear text.",
                next_step="Use https; plain http is for this machine only.",
            )
        port = port or DEFAULT_PORTS[parts.scheme]
        return cls(parts.scheme, host, port, parts.path.rstrip("/"))

    def url(self, target: str) -> URL:
        """The whole address of a path with its query."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return URL(f"{self.scheme}://{host}:{self.port}{self.prefix}{target}", encoded=True)

    def relative(self, link: str, path: str) -> str:
        """A link found in an answer, or a cursor kept from one, as a path with its query.

        Raises PermanentError when it leads to another host or to something else than the list at
        ``path``: following it would hand our key, or another list's records, to the wrong place.
        """
        try:
            parts = urlsplit(link)
            elsewhere = bool(parts.scheme or parts.netloc) and not self._is_here(link)
        except ValueError:
            raise _astray(link, path) from None
        clean = link.isascii() and link.isprintable() and " " not in link and "\\" not in link
        found = parts.path.removeprefix(self.prefix)
        list_name = found.rsplit("/", 1)[-1]
        if elsewhere or not clean or list_name != path.rsplit("/", 1)[-1] or ".." in found:
            raise _astray(link, path)
        return f"{found}?{parts.query}" if parts.query else found

    def _is_here(self, link: str) -> bool:
        parts = urlsplit(link)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme or self.scheme)
        here = (self.scheme, self.host, self.port)
        there = (parts.scheme or self.scheme, parts.hostname, port)
        return there == here and "@" not in parts.netloc


def listing(path: str, window: Window | None = None, **filters: str) -> str:
    """The first page of a list: ascending, as many records a page as allowed."""
    query = {"limit": str(PER_PAGE), "order": "asc", **filters}
    return with_query(path, bounds(window) | query if window else query)


def counting(path: str, window: Window | None = None) -> str:
    """The address whose HEAD counts what a window holds."""
    return with_query(path, bounds(window)) if window else path


def bounds(window: Window) -> dict[str, str]:
    """The window in upstream's words. Both ends are inclusive there as here."""
    query = {"sort": str(window.by)}
    if window.begin:
        query["begin_time"] = _time(window.begin)
    if window.end:
        query["end_time"] = _time(window.end)
    return query


def single(path: str, upstream_id: str) -> str:
    """The address of one record; whatever the id holds stays within its segment."""
    return f"{path}/{quote(upstream_id, safe='')}"


def with_query(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}"


def _time(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _astray(link: str, path: str) -> PermanentError:
    return PermanentError(
        f"The list {path} goes on at {link[:120]!r}, which is not this list on this host;"
        " nothing was asked there.",
        next_step="Report it to the vendor; if a proxy rewrites answers, correct the proxy.",
    )
