"""A replay carried out while somebody watches: here, or by the worker that took it first."""

import time
from typing import Any

from django.conf import settings
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tenure import flow
from tenure.cli.screen import Screen
from tenure.cli.words import counted
from tenure.core.errors import TemporaryError
from tenure.sync import replays
from tenure.sync.models import Replay

LOOK_SECONDS = 0.5


def carry_out(screen: Screen, replay: Replay) -> Replay:
    """Do it in this process, or wait for whoever does; the finished replay.

    Raises TemporaryError when it was given up.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen.err, disable=not screen.is_lively) as bar:
        task = bar.add_task("composing stored values", total=None)

        def moved(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        while True:
            found = flow.replay(replay.pk, settings.TENURE_CLOCK, moved)
            if not found.is_active:
                return found
            if found.attempts >= replays.ATTEMPTS and found.trouble:
                raise TemporaryError(
                    f"The values could not be composed again: {found.trouble}",
                    next_step="Run tenure mapping set again once the cause is gone.",
                )
            moved(found.done, found.total)
            time.sleep(LOOK_SECONDS)


def as_json(replay: Replay) -> dict[str, Any]:
    """A finished replay for scripts."""
    return {"id": replay.pk, "change_set": replay.change_set_id, **replay.outcome}


def sentence(replay: Replay) -> str:
    """What a finished replay did."""
    done = replay.outcome
    parts = [
        (done.get("created", 0), "account", "made"),
        (done.get("updated", 0), "account", "changed"),
        (done.get("subscriptions", 0), "subscription", "changed"),
    ]
    said = [f"{counted(number, thing)} {verb}" for number, thing, verb in parts if number]
    return f"{', '.join(said)}." if said else "No value had to change."
