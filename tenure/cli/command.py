"""What every command shares: ``--json``, a screen to print on, and a database while it runs."""

from typing import Any

import click
from django.conf import settings

from tenure.cli import database
from tenure.cli.screen import Screen

DONE, FAILED, WRONG_USAGE, NEEDS_ATTENTION = 0, 1, 2, 3
INTERRUPTED = 130


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


class List(Group):
    """A list that is a command itself, with commands about it: ``tenure accounts``, and
    ``tenure accounts import FILE``. A first word that is no command is the list's own."""

    # As a command has it: options behind words, and no word too many.
    allow_extra_args = False
    allow_interspersed_args = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.no_args_is_help = False
        self.params.append(
            click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document.")
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] in self.commands:
            ctx.meta[_WORDS] = args
            return click.Command.parse_args(self, ctx, [])
        return click.Command.parse_args(self, ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        as_json = ctx.params.pop("as_json")
        words = ctx.meta.pop(_WORDS, None)
        if words:
            _, command, rest = self.resolve_command(ctx, words)
            assert command is not None  # noqa: S101  # it was looked up before
            with command.make_context(words[0], rest, parent=ctx) as below:
                return command.invoke(below)
        ctx.obj = Screen(as_json=as_json)
        with database.opened():
            return click.Command.invoke(self, ctx)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*click.Command.collect_usage_pieces(self, ctx), "| COMMAND …"]


_WORDS = "tenure.cli.words"


def now() -> Any:
    """The present by the deployment's clock; a demo's runs faster."""
    return settings.TENURE_CLOCK.now()
