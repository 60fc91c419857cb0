"""``tenure migrate``: bring the database's tables up to this version."""

import click
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tenure.cli import additions
from tenure.cli.command import DatabaseCommand
from tenure.cli.screen import Screen
from tenure.cli.words import counted


@click.command(cls=DatabaseCommand)
@click.pass_obj
def migrate(screen: Screen) -> None:
    """Bring the database's tables up to this version."""
    pending = pending_migrations()
    additions.migrate()
    told = (
        f"Applied {counted(len(pending), 'migration')}."
        if pending
        else "The tables are up to date."
    )
    screen.answer({"applied": pending}, told)


def pending_migrations() -> list[str]:
    """The migrations the database still lacks, in the order they would be applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
