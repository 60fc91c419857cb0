"""The environment variables Tenure understands, read once, typed, with a sentence for each mistake."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from tenure.core.errors import ConfigurationError

PREFIX = "TENURE_"
FROM_FILE = frozenset({"TENURE_SECRET_KEY", "TENURE_KEYRING", "TENURE_DATABASE_URL"})
KNOWN = {
    "TENURE_HOME": "state folder",
    "TENURE_DATABASE_URL": "a PostgreSQL to use instead of the embedded one",
    "TENURE_SECRET_KEY": "web secret",
    "TENURE_KEYRING": "key ring for stored API keys",
    "TENURE_URL": "public address",
    "TENURE_RECURLY_US_URL": "operator's override of Recurly's US address",
    "TENURE_RECURLY_EU_URL": "operator's override of Recurly's EU address",
    "TENURE_CA_FILE": "extra trusted certificates for upstream",
    "TENURE_EMAIL_URL": "SMTP for mail",
    "TENURE_EMAIL_FROM": "the sender of mail",
    "TENURE_NOTIFY_HOSTS": "private hosts that notifications may be sent to",
    "TENURE_LOG": "text or json",
    "TENURE_API_RATE": "requests a minute that one API token may make",
    "TENURE_API_READ_SECONDS": "how long the database may work on one reading request",
}


def is_known(name: str) -> bool:
    """Whether ``name`` is one of ours, or the ``_FILE`` form of a secret of ours."""
    return name in KNOWN or (name.endswith("_FILE") and name.removesuffix("_FILE") in FROM_FILE)


def refuse_unknown(environ: Mapping[str, str]) -> None:
    """Raise ConfigurationError for a ``TENURE_…`` variable nobody would ever read: it is a typo."""
    unknown = sorted(n for n in environ if n.startswith(PREFIX) and not is_known(n))
    # Names for the test suite and tools live under one prefix of their own.
    unknown = [n for n in unknown if not n.startswith(("TENURE_TEST_", "TENURE_REQUIRE_"))]
    if unknown:
        raise ConfigurationError(
            f"{unknown[0]} is not a variable Tenure knows.",
            next_step=f"Remove it or correct its name; known are {', '.join(sorted(KNOWN))}.",
        )


def text(environ: Mapping[str, str], name: str, default: str | None = None) -> str | None:
    """The variable, or the content of the file its ``_FILE`` form names, or the default."""
    path = environ.get(f"{name}_FILE") if name in FROM_FILE else None
    if path:
        if environ.get(name):
            raise ConfigurationError(
                f"Both {name} and {name}_FILE are set.", next_step="Keep one of them."
            )
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ConfigurationError(
                f"{name}_FILE names {path}, which cannot be read ({error.strerror}).",
                next_step="Correct the path or its permissions.",
            ) from error
    return environ.get(name) or default


def one_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    """The variable when it is one of ``choices``; ConfigurationError otherwise."""
    value = environ.get(name) or default
    if value not in choices:
        raise ConfigurationError(
            f"{name} is {value!r}.", next_step=f"Use one of {', '.join(choices)}."
        )
    return value


def whole_number(environ: Mapping[str, str], name: str, default: int) -> int:
    """A number from 1 on."""
    said = environ.get(name)
    if not said:
        return default
    if not (said.isascii() and said.isdigit() and 0 < int(said) < 10**6):
        raise ConfigurationError(
            f"{name} is {said!r}, which is no whole number from 1 to 999,999.",
            next_step=f"Correct it, or unset it for {default}.",
        )
    return int(said)


def web_address(environ: Mapping[str, str], name: str, default: str | None = None) -> str | None:
    """An http or https address without a trailing slash; ConfigurationError when it is not one."""
    value = environ.get(name) or default
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(
            f"{name} is {value!r}, which is not a web address.",
            next_step="Write it as https://host or http://host:port.",
        )
    return value.rstrip("/")


@dataclass(frozen=True, slots=True)
class Mail:
    """Where mail is handed over, from ``smtp://`` (STARTTLS, unless ``?tls=off`` says that the relay
    has none) or ``smtps://`` (TLS at once)."""

    host: str
    port: int
    user: str
    password: str
    implicit_tls: bool
    starttls: bool = True


def hosts(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Hosts, or host:port, separated by commas, in small letters."""
    said = (environ.get(name) or "").lower().split(",")
    return tuple(one.strip() for one in said if one.strip())


def mail(environ: Mapping[str, str]) -> Mail | None:
    """``TENURE_EMAIL_URL`` taken apart; None when unset: mail is then kept and shown as not sent."""
    value = environ.get("TENURE_EMAIL_URL")
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ConfigurationError(
            "TENURE_EMAIL_URL is not a mail address of the form smtp://user:password@host:port.",
            next_step="Correct it, or unset it to keep mail unsent in the outbox.",
        )
    implicit = parts.scheme == "smtps"
    return Mail(
        parts.hostname,
        parts.port or (465 if implicit else 587),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        implicit,
        starttls=dict(parse_qsl(parts.query)).get("tls") != "off",
    )


def database(url: str) -> dict[str, object]:
    """A ``postgresql://`` URL as Django's database settings; query parameters become options."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ConfigurationError(
            "TENURE_DATABASE_URL does not start with postgresql://.",
            next_step="Write it as postgresql://user:password@host:5432/database (PostgreSQL 15 or newer).",
        )
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    port = options.pop("port", None) or str(parts.port or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "tenure",
        "USER": options.pop("user", None) or unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": dict(options),
    }


def home(environ: Mapping[str, str]) -> Path:
    """The state folder: ``TENURE_HOME`` or ``~/.tenure``; not created here."""
    return Path(environ.get("TENURE_HOME") or "~/.tenure").expanduser().absolute()


def kept(folder: Path, name: str, make: Callable[[], str]) -> str:
    """The text kept in ``folder/name`` (0600), made once with ``make`` when it is not there."""
    path = folder / name
    try:
        if path.exists():
            return path.read_text().strip()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = folder / f".{name}.{os.getpid()}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(make())
        try:
            os.link(partial, path)  # two first starts at once: one link wins, both read it
        except FileExistsError:
            pass
        finally:
            partial.unlink(missing_ok=True)
        return path.read_text().strip()
    except OSError as error:
        raise ConfigurationError(
            f"TENURE_HOME {folder} cannot be written ({error.strerror or error}).",
            next_step="Make it writable for this user, free some space, or set TENURE_HOME to another folder.",
        ) from error
