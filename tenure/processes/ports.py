"""Whether an address can be listened on, asked before anything is started."""

import errno
import socket

from tenure.core.errors import ConfigurationError


def parse(bind: str) -> tuple[str, int]:
    """``HOST:PORT`` taken apart. Raises ConfigurationError when it is something else."""
    host, colon, port = bind.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ConfigurationError(
            f"{bind!r} is not an address to listen on.",
            next_step="Write it as HOST:PORT, for example 127.0.0.1:8000.",
        )
    return host.strip("[]") or "127.0.0.1", int(port)


def require_free(host: str, port: int) -> None:
    """Raise ConfigurationError when the address cannot be listened on."""
    trouble = _trouble(host, port)
    if trouble:
        raise ConfigurationError(
            f"Port {port} on {host} cannot be used: {trouble}.",
            next_step="Stop the program that uses it, or choose another port.",
        )


def first_free(host: str, port: int, *, attempts: int = 50) -> int:
    """This port, or the next one up that is free; raises ConfigurationError when none is."""
    for candidate in range(port, port + attempts):
        if not _trouble(host, candidate):
            return candidate
    require_free(host, port)
    return port


def any_free(host: str) -> int:
    """A port nobody uses at this moment."""
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])


def answers(host: str, port: int) -> bool:
    """True when something listens there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _trouble(host: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return ""
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return "another program listens there"
        return (error.strerror or str(error)).lower()
