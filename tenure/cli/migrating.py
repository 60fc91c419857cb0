"""``tenure migrate``: bring the database's tables up to this version."""

import gc

import click
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tenure.cli.command import DatabaseCommand
from tenure.cli.screen import Screen
from tenure.cli.words import counted

SELDOM = (50_000, 20, 50)


@click.command(cls=DatabaseCommand)
@click.pass_obj
def migrate(screen: Screen) -> None:
    """Bring the database's tables up to this version."""
    pending = pending_migrations()
    # Every step makes hundreds of model classes, which are looked through for garbage again and again.
    gc.freeze()
    gc.set_threshold(*SELDOM)
    call_command("migrate", interactive=False, verbosity=0)
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
