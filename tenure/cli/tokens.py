"""``tenure token``: what programs sign in with."""

import click

from tenure.access import read, shapes, write
from tenure.access.models import Scope
from tenure.cli.command import Group, now
from tenure.cli.screen import Screen, table
from tenure.cli.words import ago


@click.group(cls=Group)
def token() -> None:
    """API tokens for programs."""


@token.command("create")
@click.argument("name")
@click.option("--scope", type=click.Choice(Scope.values), required=True, help="What it may do.")
@click.option("--expires-days", type=int, metavar="N", help="Refuse it after N days.")
@click.pass_obj
def create(screen: Screen, name: str, scope: str, expires_days: int | None) -> None:
    """Create a token and show it, this once only."""
    issued = write.create_token(name, scope, now=now(), expires_days=expires_days)
    screen.note("Keep this token now: it is not stored and cannot be shown again.")
    screen.answer(
        {"token": issued.text.reveal(), **shapes.token(issued.token, now())}, issued.text.reveal()
    )


@token.command("list")
@click.pass_obj
def list_(screen: Screen) -> None:
    """List the tokens."""
    found = read.tokens()
    columns = ["Number", "Name", "Scope", "State", "Expires", "Last used"]
    rows = [
        (
            one.pk,
            one.name,
            one.scope,
            shapes.token_state(one, now()),
            ago(one.expires_at, now()),
            ago(one.last_used_at, now()),
        )
        for one in found
    ]
    screen.answer(
        [shapes.token(one, now()) for one in found], table(columns, rows, empty="No tokens yet.")
    )


@token.command("revoke")
@click.argument("name_or_number")
@click.pass_obj
def revoke(screen: Screen, name_or_number: str) -> None:
    """Refuse a token from now on."""
    revoked = write.revoke_token(read.token_named(name_or_number), now=now())
    screen.answer(shapes.token(revoked, now()), f"The token {revoked.name} is refused from now on.")
