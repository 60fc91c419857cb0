"""Operations of a migration that are carried out together do what they do one by one."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    CreateModel,
    Migration,
    RunSQL,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tenure.cli.additions import joined

KEY = ("id", models.BigAutoField(primary_key=True))
OTHERS = models.CASCADE

BEGUN = [CreateModel("Ship", [KEY, ("name", models.TextField())])]
# Two tables that point at each other, and one that was there, are given more; in between some SQL.
GROWN: list[Operation] = [
    CreateModel("Port", [KEY, ("code", models.CharField(max_length=5, unique=True))]),
    CreateModel("Berth", [KEY, ("port", models.ForeignKey("scratch.port", OTHERS))]),
    AddField("port", "best", models.ForeignKey("scratch.berth", models.SET_NULL, null=True)),
    AddField("port", "depth", models.IntegerField(default=3), preserve_default=False),
    AddField("ship", "home", models.ForeignKey("scratch.port", models.SET_NULL, null=True)),
    AddField("ship", "tons", models.IntegerField(default=7)),
    AddIndex("port", models.Index(fields=["depth", "code"], name="scratch_depth")),
    AddIndex("ship", models.Index(fields=["tons"], name="scratch_tons")),
    AddConstraint("berth", models.UniqueConstraint(fields=["port"], name="scratch_one_a_port")),
    AddConstraint(
        "ship", models.CheckConstraint(condition=models.Q(tons__gt=0), name="scratch_heavy")
    ),
    RunSQL("CREATE INDEX scratch_by_hand ON scratch_ship (name)"),
    AddField("berth", "ships", models.ManyToManyField("scratch.ship")),
]
SHAPE = (
    """SELECT table_name, ordinal_position, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_name LIKE 'scratch%'""",
    "SELECT tablename, indexdef FROM pg_indexes WHERE tablename LIKE 'scratch%'",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid::regclass::text LIKE 'scratch%'""",
)


def carried_out(state: ProjectState, operations: Iterable[Operation]) -> ProjectState:
    """Carry operations out as a migration of their own."""
    migration = Migration("0001", "scratch")
    migration.operations = list(operations)
    with connection.schema_editor() as editor:
        return migration.apply(state, editor)


def shape() -> list[list[Any]]:
    """Columns, indexes and constraints of the tables there are."""
    with connection.cursor() as db:
        found = []
        for question in SHAPE:
            db.execute(question)
            found.append(sorted(map(repr, db.fetchall())))
        return found


def grown(operations: Sequence[Operation]) -> tuple[list[list[Any]], ProjectState]:
    """What stands after them, with a ship that was there before; all of it is taken back."""
    state = ProjectState()
    _ = state.apps  # from here on classes are made with every operation, as in a real run
    state = carried_out(state, BEGUN)
    with connection.cursor() as db:
        db.execute("INSERT INTO scratch_ship (name) VALUES ('Ada')")
    state = carried_out(state, operations)
    with connection.cursor() as db:
        db.execute("SELECT name, home_id, tons FROM scratch_ship")
        assert db.fetchall() == [("Ada", None, 7)]
        found = shape()
        db.execute("DROP TABLE scratch_berth_ships, scratch_ship, scratch_berth, scratch_port CASCADE")  # fmt: skip
    return found, state


@pytest.mark.django_db
def test_what_is_added_together_stands_as_if_it_had_been_added_one_by_one() -> None:
    one_by_one, known = grown(GROWN)
    together, known_too = grown(list(joined(GROWN)))
    assert together == one_by_one
    assert known_too.models == known.models
    assert len(together[0]) == 13


@pytest.mark.django_db
def test_a_change_in_python_that_follows_finds_every_relation() -> None:
    _, state = grown(list(joined(GROWN)))
    port = state.apps.get_model("scratch", "port")
    relations = {(one.name, one.related_model._meta.model_name) for one in port._meta.get_fields()
                 if one.is_relation and one.related_model}  # fmt: skip
    assert relations == {("best", "berth"), ("berth", "berth"), ("ship", "ship")}
    assert all(
        one.related_model is state.apps.get_model("scratch", one.related_model._meta.model_name)
        for one in port._meta.get_fields()
        if one.is_relation
    )


def test_only_neighbours_are_joined_and_never_across_what_does_more() -> None:
    kinds = [type(one).__name__ for one in joined(GROWN)]
    assert kinds == ["Together", "RunSQL", "AddField"]
    assert list(joined(BEGUN)) == BEGUN
