"""Trouble as one sentence: what went wrong, why, and what to do, for every failure one can foresee."""

import errno
from collections.abc import Iterator
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import utils as django_errors

from tenure.connections.keymap import KeyMapRefused
from tenure.connections.write import SitesRefused
from tenure.core.errors import ConfigurationError, TemporaryError, TenureError

NOT_REACHED = (
    "See that PostgreSQL runs and that TENURE_DATABASE_URL is right; tenure doctor looks closer."
)
BY_STATE = {
    "42P01": ("The database has no tables of this version yet.", "Run tenure migrate."),
    "42703": ("The database's tables are older than this version.", "Run tenure migrate."),
    "53100": ("The disk of the database is full.", "Free some space there and try again."),
    "53300": (
        "The database accepts no more connections.",
        "Raise max_connections or stop a program.",
    ),
    "25006": ("The database is read-only.", "Connect to the primary server, not to a replica."),
    "42501": ("The database user lacks a permission.", "Make it the owner of Tenure's database."),
    "57014": (
        "The database gave up on a question that took too long.",
        "Try again when it is less busy.",
    ),
}
FULL = (errno.ENOSPC, errno.EDQUOT)
NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)


def explained(error: BaseException) -> TenureError | None:
    """The failure as a sentence, or None when nobody foresaw it."""
    for link in _chain(error):
        if isinstance(link, TenureError):
            return link
        found = _of_database(link) or _of_system(link)
        if found:
            return found
    return None


def as_json(error: TenureError) -> dict[str, Any]:
    """A failure as scripts see it; several sites refused at once have an entry each."""
    document: dict[str, Any] = {"message": error.message, "next_step": error.next_step}
    if isinstance(error, SitesRefused):
        document["entries"] = [
            {
                "subdomain": one.subdomain,
                "ok": one.error is None,
                "message": str(one.error or "") or None,
            }
            for one in error.outcomes
        ]
    if isinstance(error, KeyMapRefused):
        document["entries"] = [
            {"subdomain": fault.name, "ok": False, "message": fault.message}
            for fault in error.faults
        ]
    return document


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__


def _of_database(error: BaseException) -> TenureError | None:
    if isinstance(error, psycopg.Error):
        told = BY_STATE.get(error.sqlstate or "")
        if told:
            return ConfigurationError(told[0], next_step=told[1])
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return TemporaryError(
                f"The database cannot be reached: {_first_line(error)}.", next_step=NOT_REACHED
            )
    if isinstance(error, django_errors.InterfaceError) and error.__cause__ is None:
        return TemporaryError("The connection to the database was lost.", next_step=NOT_REACHED)
    if isinstance(error, ImproperlyConfigured):
        return ConfigurationError(f"The settings cannot be used: {_first_line(error)}.")
    return None


def _of_system(error: BaseException) -> TenureError | None:
    if not isinstance(error, OSError):
        return None
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in FULL:
        return ConfigurationError(
            f"The disk is full{where}.", next_step="Free some space and try again."
        )
    if error.errno in NOT_WRITABLE:
        return ConfigurationError(
            f"A file cannot be written or read{where}: {error.strerror}.",
            next_step="Correct its permissions, or set TENURE_HOME to a folder of your own.",
        )
    return None


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).rstrip(".")
