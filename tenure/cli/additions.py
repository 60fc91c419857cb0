"""Migrations in a third of their time: what only adds is carried out together.

After each operation Django makes the classes of all related models anew, so that a change written in
Python finds them. Models, fields, indexes and constraints that are added one right after the other need
that once, after the last. Migrations are written as ever; their operations are joined when they are run.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from tenure.core.garbage import searched_seldom

# Exactly these: what is derived from them may do more.
ADDING = (CreateModel, AddField, AddIndex, AddConstraint)


def migrate() -> None:
    """Bring the tables of the database up to this version."""
    join_additions(MigrationLoader(connection))
    with searched_seldom():  # every step makes hundreds of classes
        call_command("migrate", interactive=False, verbosity=0)


def join_additions(loader: MigrationLoader) -> None:
    """Let every migration that is made from now on carry out together what it only adds."""
    for migration in loader.disk_migrations.values():
        type(migration).operations = list(joined(migration.operations))


def joined(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The same operations, those that only add as one where several follow each other."""
    for adding, found in groupby(operations, key=lambda one: type(one) in ADDING):
        together = list(found)
        if adding and len(together) > 1:
            yield Together(together)
        else:
            yield from together


class Together(Operation):
    """Several operations that only add to what there is, as if they were one."""

    reversible = False

    def __init__(self, operations: Sequence[Any]) -> None:
        self.operations = operations
        self.made = {one.name_lower for one in operations if isinstance(one, CreateModel)}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Add everything, and only then make the classes of what it concerns anew."""
        classes = state.__dict__.pop("apps", None)
        for one in self.operations:
            one.state_forwards(app_label, state)
        if classes is not None:
            state.__dict__["apps"] = classes
            names = {(app_label, _model_of(one)) for one in self.operations}
            state.reload_models(names, delay=not any(map(_relates, self.operations)))

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Add everything. A table that is made is made with all that is added to it."""
        for one in self.operations:
            if isinstance(one, CreateModel) or _model_of(one) not in self.made:
                one.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """What each of them does."""
        return "; ".join(one.describe() for one in self.operations)


def _model_of(operation: Any) -> str:
    name = operation.name if isinstance(operation, CreateModel) else operation.model_name
    return str(name).lower()


def _relates(operation: Any) -> bool:
    """Whether models that are related to others change by it, too."""
    if isinstance(operation, AddField):
        return bool(operation.field.is_relation)
    return isinstance(operation, CreateModel)
