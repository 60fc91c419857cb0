"""Secrets and answers from the person or script that runs a command; never from an argument."""

import sys

import click

from tenure.cli.screen import Screen
from tenure.core.secrets import Secret

LONGEST = 200_000


def secret(
    screen: Screen, what: str, *, option: str, from_stdin: bool, twice: bool = False
) -> Secret:
    """A secret from standard input, or asked for when a person sits at a terminal.

    Raises a usage error when there is neither: a script must say where the secret is.
    """
    if from_stdin and not sys.stdin.isatty():
        return Secret(text_from_stdin(what).removesuffix("\n").removesuffix("\r"))
    if screen.may_ask:
        return Secret(click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))
    raise click.UsageError(f"{what}: give it on standard input with {option}.")


def text_from_stdin(what: str) -> str:
    """Everything on standard input. Raises a usage error when that is nothing."""
    try:
        text = sys.stdin.read(LONGEST)
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{what}: standard input is not UTF-8 text.") from error
    if not text.strip():
        raise click.UsageError(f"{what}: standard input was empty.")
    return text


def confirm(screen: Screen, question: str) -> None:
    """Go on only with a yes; without a person to ask, the command line itself was the yes."""
    if screen.may_ask:
        click.confirm(question, abort=True, err=True)
