"""``tenure health`` on definitions: list, try on every account, save, bring back, score anew."""

import json
from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli.command import DatabaseCommand, now
from tenure.cli.edits import by_command
from tenure.cli.screen import Column, Screen, table
from tenure.cli.words import counted, stamp
from tenure.core.errors import ConfigurationError
from tenure.customers import read as customers
from tenure.health import preview, said, scoring, shapes, versions
from tenure.health.definitions import differences
from tenure.health.definitions import read as definition_of
from tenure.health.definitions import said as curve_said
from tenure.health.models import DefinitionVersion
from tenure.metrics.settings import current
from tenure.segments import deciding

CHUNK = 1_000


@click.command("rescore", cls=DatabaseCommand)
@click.pass_obj
def rescore(screen: Screen) -> None:
    """Score every account anew by the definitions in force."""
    versions.in_force(now(), current())
    accounts = written = last = 0
    while ids := customers.ids_after(last, CHUNK):
        written += scoring.score(ids, now())
        accounts, last = accounts + len(ids), ids[-1]
    screen.answer(
        {"accounts": accounts, "changed": written},
        f"Scored {counted(accounts, 'account')}; {written:,} changed.",
    )


@click.command("definitions", cls=DatabaseCommand)
@click.argument("name", required=False)
@click.pass_obj
def definitions(screen: Screen, name: str | None) -> None:
    """List the definitions in force; with a NAME every version of one, newest first."""
    versions.in_force(now(), current())
    rows = versions.of_definition(versions.named(name).definition_id) if name else versions.newest()
    page = Parts(*(_version(one, rows) for one in rows)) if name else _definition(rows)
    screen.answer([shapes.version(one) for one in rows], page)


def _definition(rows: list[DefinitionVersion]) -> RenderableType:
    parts: list[RenderableType] = []
    for one in rows:
        read = definition_of(one.document)
        parts.append(f"{one.definition.name}, version {one.number}")
        parts.append(
            table(
                ["Measure", Column("Weight", number=True), "Points"],
                [(m.label, float(m.weight), curve_said(m.curve)) for m in read.measures],
                empty="",
            )
        )
        parts += [f"At most {float(cap.most):g}: {cap.label}" for cap in read.caps]
        parts.append(f"Green from {read.green}, amber from {read.amber}\n")
    return Parts(*parts)


def _version(one: DefinitionVersion, rows: list[DefinitionVersion]) -> RenderableType:
    head = f"Version {one.number}, {stamp(one.made_at)} by {one.made_by or 'nobody'}: {one.reason}"
    older = next((row for row in rows if row.number == one.number - 1), None)
    if older is None:
        return head
    changed = differences(definition_of(older.document), definition_of(one.document))
    return Parts(head, *(f"  {what}: {before} → {after}" for what, before, after in changed))


@click.command("preview", cls=DatabaseCommand)
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--name", default=versions.EVERYONE, show_default=True, help="Which definition.")
@click.pass_obj
def try_out(screen: Screen, file: Any, name: str) -> None:
    """Try a definition, a JSON FILE, on every account; nothing is changed."""
    versions.in_force(now(), current())
    found = preview.preview(versions.named(name), _json(file), now=now())
    named = customers.named(move.account_id for move in found.moves)
    document = shapes.preview(found, named)
    lines = [f"{counted(found.moved, 'account')} of {found.accounts:,} would change band."]
    lines += [
        f"  {count:,} from {said.BANDS[old].lower()} to {said.BANDS[new].lower()}"
        for (old, new), count in sorted(found.between.items())
    ]
    moves = table(
        ["Account", "Identifier", "Now", "Then"],
        [
            (one["name"], one["account"], _standing(one["from"]), _standing(one["to"]))
            for one in document["moves"][:50]
        ],
        empty="",
    )
    screen.answer(document, Parts(*lines, "", moves))


def _standing(one: dict[str, Any]) -> str:
    return f"{one['score'] or '–'} {said.BANDS[one['band']]}"


def _json(file: Any) -> Any:
    try:
        return json.load(file, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ConfigurationError(
            f"{file.name} is not JSON: {error}.",
            next_step="Begin with what tenure health definitions --json prints.",
        ) from error


@click.command("save", cls=DatabaseCommand)
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--name", default=versions.EVERYONE, show_default=True, help="Which definition.")
@click.option("--why", required=True, metavar="REASON", help="Kept with the version.")
@click.pass_obj
def save(screen: Screen, file: Any, name: str, why: str) -> None:
    """Save a definition, a JSON FILE, as a new version; scores follow with the next tick."""
    versions.in_force(now(), current())
    base = versions.named(name)
    made = versions.save(base.definition_id, _json(file), by_command(why), now=now())
    screen.answer(
        shapes.version(made),
        f"Saved version {made.number} of {name}. A worker rescores the accounts; to do it now:"
        " tenure health rescore",
    )


@click.command("restore", cls=DatabaseCommand)
@click.argument("number", type=click.IntRange(1))
@click.option("--name", default=versions.EVERYONE, show_default=True, help="Which definition.")
@click.option("--why", default="", metavar="REASON", help="Kept with the version.")
@click.pass_obj
def restore(screen: Screen, number: int, name: str, why: str) -> None:
    """Save an earlier version anew as the newest."""
    rows = versions.of_definition(versions.named(name).definition_id)
    old = next((row for row in rows if row.number == number), None)
    if old is None:
        raise ConfigurationError(
            f"{name} has no version {number}.",
            next_step=f"List them with tenure health definitions {name}.",
        )
    made = deciding.restore(old, by_command(why), now=now())
    screen.answer(
        shapes.version(made), f"Saved version {made.number}, which is version {number} again."
    )
