"""``tenure runs``, ``tenure run show`` and ``tenure quarantine``: what syncs did."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from django.utils import timezone
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli.command import DatabaseCommand, Group
from tenure.cli.command import now as command_now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.words import ago, lasting
from tenure.connections.read import site_named
from tenure.core.errors import ConfigurationError
from tenure.customers import revert as reverts
from tenure.customers.write import By, Pin
from tenure.sync import read, reverting
from tenure.sync.models import Run

COUNTED = (
    "read",
    "created",
    "updated",
    "unchanged",
    "overridden",
    "quarantined",
    "removed",
    "requests",
)
LONGEST = 1000


@click.command("runs", cls=DatabaseCommand)
@click.argument("subdomain", required=False)
@click.option("--limit", type=click.IntRange(1, LONGEST), default=50, show_default=True)
@click.pass_obj
def runs(screen: Screen, subdomain: str | None, limit: int) -> None:
    """List the newest runs, of one site or of all."""
    site = site_named(subdomain) if subdomain else None
    found = read.runs(site, limit=limit)
    screen.answer([read.as_json(run) for run in found], page_of_runs(found))


@click.group(cls=Group)
def run() -> None:
    """One run of one site."""


@run.command("show")
@click.argument("number", type=int)
@click.pass_obj
def show(screen: Screen, number: int) -> None:
    """Show a run, stream by stream."""
    found = _run_numbered(number)
    screen.answer(read.as_json(found), _page_of_run(found))


@run.command("revert")
@click.argument("number", type=int)
@click.option("--plan", "only_shown", is_flag=True, help="Show what it would do; write nothing.")
@click.option("--pin", help="Hold the restored values against Daily Sync, for this reason.")
@click.pass_obj
def revert(screen: Screen, number: int, only_shown: bool, pin: str | None) -> None:
    """Take a run back: accounts, contacts, links and attributes as before; later edits stay.

    Daily Sync brings its own values back at its next run, unless they are pinned.
    """
    found = _run_numbered(number)
    change_set = reverting.change_set_of(found)
    if only_shown:
        counts = reverts.count(change_set)
        lines = reverts.preview(change_set, limit=LONGEST)
        screen.answer(
            {"run": number, "counts": asdict(counts), "entries": [_line(one) for one in lines]},
            Parts(_revert_facts(counts), "", _revert_table(lines)),
        )
        return
    how = Pin(pin) if pin else None
    by = By(reason=f"Run {number} taken back")
    done = reverting.revert_run(found, by, command_now(), pin=how)
    made = done.change_set.pk if done.change_set else None
    screen.answer(
        {"run": number, "change_set": made, "counts": asdict(done.counts)},
        _revert_facts(done.counts),
    )
    if not pin and made:
        screen.note("Daily Sync brings its own values back at its next run.")


def _run_numbered(number: int) -> Run:
    try:
        return read.get_run(number)
    except Run.DoesNotExist as error:
        raise ConfigurationError(
            f"There is no run {number}.", next_step="Look at tenure runs."
        ) from error


def _revert_facts(counts: reverts.Counts) -> RenderableType:
    return facts(
        [
            ("Values restored in accounts", f"{counts.values:,}"),
            ("Accounts hidden", f"{counts.hidden:,}"),
            ("Accounts shown again", f"{counts.shown:,}"),
            ("Links taken back", f"{counts.links:,}"),
            ("Contacts as before", f"{counts.contacts:,}"),
            ("Subscriptions as before", f"{counts.subscriptions:,}"),
            ("Edited since, which stay", f"{counts.stayed:,}"),
        ]
    )


def _line(one: reverts.Line) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "identifier": one.identifier,
        "name": one.name,
        "account_id": one.account_id,
        "back": dict(one.back),
        "stayed": dict(one.stayed),
        "hides": one.hides,
    }


def _revert_table(lines: Sequence[reverts.Line]) -> RenderableType:
    titles = ["", "Kind", "Identifier", "Name", "Restored", "Stays"]
    rows = [
        (
            "-" if one.hides else "~" if one.back else "=",
            one.kind,
            one.identifier,
            one.name,
            "; ".join(f"{place}: {now} → {then}" for place, (now, then) in one.back.items()),
            "; ".join(f"{place} is {now} now" for place, (_, now) in one.stayed.items()),
        )
        for one in lines
    ]
    return table(titles, rows, empty="Nothing to restore.")


@click.command(cls=DatabaseCommand)
@click.argument("subdomain", required=False)
@click.option("--limit", type=click.IntRange(1, LONGEST), default=200, show_default=True)
@click.pass_obj
def quarantine(screen: Screen, subdomain: str | None, limit: int) -> None:
    """List the records that could not be read, with the reason."""
    site = site_named(subdomain) if subdomain else None
    found = list(read.quarantined(site)[:limit])
    rows = [
        (one.site.subdomain, one.stream, one.upstream_id, ago(one.first_seen, _now()), one.reason)
        for one in found
    ]
    page = table(
        ["Site", "Stream", "Record", "First seen", "Reason"], rows, empty="Nothing is quarantined."
    )
    screen.answer([read.quarantined_json(one) for one in found], page)


def page_of_runs(found: Sequence[Run]) -> RenderableType:
    """Runs as a table; under it, what the unfinished ones need."""
    columns: list[Column | str] = [
        "Run",
        "Site",
        "Started by",
        "State",
        "Started",
        "Took",
        *(_title(n) for n in COUNTED[:4]),
    ]
    rows = [
        (
            one.pk,
            one.site.subdomain,
            one.get_trigger_display(),
            one.get_state_display(),
            ago(one.started_at, _now()),
            _took(one),
            *(f"{_sum(one, name):,}" for name in COUNTED[:4]),
        )
        for one in found
    ]
    reasons = [_reason(one) for one in found if one.reason]
    return Parts(table(columns, rows, empty="No runs yet."), *reasons)


def _page_of_run(found: Run) -> RenderableType:
    told = facts(
        [
            ("Run", found.pk),
            ("Site", found.site.subdomain),
            ("Started by", found.member or found.get_trigger_display()),
            ("State", found.get_state_display()),
            ("Started", ago(found.started_at, _now())),
            ("Took", _took(found)),
            ("Reason", found.reason),
            ("Next step", found.next_step),
        ]
    )
    columns: list[Column | str] = ["Stream", "State", *(_title(name) for name in COUNTED)]
    rows = [
        (
            stream.stream,
            stream.get_state_display(),
            *(f"{getattr(stream, name):,}" for name in COUNTED),
        )
        for stream in found.streams.all()
    ]
    return Parts(told, "", table(columns, rows, empty="Nothing was read yet."))


def _title(name: str) -> Column:
    return Column(name.capitalize(), number=True)


def _sum(found: Run, name: str) -> int:
    return sum(getattr(stream, name) for stream in found.streams.all())


def _took(found: Run) -> str:
    if not found.started_at:
        return ""
    return lasting((found.finished_at or _now()) - found.started_at)


def _reason(found: Run) -> str:
    return f"Run {found.pk}: {found.reason} {found.next_step}".strip().replace("[", "\\[")


def _now() -> datetime:
    # Runs are timed by the database's clock, which is the real one even in a demo.
    return timezone.now()
