"""``tenure doctor``: look at everything a deployment needs, and say what to do where it is not well."""

from collections.abc import Callable, Iterator, Sequence

import click

from tenure.cli import database
from tenure.cli.checkup import Finding, Verdict, of_database, of_machine
from tenure.cli.command import NEEDS_ATTENTION, Command
from tenure.cli.failures import explained
from tenure.cli.screen import table

MARKS = {Verdict.OK: "ok", Verdict.WARN: "look", Verdict.FAIL: "BROKEN"}


@click.command(cls=Command)
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check the machine, the database, the worker, the keys and every site."""
    findings = [*_looked("machine", of_machine), *_looked("database", _with_database)]
    ctx.obj.answer(
        {"ok": _is_well(findings), "checks": [one.as_json() for one in findings]},
        table(["", "Check", "Found", "What to do"], [_row(one) for one in findings], empty=""),
    )
    if not _is_well(findings):
        ctx.exit(NEEDS_ATTENTION)


def _with_database() -> Iterator[Finding]:
    with database.opened():
        yield from of_database()


def _looked(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings up to the first trouble that stops the looking, and that trouble as one more."""
    try:
        yield from look()
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        yield Finding(name, Verdict.FAIL, known.message.rstrip("."), known.next_step)


def _is_well(findings: Sequence[Finding]) -> bool:
    return all(one.verdict == Verdict.OK for one in findings)


def _row(one: Finding) -> tuple[str, str, str, str]:
    return MARKS[one.verdict], one.name, one.told, one.next_step
