"""``tenure sync`` and ``tenure sweep``: bring sites up to date now, and wait."""

from collections.abc import Sequence

import click

from tenure.cli.command import DONE, FAILED, NEEDS_ATTENTION, DatabaseCommand
from tenure.cli.progress import carry_out
from tenure.cli.runs import page_of_runs
from tenure.cli.screen import Screen
from tenure.connections import read as connections
from tenure.core.errors import ConfigurationError
from tenure.sync import read, write
from tenure.sync.models import Run, RunState, Trigger
from tenure.sync.planning import holding
from tenure.sync.planning import read as plans

SUBDOMAINS = click.argument("subdomains", nargs=-1, metavar="[SUBDOMAIN]…")


@click.command(cls=DatabaseCommand)
@SUBDOMAINS
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@click.option("--plan", type=int, help="Do exactly what this plan shows, or stop.")
@click.pass_context
def sync(ctx: click.Context, subdomains: tuple[str, ...], full: bool, plan: int | None) -> None:
    """Bring sites up to date now, and wait; all sites without a name."""
    if plan is not None:
        if full or subdomains:
            raise click.UsageError("--plan names its site itself; give nothing else.")
        ctx.exit(_apply(ctx.obj, plan))
    ctx.exit(_run(ctx.obj, subdomains, Trigger.CLI, full=full))


@click.command(cls=DatabaseCommand)
@SUBDOMAINS
@click.option(
    "--remove-missing",
    is_flag=True,
    help="Also remove records when a large part of them is gone: you have looked, and it is true.",
)
@click.pass_context
def sweep(ctx: click.Context, subdomains: tuple[str, ...], remove_missing: bool) -> None:
    """Compare every record's id with the site's own, fetch what is missing, remove what is gone."""
    ctx.exit(_run(ctx.obj, subdomains, Trigger.SWEEP, sweep=True, remove_missing=remove_missing))


def _apply(screen: Screen, number: int) -> int:
    """Carry a plan out: what was shown, or nothing."""
    plan = plans.get_plan(number)
    connections.open_key(plan.site)
    run = holding.apply(plan, Trigger.CLI, member=None)
    ended = carry_out(screen, [run.pk])
    screen.answer([read.as_json(run) for run in ended], page_of_runs(ended))
    return _status(ended)


def _run(
    screen: Screen,
    subdomains: Sequence[str],
    trigger: Trigger,
    *,
    full: bool = False,
    sweep: bool = False,
    remove_missing: bool = False,
) -> int:
    sites = connections.sites_named(subdomains)
    if not sites:
        raise ConfigurationError(
            "No site is connected.", next_step="Connect one with tenure site add SUBDOMAIN."
        )
    for site in sites:
        connections.open_key(site)  # a site without a key is refused before any run begins
    run_ids = []
    for site in sites:
        run, new = write.request_run(
            site, trigger, full=full, sweep=sweep, remove_missing=remove_missing
        )
        if not new:
            screen.note(f"{site.subdomain}: joined run {run.pk}, which was going on already.")
        run_ids.append(run.pk)
    ended = carry_out(screen, run_ids)
    screen.answer([read.as_json(run) for run in ended], page_of_runs(ended))
    return _status(ended)


def _status(runs: Sequence[Run]) -> int:
    """Failed when any run failed; otherwise whether a person is needed."""
    if any(run.state == RunState.FAILED for run in runs):
        return FAILED
    good = all(run.state == RunState.COMPLETE and not _quarantined(run) for run in runs)
    return DONE if good else NEEDS_ATTENTION


def _quarantined(run: Run) -> int:
    return sum(stream.quarantined for stream in run.streams.all())
