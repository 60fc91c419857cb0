"""``tenure up``: the whole product on one machine."""

import json
import os

import click

from tenure.processes.claim import home_of
from tenure.processes.up import up as run_up


@click.command()
@click.option("--bind", default="127.0.0.1:8000", metavar="HOST:PORT", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the address as one JSON document.")
def up(bind: str, *, as_json: bool) -> None:
    """Run database, web and worker on this machine until stopped."""

    def ready(address: str) -> None:
        told = json.dumps({"address": address}) if as_json else f"Tenure answers at {address}"
        click.echo(told)

    run_up(home_of(os.environ), bind=bind, say=lambda said: click.echo(said, err=True), ready=ready)
