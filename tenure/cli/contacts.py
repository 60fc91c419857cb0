"""``tenure contacts``: the people at customers."""

import click

from tenure.cli import exchange
from tenure.cli.command import List
from tenure.cli.looking_back import looking_back, moment
from tenure.cli.screen import Screen, table
from tenure.customers import shapes
from tenure.customers.contacts import past, read
from tenure.customers.exchange import export as exports
from tenure.customers.exchange.columns import CONTACTS
from tenure.customers.lookup import account_of


@click.group("contacts", cls=List)
@click.argument("account", required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", type=int, default=0, help="Go on behind the contact of this number.")
@looking_back
@click.pass_obj
def contacts(
    screen: Screen, account: str | None, limit: int, after: int, as_of: str | None
) -> None:
    """List the contacts of an account, or of all; with --as-of those of one account."""
    account_id = account_of(account).pk if account else None
    if at := moment(screen, as_of):
        if account_id is None:
            raise click.UsageError("With --as-of the contacts of one account are listed: name it.")
        found = past.of_account(account_id, at.instant)
    else:
        found = list(read.page(account_id=account_id, after=after, limit=limit + 1))
    more, found = len(found) > limit, found[:limit]
    rows = [
        (
            one.account.name,
            one.email,
            one.name,
            one.title,
            read.origin(one, "email").site or read.origin(one, "email").source,
            "" if one.is_named or not one.unnamed_at else "no longer named",
        )
        for one in found
    ]
    if more:
        screen.note(f"There are more; go on with --after {found[-1].pk}")
    heads = ["Account", "E-mail", "Name", "Title", "Source", ""]
    document = {
        "data": [shapes.contact(one) for one in found],
        "next": found[-1].pk if more else None,
    }
    screen.answer(document, table(heads, rows, empty="No contacts."))


contacts.add_command(exchange.importing(CONTACTS))


@contacts.command("export")
@click.argument("account", required=False)
@exchange.into_a_file
@click.pass_obj
def export(screen: Screen, account: str | None, output: str | None) -> None:
    """Write the contacts of an account, or of all, as CSV."""
    account_id = account_of(account).pk if account else None
    exchange.write_out(screen, exports.contacts(account_id), output, "contacts")
