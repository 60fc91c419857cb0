"""What ``tenure doctor`` looks at, one finding each. A check that cannot be made says so and why."""

import platform
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateWorker

from tenure.cli.migrating import pending_migrations
from tenure.cli.words import ago, counted, lasting
from tenure.connections import read as connections
from tenure.connections.models import Site, SiteState
from tenure.connections.proof import prove
from tenure.core.errors import TenureError
from tenure.notify import mailing
from tenure.notify import read as notify
from tenure.processes import ports
from tenure.sources.base import SiteFacts
from tenure.sync.standing import Standing, standings

OLDEST_POSTGRES = 150_000
SCARCE_BYTES, LOW_BYTES = 200 * 2**20, 2 * 2**30
WORKER_SILENT = timedelta(seconds=35)
STALE = timedelta(hours=26)
CLOCK_TOLERANCE = timedelta(seconds=60)
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000


class Verdict(StrEnum):
    """How a finding is: nothing to do, better look at it, or broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found and, unless it is good, what to do."""

    name: str
    verdict: Verdict
    told: str
    next_step: str = ""

    def as_json(self) -> dict[str, str | None]:
        return {
            "check": self.name,
            "verdict": self.verdict,
            "message": self.told,
            "next_step": self.next_step or None,
        }


def of_machine() -> Iterator[Finding]:
    """What can be looked at without a database."""
    yield Finding("python", Verdict.OK, f"Python {platform.python_version()} ({sys.executable})")
    home: Path = settings.TENURE_HOME
    yield _home(home)
    yield _disk(home)
    yield _port()


def of_database() -> Iterator[Finding]:
    """The database itself; the rest is only asked when its tables are there."""
    yield _version()
    yield _clock()
    pending = pending_migrations()
    if pending:
        told = f"{counted(len(pending), 'migration')} not applied, the first is {pending[0]}"
        yield Finding("migrations", Verdict.FAIL, told, "Run tenure migrate.")
        return
    yield Finding("migrations", Verdict.OK, "The tables are up to date")
    yield _worker()
    yield _mail()
    sites = [site for site in connections.sites() if connections.is_connected(site)]
    yield _keys(sites)
    yield from _sites(sites)


def _home(home: Path) -> Finding:
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        told = f"{home} can be read by other users (mode {mode:o}), and it holds the key ring"
        return Finding("home", Verdict.WARN, told, f"Run chmod 700 {home}.")
    return Finding("home", Verdict.OK, f"{home} is private")


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    told = f"{free / 2**30:,.1f} GiB free where {home} is"
    if free >= LOW_BYTES:
        return Finding("disk", Verdict.OK, told)
    verdict = Verdict.FAIL if free < SCARCE_BYTES else Verdict.WARN
    return Finding("disk", verdict, told, "Free some space, or move TENURE_HOME to a larger disk.")


def _port() -> Finding:
    try:
        ports.require_free(DEFAULT_HOST, DEFAULT_PORT)
    except TenureError:
        # Most likely our own web; nothing is wrong with that.
        told = f"Something answers on {DEFAULT_HOST}:{DEFAULT_PORT}; a second tenure serve needs --bind"
        return Finding("port", Verdict.OK, told)
    return Finding("port", Verdict.OK, f"{DEFAULT_HOST}:{DEFAULT_PORT} is free")


def _version() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
        )
        number, text = cursor.fetchone()
    if number < OLDEST_POSTGRES:
        told = f"PostgreSQL {text} is too old"
        return Finding("database", Verdict.FAIL, told, "Use PostgreSQL 15 or newer.")
    return Finding("database", Verdict.OK, f"PostgreSQL {text} answers")


def _clock() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        differs = abs(cursor.fetchone()[0] - datetime.now(UTC))
    if differs > CLOCK_TOLERANCE:
        told = f"Our clock and the database's differ by {lasting(differs)}"
        return Finding("clock", Verdict.WARN, told, "Let both machines keep time with NTP.")
    return Finding("clock", Verdict.OK, "Our clock and the database's agree")


def _worker() -> Finding:
    newest = ProcrastinateWorker.objects.order_by("-last_heartbeat").first()
    now = datetime.now(UTC)
    if newest is None or now - newest.last_heartbeat > WORKER_SILENT:
        last = (
            f"the last was heard {ago(newest.last_heartbeat, now)}"
            if newest
            else "none was ever heard"
        )
        step = "Start tenure worker (or tenure up), or nothing is synced by itself."
        return Finding("worker", Verdict.WARN, f"No worker runs; {last}", step)
    return Finding("worker", Verdict.OK, f"A worker was heard {ago(newest.last_heartbeat, now)}")


def _mail() -> Finding:
    """Whether mail can be sent, asked of the mail server itself."""
    left = notify.kept()
    waiting = f"; {counted(left.not_sent, 'mail')} kept unsent" if left.not_sent else ""
    if settings.TENURE_MAIL is None:
        told = f"No mail server is set, so mail is kept and not sent{waiting}"
        verdict = Verdict.WARN if left.not_sent else Verdict.OK
        step = "Set TENURE_EMAIL_URL, then run tenure deliveries replay --not-sent."
        return Finding("mail", verdict, told, step if left.not_sent else "")
    where = f"{settings.TENURE_MAIL.host}:{settings.TENURE_MAIL.port}"
    trouble = mailing.trouble()
    if trouble:
        told = f"The mail server at {where} cannot be used: {trouble}{waiting}"
        return Finding("mail", Verdict.FAIL, told, "Correct TENURE_EMAIL_URL, or start the server.")
    step = "Send it with tenure deliveries replay --not-sent."
    if left.not_sent:
        return Finding("mail", Verdict.WARN, f"{where} takes mail{waiting}", step)
    return Finding("mail", Verdict.OK, f"{where} takes mail")


def _keys(sites: Sequence[Site]) -> Finding:
    for site in sites:
        try:
            connections.open_key(site)
        except TenureError as error:
            return Finding("keys", Verdict.FAIL, error.message.rstrip("."), error.next_step)
    return Finding("keys", Verdict.OK, f"The key ring opens {counted(len(sites), 'stored key')}")


def _sites(sites: Sequence[Site]) -> Iterator[Finding]:
    """Each site asked with its own key, all at once, and how old its data is."""
    standing = {one.site.pk: one for one in standings()}
    with ThreadPoolExecutor(max(1, min(len(sites), 8))) as threads:
        answers = list(threads.map(_asked, sites))
    for site, answer in zip(sites, answers, strict=True):
        yield _site(site, answer, standing.get(site.pk))


def _asked(site: Site) -> SiteFacts | TenureError:
    try:
        return prove(site.source, site.subdomain, site.region, connections.open_key(site))
    except TenureError as error:
        return error


def _site(site: Site, answer: SiteFacts | TenureError, standing: Standing | None) -> Finding:
    name = f"site {site.subdomain}"
    if isinstance(answer, TenureError):
        return Finding(name, Verdict.FAIL, answer.message.rstrip("."), answer.next_step)
    if site.state != SiteState.ACTIVE:
        step = (
            "Resume it with tenure site set --resume, or give it a new key with tenure site rekey."
        )
        return Finding(name, Verdict.WARN, f"{site.get_state_display()}: {site.state_reason}", step)
    good = Finding(name, Verdict.OK, f"Answers; last good run {_good(standing)}")
    return _freshness(name, standing) or _site_clock(name, answer) or good


def _freshness(name: str, standing: Standing | None) -> Finding | None:
    good = standing.good_at if standing else None
    if good and datetime.now(UTC) - good <= STALE:
        return None
    return Finding(
        name,
        Verdict.WARN,
        f"Its last good run was {_good(standing)}",
        "Look at tenure runs, or run tenure sync.",
    )


def _site_clock(name: str, answer: SiteFacts) -> Finding | None:
    # A demo's clocks run faster than ours on purpose.
    ours = settings.TENURE_CLOCK.now()
    differs = abs(answer.upstream_now - ours)
    if settings.TENURE_DEMO or differs <= CLOCK_TOLERANCE:
        return None
    told = f"The site's clock and ours differ by {lasting(differs)}"
    return Finding(name, Verdict.WARN, told, "Let this machine keep time with NTP.")


def _good(standing: Standing | None) -> str:
    return ago(standing.good_at if standing else None, datetime.now(UTC))
