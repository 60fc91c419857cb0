"""``tenure token``: what programs sign in with."""

from typing import Any

import click

from tenure.access import read, write
from tenure.access.models import Scope, Token
from tenure.cli.command import Group, now
from tenure.cli.screen import Screen, table
from tenure.cli.words import ago, stamp


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
    screen.answer({"token": issued.text.reveal(), **as_json(issued.token)}, issued.text.reveal())


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
            _state(one),
            ago(one.expires_at, now()),
            ago(one.last_used_at, now()),
        )
        for one in found
    ]
    screen.answer([as_json(one) for one in found], table(columns, rows, empty="No tokens yet."))


@token.command("revoke")
@click.argument("name_or_number")
@click.pass_obj
def revoke(screen: Screen, name_or_number: str) -> None:
    """Refuse a token from now on."""
    revoked = write.revoke_token(read.token_named(name_or_number), now=now())
    screen.answer(as_json(revoked), f"The token {revoked.name} is refused from now on.")


def as_json(token: Token) -> dict[str, Any]:
    """A token as scripts see one: everything but the token itself."""
    return {
        "id": token.pk,
        "name": token.name,
        "scope": token.scope,
        "state": _state(token),
        "created_at": stamp(token.created_at),
        "expires_at": stamp(token.expires_at),
        "last_used_at": stamp(token.last_used_at),
        "revoked_at": stamp(token.revoked_at),
    }


def _state(token: Token) -> str:
    if token.revoked_at:
        return "revoked"
    return "usable" if read.is_usable(token, now()) else "expired"
