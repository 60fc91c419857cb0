"""``tenure simulator``: the stand-in for upstream alone. It takes its options as its own program does."""

import asyncio
import json

import click
from rich.console import Group as Parts

from tenure.cli.screen import Screen, table
from tenure.simulator.program import announcement, read_options, serve
from tenure.simulator.server import Served


@click.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def simulator(options: tuple[str, ...]) -> None:
    """Stand in for upstream with made-up customers, until stopped; --help lists the options."""
    screen = Screen(as_json="--json" in options)

    def ready(served: Served) -> None:
        document = json.loads(announcement(served))
        rows = [(site["subdomain"], site["region"], site["url"]) for site in document["sites"]]
        page = Parts(
            "The simulator answers. Ctrl-C stops it.",
            table(["Site", "Region", "Address"], rows, empty=""),
        )
        screen.answer(document, page)

    asyncio.run(serve(read_options([one for one in options if one != "--json"]), ready=ready))
