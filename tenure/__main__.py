"""``tenure``: the commands put together. Wiring above everything; nothing imports it.

A command's module is loaded when the command is called, so that help and wrong usage answer at once.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click
from django.apps import apps

from tenure import __version__
from tenure.core.errors import TenureError

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is, and the line that help shows for it."""

    place: str
    summary: str
    django: bool = True


COMMANDS = {
    "demo": Entry(
        "tenure.demo.command:demo", "Look at Tenure with made-up customers.", django=False
    ),
    "up": Entry("tenure.cli.up:up", "Run everything on this machine until stopped.", django=False),
    "serve": Entry("tenure.cli.serving:serve", "Answer web requests until stopped."),
    "worker": Entry(
        "tenure.cli.working:worker", "Run syncs and other background jobs until stopped."
    ),
    "migrate": Entry(
        "tenure.cli.migrating:migrate", "Bring the database's tables up to this version."
    ),
    "member": Entry("tenure.cli.members:member", "People who sign in: add, list, set, disable."),
    "token": Entry("tenure.cli.tokens:token", "API tokens for programs: create, list, revoke."),
    "site": Entry(
        "tenure.cli.sites:site", "Sites that are read: add, check, list, set, rekey, remove."
    ),
    "mapping": Entry(
        "tenure.cli.mapping:mapping_", "What attributes are read from: list, set, remove, auto."
    ),
    "sync": Entry("tenure.cli.syncing:sync", "Bring sites up to date now, and wait."),
    "plan": Entry("tenure.cli.plans:plan", "Show what the next sync would change."),
    "drift": Entry("tenure.cli.plans:drift", "Show what has changed since an Import Only."),
    "sweep": Entry("tenure.cli.syncing:sweep", "Compare every record's id with the site's own."),
    "runs": Entry("tenure.cli.runs:runs", "List the newest runs."),
    "run": Entry("tenure.cli.runs:run", "One run: show, revert."),
    "quarantine": Entry("tenure.cli.runs:quarantine", "List the records that could not be read."),
    "conflicts": Entry(
        "tenure.cli.identities:conflicts", "Records that changed their identifier: list, resolve."
    ),
    "unidentified": Entry(
        "tenure.cli.identities:unidentified", "List the records nobody can name yet."
    ),
    "identifier": Entry(
        "tenure.cli.identifiers:identifier", "The field that names accounts: report, set."
    ),
    "rates": Entry("tenure.cli.rates:rates", "Exchange rates: list, set, import, remove."),
    "settings": Entry(
        "tenure.cli.rates:settings_", "The workspace's choices about its figures: show, set."
    ),
    "accounts": Entry(
        "tenure.cli.accounts:accounts", "List the accounts; import and export them as CSV."
    ),
    "contacts": Entry(
        "tenure.cli.contacts:contacts", "List contacts; import and export them as CSV."
    ),
    "imports": Entry("tenure.cli.exchange:listing", "List imported files: undo, rejects."),
    "account": Entry(
        "tenure.cli.accounts:account",
        "One account: show, explain, set, history, add, merge, unmerge.",
    ),
    "subscription": Entry(
        "tenure.cli.subscription:subscription", "One subscription: show, set, unpin, history."
    ),
    "subscriptions": Entry(
        "tenure.cli.billing:subscriptions", "List subscriptions across accounts; export, totals."
    ),
    "invoices": Entry(
        "tenure.cli.billing:invoices", "List invoices across accounts; export, totals."
    ),
    "health": Entry(
        "tenure.cli.health:health",
        "Scores and why: show, list, rescore, definitions, preview, override, freeze.",
    ),
    "segments": Entry("tenure.cli.segments:segments", "List the segments."),
    "segment": Entry(
        "tenure.cli.segments:segment", "One segment: show, explain, set, overlaps, before, remove."
    ),
    "alerts": Entry("tenure.cli.alerts:alerts", "List open alerts."),
    "deliveries": Entry(
        "tenure.cli.deliveries:deliveries", "What people were told: list, show, replay."
    ),
    "routes": Entry(
        "tenure.cli.routes:routes", "Which alerts are told to whom: list, add, switch, remove."
    ),
    "channels": Entry(
        "tenure.cli.channels:channels",
        "Chat rooms, mailboxes, webhooks: list, add, set, test, secret, remove.",
    ),
    "alert": Entry(
        "tenure.cli.alerts:alert",
        "One alert: show, acknowledge, assign, snooze, wake, note, task, close, reopen. Its rules: rules,"
        " set, accept, enable, disable, backtest.",
    ),
    "mutes": Entry(
        "tenure.cli.mutes:mutes", "Rules that are silent for an account: list, add, remove."
    ),
    "revenue": Entry(
        "tenure.cli.revenue:revenue", "MRR by month; accounts behind it, mrr, receivables."
    ),
    "simulator": Entry(
        "tenure.cli.simulating:simulator",
        "Stand in for upstream with made-up customers.",
        django=False,
    ),
    "doctor": Entry("tenure.cli.doctor:doctor", "Check everything a deployment needs."),
}


class Tenure(click.Group):
    """The top of the command line, which loads only what is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        return _loaded(entry) if entry else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.command(cls=Tenure, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tenure")
def tenure() -> None:
    """Customer success for businesses that bill with Recurly.

    Every command takes --json: one JSON document on standard output, everything else on standard
    error. Exit status: 0 done, 1 failed, 2 wrong usage, 3 finished but something needs a person.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status it ends with. Foreseeable trouble is a sentence, never a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # A polite request to stop is answered like Ctrl-C, so that everything is put away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = tenure.main(given, prog_name="tenure", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return _wrong_usage(error, given)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        document = _explained(error)
        if document is None:
            raise
        click.echo(f"tenure: {document['message']} {document['next_step']}".strip(), err=True)
        if "--json" in given:
            _answer_error(document)
        return FAILED
    return status if isinstance(status, int) else DONE


def _loaded(entry: Entry) -> click.Command:
    if entry.django:
        _set_up_django()
    module, _, name = entry.place.partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tenure.config.settings")
    import_module("django").setup()


def _explained(error: Exception) -> dict[str, Any] | None:
    """Message and next step of foreseeable trouble; None for a mistake of ours."""
    if isinstance(error, TenureError) and not apps.ready:
        # Settings that cannot be used, or a command that does without Django.
        return {"message": error.message, "next_step": error.next_step}
    if not apps.ready:
        try:
            _set_up_django()
        except TenureError as worse:
            return {"message": worse.message, "next_step": worse.next_step}
    # Loaded only now: most commands succeed, and this knows every library's errors.
    failures = import_module("tenure.cli.failures")
    known = failures.explained(error)
    document: dict[str, Any] | None = failures.as_json(known) if known else None
    return document


def _wrong_usage(error: click.ClickException, given: Sequence[str]) -> int:
    error.show()
    if "--json" in given:
        _answer_error(
            {"message": error.format_message(), "next_step": "Look at the command's --help."}
        )
    return error.exit_code


def _answer_error(document: dict[str, Any]) -> None:
    """With --json the one document on standard output is the error itself."""
    click.echo(json.dumps({"error": document}, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    sys.exit(main())
