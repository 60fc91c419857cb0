"""``tenure site``: the sites that are read, their keys and their modes."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from tenure import flow
from tenure.cli import asking
from tenure.cli.command import NEEDS_ATTENTION, Group, now
from tenure.cli.progress import bar
from tenure.cli.screen import Screen, table
from tenure.cli.sitecheck import page_of
from tenure.cli.words import ago, counted
from tenure.connections import check, keymap, read, schedule, setups, shapes, subdomains, write
from tenure.connections.check import SiteReport
from tenure.connections.models import Mode, Site
from tenure.core.errors import ConfigurationError
from tenure.core.secrets import Secret
from tenure.customers import read as customers
from tenure.customers.models import Origin
from tenure.customers.write import By
from tenure.sources import registry
from tenure.sync import read as runs
from tenure.sync import replay
from tenure.sync.models import Run
from tenure.sync.purge import purge

SOURCE = registry.DEFAULT
REGIONS = click.Choice(list(registry.source(SOURCE).regions))
MODES = click.Choice(Mode.values)
MODES_HELP = "How {} follow: daily (Daily Sync), import (Import Only) or link (Link only)."


@click.group(cls=Group)
def site() -> None:
    """Sites that Tenure reads."""


@site.command("add")
@click.argument("subdomain", required=False)
@click.option("--region", type=REGIONS, help="Where the site is kept; a map may leave it out.")
@click.option("--key-stdin", is_flag=True, help="Read the private API key from standard input.")
@click.option(
    "--map-stdin", is_flag=True, help='Read {"subdomain1": "API_key1", …} from standard input.'
)
@click.option(
    "--accounts", type=MODES, default=Mode.DAILY.value, help=MODES_HELP.format("accounts")
)
@click.option(
    "--subscriptions", type=MODES, default=Mode.DAILY.value, help=MODES_HELP.format("subscriptions")
)
@click.option("--schedule", "when", default=schedule.DEFAULT, help=schedule.FORMS)
@click.option(
    "--stage", is_flag=True, help="Read it, but make no account until tenure site activate."
)
@click.option("--check", "only_check", is_flag=True, help="Show the whole check; save nothing.")
@click.pass_context
def add(
    ctx: click.Context,
    subdomain: str | None,
    region: str | None,
    key_stdin: bool,
    map_stdin: bool,
    accounts: str,
    subscriptions: str,
    when: str,
    *,
    stage: bool,
    only_check: bool,
) -> None:
    """Connect one site, or all sites of a map or none. Each key is checked before it is saved."""
    screen: Screen = ctx.obj
    how = {"accounts_mode": accounts, "subscriptions_mode": subscriptions, "schedule": when}
    keys = _keys(screen, subdomain, region, key_stdin=key_stdin, map_stdin=map_stdin)
    if only_check:
        write.refuse_connected(SOURCE, keys)
        _answer_checked(ctx, check.check_keys(SOURCE, keys, region, now=now()))
    elif map_stdin:
        added = write.add_sites(SOURCE, keys, region, **how, staged=stage, now=now())
        _answer_added(screen, added, several=True)
    else:
        [(name, key)] = keys.items()
        one = write.add_site(SOURCE, name, str(region), key, **how, staged=stage, now=now())
        _answer_added(screen, [one])


def _keys(
    screen: Screen, subdomain: str | None, region: str | None, *, key_stdin: bool, map_stdin: bool
) -> Mapping[str, Secret]:
    """The keys by subdomain, as the options say where they are."""
    if map_stdin:
        if subdomain or key_stdin:
            raise click.UsageError(
                "--map-stdin stands alone: the map names the sites and their keys."
            )
        return keymap.parse(asking.text_from_stdin("The map of keys"))
    if not subdomain or not region:
        raise click.UsageError("Give SUBDOMAIN and --region, or a map with --map-stdin.")
    key = asking.secret(screen, "API key", option="--key-stdin", from_stdin=key_stdin)
    return {subdomains.tidy(subdomain): write.usable(key, subdomain)}


@site.command("check")
@click.argument("names", nargs=-1, metavar="[SUBDOMAIN]…")
@click.pass_context
def check_(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Ask sites what their keys may read: streams, counts, newest records, custom fields."""
    _answer_checked(ctx, check.check_sites(read.sites_named(names), now=now()))


def _answer_checked(ctx: click.Context, reports: Sequence[SiteReport]) -> None:
    ctx.obj.answer([report.as_json() for report in reports], page_of(reports, now()))
    if not all(report.is_good for report in reports):
        ctx.exit(NEEDS_ATTENTION)


@site.command("activate")
@click.argument("subdomain")
@click.pass_obj
def activate(screen: Screen, subdomain: str) -> None:
    """Make the accounts of a staged site, from what was read of it; it is synced from then on."""
    found = read.site_named(subdomain)
    if not found.staged:
        raise ConfigurationError(
            f"{found.subdomain} is not staged: its records make accounts already.",
            next_step=f"Bring it up to date with tenure sync {found.subdomain}.",
        )
    with bar(screen, f"{found.subdomain}: making accounts") as progress:
        done = replay.activate(
            found, by=By(Origin.MANUAL, reason="Activated"), now=now(), progress=progress
        )
    setups.finish_if_active(found, now())
    flow.catch_up(now())
    document = {
        "subdomain": found.subdomain,
        "staged": False,
        "created": done.created,
        "identified": done.identified,
        "unidentified": customers.unlinked_of_sites([found.pk]),
    }
    told = f"{found.subdomain} is active: {counted(done.created, 'account')} made. "
    screen.answer(
        document, told + f"Bring in what changed since with tenure sync {found.subdomain}."
    )


@site.command("list")
@click.pass_obj
def list_(screen: Screen) -> None:
    """List the sites."""
    found = read.sites()
    last_good = runs.last_good([one.pk for one in found])
    columns = [
        "Site",
        "Region",
        "Mode",
        "Accounts",
        "Subscriptions",
        "Schedule",
        "State",
        "Last good run",
    ]
    rows = [
        (
            one.subdomain,
            one.region,
            one.mode,
            Mode(one.accounts_mode).label,
            Mode(one.subscriptions_mode).label,
            schedule.in_words(one.schedule),
            _state(one),
            ago(last_good[one.pk].finished_at if one.pk in last_good else None, now()),
        )
        for one in found
    ]
    page = table(
        columns, rows, empty="No sites yet. Connect one with tenure site add SUBDOMAIN --region us."
    )
    screen.answer([_json(one, last_good.get(one.pk)) for one in found], page)


@site.command("set")
@click.argument("subdomain")
@click.option("--accounts", type=MODES, help=MODES_HELP.format("accounts"))
@click.option("--subscriptions", type=MODES, help=MODES_HELP.format("subscriptions"))
@click.option("--schedule", "when", help=schedule.FORMS)
@click.option(
    "--pins/--no-pins", "pins", default=None, help="Whether pinned values hold against Daily Sync."
)
@click.option(
    "--pause/--resume", "paused", default=None, help="Stop or go on reading it by itself."
)
@click.pass_obj
def set_(
    screen: Screen,
    subdomain: str,
    accounts: str | None,
    subscriptions: str | None,
    when: str | None,
    pins: bool | None,
    paused: bool | None,
) -> None:
    """Change a site's modes, its pins or its schedule, from its next run on."""
    if {accounts, subscriptions, when, pins, paused} == {None}:
        raise click.UsageError(
            "Nothing to change: give --accounts, --subscriptions, --schedule, --pins or --no-pins,"
            " --pause or --resume."
        )
    found = read.site_named(subdomain)
    write.set_site(
        found,
        accounts_mode=accounts,
        subscriptions_mode=subscriptions,
        schedule=when,
        allows_pins=pins,
    )
    if paused is not None:
        write.pause(found, "Paused from the command line.") if paused else write.resume(found)
    changed = read.site_named(found.subdomain)
    told = f"{changed.subdomain} was changed. It is synced {schedule.in_words(changed.schedule)}."
    screen.answer(_with_last_run(changed), told)


@site.command("rekey")
@click.argument("subdomain")
@click.option("--key-stdin", is_flag=True, help="Read the new private API key from standard input.")
@click.pass_obj
def rekey(screen: Screen, subdomain: str, key_stdin: bool) -> None:
    """Replace a site's API key by another one of the same site, checked first."""
    found = read.site_named(subdomain)
    key = asking.secret(screen, "API key", option="--key-stdin", from_stdin=key_stdin)
    changed = write.rekey(found, key, now=now())
    screen.answer(
        _with_last_run(changed), f"{changed.subdomain} is read with its new key from now on."
    )


@site.command("remove")
@click.argument("subdomain")
@click.option("--keep", "what", flag_value="keep", help="Forget its key and keep what was read.")
@click.option(
    "--purge", "what", flag_value="purge", help="Delete everything that was read from it."
)
@click.pass_obj
def remove(screen: Screen, subdomain: str, what: str | None) -> None:
    """Disconnect a site."""
    if what is None:
        raise click.UsageError("Say what becomes of its data: --keep or --purge.")
    found = read.site_named(subdomain)
    if what == "keep":
        write.forget_key(found)
        screen.answer(
            {"subdomain": found.subdomain, "removed": "keep"},
            f"{found.subdomain} is no longer read; its data stays. Its key is forgotten.",
        )
        return
    asking.confirm(screen, f"Delete everything that was read from {found.subdomain}?")
    purge(found, now=now())
    screen.answer(
        {"subdomain": found.subdomain, "removed": "purge"},
        f"{found.subdomain} and everything that was read from it are deleted.",
    )


def _json(one: Site, good: Run | None) -> dict[str, Any]:
    return shapes.site(one, good.pk if good else None, good.finished_at if good else None)


def _state(one: Site) -> str:
    state = "Staged, makes no account yet" if one.staged else one.get_state_display()
    return f"{state}. {one.state_reason}" if one.state_reason else state


def _with_last_run(site: Site) -> dict[str, Any]:
    return _json(site, runs.last_good([site.pk]).get(site.pk))


def _answer_added(screen: Screen, added: Sequence[Site], *, several: bool = False) -> None:
    documents = [_with_last_run(one) for one in added]
    told = [
        f"{one.subdomain} is connected: {one.mode}, {', '.join(one.currencies)}, key ending in {one.key_last4}."
        + (" It is staged: its records are read and make no account yet." if one.staged else "")
        for one in added
    ]
    told.append(f"Read it now with tenure sync {' '.join(one.subdomain for one in added)}.")
    screen.answer(documents if several else documents[0], "\n".join(told))
