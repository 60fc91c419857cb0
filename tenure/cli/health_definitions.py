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
from tenure.health.definitions import read as definition_of
from tenure.health.differing import differences
from tenure.health.differing import said as curve_said
from tenure.health.membership import Who, in_segment
from tenure.health.models import DefinitionVersion
from tenure.segments import deciding

CHUNK = 1_000


@click.command("rescore", cls=DatabaseCommand)
@click.pass_obj
def rescore(screen: Screen) -> None:
    """Score every account anew by the definitions in force."""
    versions.ready(now())
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
@click.option("--full", is_flag=True, help="With what each is made of.")
@click.pass_obj
def definitions(screen: Screen, name: str | None, full: bool) -> None:
    """List the definitions in order; with a NAME every version of one, newest first."""
    found = versions.ready(now())
    if name:
        rows = versions.of_definition(versions.named(name).definition_id)
        page = Parts(*(_version(one, rows) for one in rows))
        screen.answer([shapes.version(one) for one in rows], page)
        return
    answer = shapes.definitions(found)
    parts = [_order(answer), *(_made_of(found) if full or len(found) == 1 else ())]
    screen.answer(answer, Parts(*parts))


def _order(rows: list[dict[str, Any]]) -> RenderableType:
    columns: list[Column | str] = [
        Column("Order", number=True), "Definition", Column("Version", number=True), "For", "State",
        Column("Scores", number=True),
    ]  # fmt: skip
    return table(columns, [_row(place, one) for place, one in enumerate(rows, 1)], empty="")


def _row(place: int, one: dict[str, Any]) -> tuple[Any, ...]:
    state = "on" if one["enabled"] else "off"
    fault = f"passed over: {one['fault']}" if one["fault"] else state
    whom = one["rule"] or "every account that no other is for"
    return place, one["name"], one["version"], whom, fault, f"{one['accounts']:,}"


def _made_of(rows: list[DefinitionVersion]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for one in rows:
        read = definition_of(one.document)
        parts.append(f"\n{one.definition.name}, version {one.number}")
        parts.append(
            table(
                ["Measure", Column("Weight", number=True), "Points"],
                [(m.label, float(m.weight), curve_said(m.curve)) for m in read.measures],
                empty="",
            )
        )
        parts += [
            f"At most {float(cap.most):g}: {cap.label}" + (f" ({cap.rule})" if cap.rule else "")
            for cap in read.caps
        ]
        parts.append(f"Green from {read.green}, amber from {read.amber}")
    return parts


def _version(one: DefinitionVersion, rows: list[DefinitionVersion]) -> RenderableType:
    head = f"Version {one.number}, {stamp(one.made_at)} by {one.made_by or 'nobody'}: {one.reason}"
    older = next((row for row in rows if row.number == one.number - 1), None)
    if older is None:
        return head
    changed = differences(definition_of(older.document), definition_of(one.document))
    if older.rule != one.rule:
        changed.insert(0, ("For", older.rule or "everyone", one.rule or "everyone"))
    return Parts(head, *(f"  {what}: {before} → {after}" for what, before, after in changed))


RULE = click.option("--rule", metavar="TEXT", help="The accounts it is for, as a rule.")
SEGMENT = click.option("--segment", metavar="NAME", help="The segment whose accounts it is for.")
NAMED = click.option(
    "--name", default=versions.EVERYONE, show_default=True, help="Which definition."
)
REASON = click.option("--why", default="", metavar="REASON", help="Kept with what is done.")


def whom(rule: str | None, segment: str | None) -> Who | None:
    """Whom it is for; None where neither was given."""
    if rule is not None and segment is not None:
        raise click.UsageError("Give --rule or --segment, not both.")
    if segment is not None:
        return deciding.who(in_segment(segment))
    return None if rule is None else deciding.who(rule)


@click.command("preview", cls=DatabaseCommand)
@click.argument("file", type=click.File("r", encoding="utf-8"))
@NAMED
@click.option("--new", is_flag=True, help="As a new definition, the last before the fallback.")
@RULE
@SEGMENT
@click.pass_obj
def try_out(
    screen: Screen, file: Any, name: str, new: bool, rule: str | None, segment: str | None
) -> None:
    """Try a definition, a JSON FILE, on every account; nothing is changed."""
    versions.ready(now())
    base = None if new else versions.named(name)
    found = preview.preview(
        base, document_in(file), now=now(), who=whom(rule, segment), name="new" if new else ""
    )
    screen.answer(*told(found))


def told(found: preview.Preview) -> tuple[dict[str, Any], RenderableType]:
    """A preview as scripts and as people see it."""
    named = customers.named(move.account_id for move in found.moves)
    document = shapes.preview(found, named)
    lines = [f"{counted(found.moved, 'account')} of {found.accounts:,} would change band."]
    lines += [
        f"  {count:,} from {said.BANDS[old].lower()} to {said.BANDS[new].lower()}"
        for (old, new), count in sorted(found.between.items())
    ]
    lines += [
        f"{counted(count, 'account')} would be scored by “{new}” instead of “{old}”."
        for (old, new), count in sorted(found.switched.items())
    ]
    moves = table(
        ["Account", "Identifier", "Now", "Then"],
        [
            (one["name"], one["account"], _standing(one["from"]), _standing(one["to"]))
            for one in document["moves"][:50]
        ],
        empty="",
    )
    return document, Parts(*lines, "", moves)


def _standing(one: dict[str, Any]) -> str:
    return f"{one['score'] or '–'} {said.BANDS[one['band']]}"


def document_in(file: Any) -> Any:
    """What a JSON file says. Raises ConfigurationError."""
    try:
        return json.load(file, parse_float=str, parse_int=str)
    except ValueError as error:
        raise ConfigurationError(
            f"{file.name} is not JSON: {error}.",
            next_step="Begin with what tenure health definitions --json prints.",
        ) from error


@click.command("save", cls=DatabaseCommand)
@click.argument("file", type=click.File("r", encoding="utf-8"), required=False)
@NAMED
@RULE
@SEGMENT
@click.option("--rename", metavar="NAME", help="Call it something else.")
@click.option("--why", required=True, metavar="REASON", help="Kept with the version.")
@click.pass_obj
def save(
    screen: Screen,
    file: Any,
    name: str,
    rule: str | None,
    segment: str | None,
    rename: str | None,
    why: str,
) -> None:
    """Save a definition, a JSON FILE, as a new version; scores follow with the next tick. Without a
    FILE what it is made of stays."""
    versions.ready(now())
    base = versions.named(name)
    made = versions.save(
        base.definition_id,
        document_in(file) if file else base.document,
        by_command(why),
        now=now(),
        who=whom(rule, segment),
        name=rename,
    )
    screen.answer(
        shapes.version(made),
        f"Saved version {made.number} of {made.name}. A worker rescores the accounts; to do it now:"
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
