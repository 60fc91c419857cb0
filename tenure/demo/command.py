"""``tenure demo``."""

import os

import click

from tenure.demo.folder import SCALES
from tenure.demo.showing import Show
from tenure.demo.start import demo as run_demo
from tenure.processes.claim import home_of


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where the web listens; default 8000.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
@click.option("--scale", type=click.Choice(list(SCALES)), help="How many customers; default small.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print address and login as one JSON document."
)
def demo(port: int | None, scale: str | None, *, no_browser: bool, as_json: bool) -> None:
    """Look at Tenure with made-up customers of a simulated Recurly."""
    run_demo(
        home_of(os.environ),
        port=port,
        scale=scale,
        browser=not no_browser,
        show=Show(as_json=as_json),
    )
