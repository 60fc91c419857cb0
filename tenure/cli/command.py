"""What every command shares: ``--json``, a screen to print on, and a database while it runs."""

from typing import Any

import click
from django.conf import settings

from tenure.cli import database
from tenure.cli.screen import Screen

DONE, FAILED, WRONG_USAGE, NEEDS_ATTENTION = 0, 1, 2, 3


class Command(click.Command):
    """A command that takes ``--json`` and gets a Screen from ``click.pass_obj``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document.")
        )

    def invoke(self, ctx: click.Context) -> Any:
        ctx.obj = Screen(as_json=ctx.params.pop("as_json"))
        return super().invoke(ctx)


class DatabaseCommand(Command):
    """A command that reads or writes the database."""

    def invoke(self, ctx: click.Context) -> Any:
        with database.opened():
            return super().invoke(ctx)


class Group(click.Group):
    """Commands about one thing: ``tenure site add``, ``tenure site list``."""

    command_class = DatabaseCommand


def now() -> Any:
    """The present by the deployment's clock; a demo's runs faster."""
    return settings.TENURE_CLOCK.now()
