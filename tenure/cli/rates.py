"""``tenure rates`` and ``tenure settings``: what figures of several currencies stand on."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from django.db import transaction

from tenure import flow
from tenure.cli.asking import confirm
from tenure.cli.command import FAILED, Group, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.words import counted
from tenure.connections import workspace
from tenure.core.errors import ConfigurationError
from tenure.customers.models import Origin
from tenure.customers.write import By
from tenure.metrics import basis, ratebook, ratefile, rateshapes

AUTHOR = "command line"


@click.group(cls=Group)
def rates() -> None:
    """Exchange rates, each from a day on until the next of its pair."""


@rates.command("list")
@click.option("--from", "source", metavar="CODE", help="Only rates from this currency.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.pass_obj
def list_(screen: Screen, source: str | None, limit: int) -> None:
    """List the rates, pair by pair, the newest first."""
    found = ratebook.listing()
    if source:
        found = found.filter(source=source.upper())
    rows = list(found[:limit])
    columns: list[Column | str] = [
        "From",
        "To",
        "From day",
        Column("Rate", number=True),
        "Entered by",
    ]
    lines = [(one.source, one.target, one.day, one.plain, one.by) for one in rows]
    screen.answer(
        [rateshapes.rate(one) for one in rows],
        table(columns, lines, empty="No rates yet. Enter one: tenure rates set EUR USD 1.0842"),
    )


@rates.command("set")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.argument("rate")
@click.option("--date", "day", metavar="DAY", help="From this day on; today when left out.")
@click.pass_obj
def set_(screen: Screen, source: str, target: str, rate: str, day: str | None) -> None:
    """Enter that one FROM is RATE of TO."""
    wanted = ratebook.entry(source, target, day or now().date().isoformat(), rate)
    done = ratebook.enter([wanted], _by(), now())
    _answer(screen, rateshapes.saved(done), f"Rates: {done.sentence}.", done.odd)


@rates.command("import")
@click.argument("path", metavar="FILE")
@click.option("--check", is_flag=True, help="Only read the file and say what is wrong in it.")
@click.pass_context
def import_(ctx: click.Context, path: str, check: bool) -> None:
    """Enter the rates of a CSV file with the columns from, to, date and rate; - is standard input.

    With a fault in any line nothing is entered.
    """
    screen: Screen = ctx.obj
    read = ratefile.read(_content(path))
    if read.faults:
        document = {
            "entered": 0,
            "faults": [
                {"line": f.line, "field": f.field, "message": f.message} for f in read.faults
            ],
        }
        lines = [(one.line, one.field, one.message) for one in read.faults]
        page = table(["Line", "Column", "What is wrong"], lines, empty="")
        screen.answer(document, page)
        screen.note(f"Nothing was entered: {counted(len(read.faults), 'line')} cannot be taken.")
        ctx.exit(FAILED)
    if check:
        screen.answer(
            {"rates": len(read.entries), "faults": []},
            f"{counted(len(read.entries), 'rate')}, all good.",
        )
        return
    done = ratebook.enter(read.entries, _by(), now())
    _answer(screen, {**rateshapes.saved(done), "faults": []}, f"Rates: {done.sentence}.", done.odd)


@rates.command("remove")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.argument("day", metavar="DAY")
@click.pass_obj
def remove(screen: Screen, source: str, target: str, day: str) -> None:
    """Delete the rate entered for one pair and day."""
    wanted = ratebook.entry(source, target, day, "1")
    found = ratebook.rate_of(wanted.source, wanted.target, wanted.day)
    seen = basis.impact(lambda: ratebook.remove([found.pk], _by(), now()), now())
    screen.note(_blast(found.plain, seen))
    confirm(screen, f"Delete the rate {found}?")
    ratebook.remove([found.pk], _by(), now())
    _answer(
        screen, {"removed": rateshapes.rate(found), **rateshapes.impact(seen)}, f"Deleted: {found}."
    )


def _blast(rate: str, seen: basis.Impact) -> str:
    lost = ", ".join(f"{counted(n, 'account')} in {code}" for code, n in seen.lost.items())
    if lost:
        return f"Without it there is no converted total for {lost}."
    return f"Without {rate} {counted(seen.accounts, 'account')} would be measured again."


@click.group("settings", cls=Group)
def settings_() -> None:
    """The workspace's choices about its figures."""


@settings_.command("show")
@click.pass_obj
def show(screen: Screen) -> None:
    """Show every setting."""
    values = rateshapes.settings()
    pairs = [("preset", values["preset"])]
    pairs += [(one.name, f"{values[one.name]}   {one.label}") for one in workspace.SETTINGS]
    screen.answer(values, facts(pairs))


@settings_.command("set")
@click.argument("pairs", metavar="NAME=VALUE…", nargs=-1, required=True)
@click.option("--preview", is_flag=True, help="Only say what it would do.")
@click.pass_obj
def set_settings(screen: Screen, pairs: Sequence[str], preview: bool) -> None:
    """Change settings, such as currency=EUR or preset=NAME."""
    wanted = _named(pairs)

    def change() -> Any:
        return workspace.change(wanted, now=now(), author=AUTHOR)

    seen = basis.impact(change, now())
    if preview:
        said = f"{counted(seen.accounts, 'account')} would be measured again."
        screen.answer(rateshapes.impact(seen), said)
        return
    with transaction.atomic():
        made = change()
    document = {"changed": rateshapes.changes(made), "settings": rateshapes.settings()}
    said = "; ".join(str(one) for one in made) if made else "Nothing changed"
    _answer(screen, document, f"{said}.")


def _named(pairs: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"“{pair}” is not NAME=VALUE.")
        found[name.strip()] = value
    return found


def _answer(
    screen: Screen, document: Mapping[str, Any], said: str, odd: Sequence[str] = ()
) -> None:
    """Measure who is concerned, here and now, and say what was done."""
    for sentence in odd:
        screen.note(sentence)
    measured = flow.catch_up(now())
    page = f"{said} {counted(measured, 'account')} measured again." if measured else said
    screen.answer({**document, "measured": measured}, page)


def _by() -> By:
    return By(Origin.MANUAL, name=AUTHOR)


def _content(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}.", next_step="Name a CSV file."
        ) from error
