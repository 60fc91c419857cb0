"""``tenure member``: our own people."""

import click

from tenure.access import read, shapes, write
from tenure.access.models import Role
from tenure.cli import asking
from tenure.cli.command import Group, now
from tenure.cli.screen import Screen, table
from tenure.cli.words import ago

ROLES = click.Choice(Role.values)


@click.group(cls=Group)
def member() -> None:
    """People who sign in to Tenure."""


@member.command("add")
@click.argument("email")
@click.option("--role", type=ROLES, required=True, help="What they may do.")
@click.option("--name", default="", help="Their name, as others see it.")
@click.option("--password-stdin", is_flag=True, help="Read their password from standard input.")
@click.pass_obj
def add(screen: Screen, email: str, role: str, name: str, password_stdin: bool) -> None:
    """Add a member."""
    password = asking.secret(
        screen, "Password", option="--password-stdin", from_stdin=password_stdin, twice=True
    )
    added = write.add_member(email, role=role, password=password, name=name)
    screen.answer(
        shapes.member(added), f"{added.email} is now a member ({added.get_role_display()})."
    )


@member.command("list")
@click.pass_obj
def list_(screen: Screen) -> None:
    """List the members."""
    found = read.members()
    rows = [
        (m.email, m.name, m.role, "active" if m.is_active else "disabled", ago(m.last_login, now()))
        for m in found
    ]
    page = table(
        ["E-mail", "Name", "Role", "State", "Signed in"],
        rows,
        empty="Nobody yet. Add the first with tenure member add EMAIL --role administrator.",
    )
    screen.answer([shapes.member(one) for one in found], page)


@member.command("set")
@click.argument("email")
@click.option("--role", type=ROLES, help="What they may do.")
@click.option("--name", help="Their name, as others see it.")
@click.option("--password-stdin", is_flag=True, help="Read a new password from standard input.")
@click.option("--enable", is_flag=True, help="Let a disabled member in again.")
@click.pass_obj
def set_(
    screen: Screen,
    email: str,
    role: str | None,
    name: str | None,
    password_stdin: bool,
    enable: bool,
) -> None:
    """Change a member's role, name or password."""
    if role is None and name is None and not password_stdin and not enable:
        raise click.UsageError(
            "Nothing to change: give --role, --name, --password-stdin or --enable."
        )
    found = read.member_of(email)
    password = (
        asking.secret(screen, "Password", option="--password-stdin", from_stdin=True, twice=True)
        if password_stdin
        else None
    )
    changed = write.set_member(
        found, role=role, name=name, password=password, active=True if enable else None
    )
    screen.answer(shapes.member(changed), f"{changed.email} was changed.")


@member.command("disable")
@click.argument("email")
@click.pass_obj
def disable(screen: Screen, email: str) -> None:
    """Shut a member out; what they did keeps their name."""
    changed = write.disable_member(read.member_of(email))
    screen.answer(shapes.member(changed), f"{changed.email} can no longer sign in.")
