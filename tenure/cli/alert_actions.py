"""What people do with one alert, by command: the same steps and refusals as on its page."""

import click
from django.db import transaction

from tenure.access.read import NOBODY, member_of, member_or_nobody
from tenure.alerts import actions, read, shapes
from tenure.alerts.actions import Who
from tenure.alerts.models import Alert, Outcome
from tenure.alerts.until import until as until_when
from tenure.cli.command import DatabaseCommand, now
from tenure.cli.edits import COMMAND_LINE
from tenure.cli.screen import Screen
from tenure.core.errors import ConfigurationError
from tenure.metrics.settings import zone
from tenure.tasks import read as tasks
from tenure.tasks import write as to_do
from tenure.tasks.write import Maker

BY = Who(name=COMMAND_LINE)
NUMBER = click.argument("number", type=int, metavar="NO.")
NOTE = click.option("--note", default="", metavar="TEXT", help="A word with it, for its history.")


def alert_of(number: int) -> Alert:
    """The alert. Raises ConfigurationError when there is none."""
    found = read.one(number)
    if found is None:
        raise ConfigurationError(
            f"There is no alert {number}.", next_step="Look at tenure alerts --state all."
        )
    return found


@click.command("acknowledge", cls=DatabaseCommand)
@NUMBER
@NOTE
@click.pass_obj
def acknowledge(screen: Screen, number: int, note: str) -> None:
    """Say that somebody looks after it.

    \b
    tenure alert acknowledge 17 --note "Called them."
    """
    alert_of(number)
    done = actions.acknowledge(number, BY, now=now(), note=note)
    _answer(screen, done, f"Alert {number} is acknowledged.")


@click.command("snooze", cls=DatabaseCommand)
@NUMBER
@click.option(
    "--until",
    "said",
    metavar="WHEN",
    required=True,
    help="A day (its morning, by the workspace's zone), a time, tomorrow, week, month, or change.",
)
@NOTE
@click.pass_obj
def snooze(screen: Screen, number: int, said: str, note: str) -> None:
    """Let it sleep until a day, or until what it is about changes.

    \b
    tenure alert snooze 17 --until 2026-12-01
    tenure alert snooze 17 --until change --note "They pay by cheque."
    """
    alert_of(number)
    day_zone = zone()
    until = until_when(said, day_zone, now())
    done = actions.snooze(number, BY, now=now(), until=until, note=note)
    when = f"{until.astimezone(day_zone):%Y-%m-%d %H:%M} {day_zone.key}" if until else "it changes"
    _answer(screen, done, f"Alert {number} sleeps until {when}.")


@click.command("wake", cls=DatabaseCommand)
@NUMBER
@click.pass_obj
def wake(screen: Screen, number: int) -> None:
    """End a snooze before its time.

    \b
    tenure alert wake 17
    """
    alert_of(number)
    _answer(screen, actions.wake(number, BY, now=now()), f"Alert {number} is awake.")


@click.command("assign", cls=DatabaseCommand)
@NUMBER
@click.argument("owner", metavar="EMAIL|nobody")
@click.pass_obj
def assign(screen: Screen, number: int, owner: str) -> None:
    """Give it to a member, or to nobody.

    \b
    tenure alert assign 17 ada@example.com
    tenure alert assign 17 nobody
    """
    alert_of(number)
    member = member_or_nobody(owner)
    done = actions.assign(number, member, BY, now=now())
    _answer(screen, done, f"Alert {number} is assigned to {member or NOBODY}.")


@click.command("note", cls=DatabaseCommand)
@NUMBER
@click.argument("text")
@click.pass_obj
def note_(screen: Screen, number: int, text: str) -> None:
    """Write something down on it.

    \b
    tenure alert note 17 "They answered: paid on Friday."
    """
    alert_of(number)
    _answer(screen, actions.note(number, text, BY, now=now()), f"The note on {number} is kept.")


@click.command("task", cls=DatabaseCommand)
@NUMBER
@click.argument("title")
@click.option("--due", metavar="DATE", help="The day it is due: 2026-12-01.")
@click.option("--owner", metavar="EMAIL", help="Who is to do it.")
@click.pass_obj
def task(screen: Screen, number: int, title: str, due: str | None, owner: str | None) -> None:
    """Make a task for its account; the history of the alert tells of it.

    \b
    tenure alert task 17 "Call them about the cheque" --due 2026-12-01 --owner ada@example.com
    """
    found = alert_of(number)
    day, member = to_do.day_said(due or ""), member_of(owner) if owner else None
    with transaction.atomic():
        made = to_do.add_task_of(
            found, title, Maker(name=BY.name), now=now(), due=day, owner=member
        )
    screen.answer(
        tasks.task_json(made),
        f"Task {made.pk} for {found.account.name} is made for {member or 'nobody yet'}: {made.title}",
    )


@click.command("close", cls=DatabaseCommand)
@NUMBER
@click.option("--outcome", type=click.Choice(Outcome.values), required=True)
@NOTE
@click.pass_obj
def close(screen: Screen, number: int, outcome: str, note: str) -> None:
    """End it with what came of it.

    \b
    tenure alert close 17 --outcome acted-saved --note "Paid after a call."
    """
    alert_of(number)
    done = actions.close(number, outcome, BY, now=now(), note=note)
    _answer(screen, done, f"Alert {number} is closed: {outcome}.")


@click.command("reopen", cls=DatabaseCommand)
@NUMBER
@NOTE
@click.pass_obj
def reopen(screen: Screen, number: int, note: str) -> None:
    """Take an end back.

    \b
    tenure alert reopen 17
    """
    alert_of(number)
    done = actions.reopen(number, BY, now=now(), note=note)
    _answer(screen, done, f"Alert {number} is open again.")


ACTIONS: tuple[click.Command, ...] = (
    acknowledge, assign, snooze, wake, note_, task, close, reopen,
)  # fmt: skip


def _answer(screen: Screen, done: Alert, words: str) -> None:
    screen.answer(shapes.alert(done), words)
