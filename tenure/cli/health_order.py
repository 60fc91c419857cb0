"""``tenure health`` on definitions as wholes: made, moved, switched, deleted, brought back."""

from typing import Any

import click

from tenure.cli.command import DatabaseCommand, now
from tenure.cli.edits import by_command
from tenure.cli.health_definitions import REASON, RULE, SEGMENT, document_in, told, whom
from tenure.cli.screen import Screen
from tenure.cli.words import counted
from tenure.core.errors import ConfigurationError
from tenure.health import ordering, preview, shapes, versions
from tenure.health.definitions import document_of
from tenure.health.membership import Who
from tenure.health.score import DEFAULT


@click.command("new", cls=DatabaseCommand)
@click.argument("name")
@RULE
@SEGMENT
@click.option("--like", metavar="NAME", help="Made of the same as this definition.")
@click.option(
    "--file", type=click.File("r", encoding="utf-8"), help="Made of what a JSON file says."
)
@click.option("--why", required=True, metavar="REASON", help="Kept with the version.")
@click.pass_obj
def new(
    screen: Screen,
    name: str,
    rule: str | None,
    segment: str | None,
    like: str | None,
    file: Any,
    why: str,
) -> None:
    """Make a definition for some of the accounts, the last before the one for everyone."""
    versions.ready(now())
    if like and file:
        raise click.UsageError("Give --like or --file, not both.")
    document = document_of(DEFAULT)
    if like or file:
        document = versions.named(like).document if like else document_in(file)
    who = whom(rule, segment) or Who()
    made = versions.create(name, document, who, by_command(why), now=now())
    [answer] = shapes.definitions([made])
    screen.answer(answer, f"“{made.name}” is made. A worker scores its accounts; move it with"
                  " tenure health move.")  # fmt: skip


@click.command("move", cls=DatabaseCommand)
@click.argument("name")
@click.option("--before", metavar="NAME", help="The definition it shall stand before.")
@click.option("--first", is_flag=True, help="Before all others.")
@click.option("--last", is_flag=True, help="Behind all others but the one for everyone.")
@REASON
@click.pass_obj
def move(screen: Screen, name: str, before: str | None, first: bool, last: bool, why: str) -> None:
    """Let a definition be tried earlier or later."""
    versions.ready(now())
    if bool(before) + first + last != 1:
        raise click.UsageError("Give one of --before NAME, --first and --last.")
    mine = versions.named(name).definition_id
    others = [one.definition_id for one in versions.listed() if one.definition_id != mine]
    place = 0 if first else len(others)
    if before:
        place = others.index(_other(before, mine))
    done = ordering.move(mine, place, by_command(why), now=now())
    answer = shapes.definitions(versions.listed())
    order = ", ".join(one["name"] for one in answer)
    words = "They are tried in this order" if done else "It stands there already; the order is"
    screen.answer(answer, f"{words}: {order}.")


def _other(name: str, mine: int) -> int:
    found = versions.named(name).definition_id
    if found == mine:
        raise ConfigurationError(
            "A definition cannot stand before itself.", next_step="Name another one."
        )
    return found


def _switched(screen: Screen, name: str, why: str, *, on: bool) -> None:
    versions.ready(now())
    found = versions.named(name)
    ordering.switch(found.definition_id, by_command(why), on=on, now=now())
    [answer] = shapes.definitions([versions.named(name)])
    told_of = "on" if on else "off; the next one that is for its accounts scores them"
    screen.answer(answer, f"“{answer['name']}” is {told_of}.")


@click.command("enable", cls=DatabaseCommand)
@click.argument("name")
@REASON
@click.pass_obj
def enable(screen: Screen, name: str, why: str) -> None:
    """Let a definition score the accounts it is for."""
    _switched(screen, name, why, on=True)


@click.command("disable", cls=DatabaseCommand)
@click.argument("name")
@REASON
@click.pass_obj
def disable(screen: Screen, name: str, why: str) -> None:
    """Pass a definition over; the next one scores its accounts."""
    _switched(screen, name, why, on=False)


@click.command("delete", cls=DatabaseCommand)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do it; without this it is only told what it would do.")
@REASON
@click.pass_obj
def delete(screen: Screen, name: str, yes: bool, why: str) -> None:
    """Delete a definition; bring-back undoes it. Its versions stay behind past scores."""
    versions.ready(now())
    found = versions.named(name)
    seen = preview.without(found, now=now())
    if not yes:
        screen.answer(*told(seen))
        return
    ordering.delete(found.definition_id, by_command(why), now=now())
    count = sum(seen.switched.values())
    screen.answer(
        {"deleted": found.definition.name, "accounts": count},
        f"“{found.definition.name}” is deleted; {counted(count, 'account')} will be scored by others.",
    )


@click.command("bring-back", cls=DatabaseCommand)
@click.argument("name")
@REASON
@click.pass_obj
def bring_back(screen: Screen, name: str, why: str) -> None:
    """Use a deleted definition again, at the place it had."""
    gone = {one.definition.name.lower(): one for one in versions.deleted()}
    found = gone.get(name.strip().lower())
    if found is None:
        known = ", ".join(one.definition.name for one in gone.values()) or "none"
        raise ConfigurationError(
            f"No deleted definition is called “{name}”.", next_step=f"Deleted ones: {known}."
        )
    ordering.bring_back(found.definition_id, by_command(why), now=now())
    [answer] = shapes.definitions([versions.named(name)])
    screen.answer(answer, f"“{answer['name']}” is back.")


COMMANDS = (new, move, enable, disable, delete, bring_back)
