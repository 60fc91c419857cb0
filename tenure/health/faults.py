"""A definition that cannot be asked whom it is for: said of it, and its accounts placed anew.

Scoring never waits to say so: a definition that somebody is just changing keeps what it says.
"""

from datetime import datetime, timedelta

from django.db import connection

from tenure.health.models import Definition

REST = timedelta(days=1)  # until what took too long is asked again


def note(definition: Definition, fault: str) -> None:
    """Say why it cannot be asked."""
    _set(definition, fault, None)


def rest(definition: Definition, fault: str, now: datetime) -> None:
    """Say that it took too long; it is not asked again for a day, unless it is changed."""
    _set(definition, fault, now + REST)


def clear(definition: Definition) -> None:
    """It can be asked."""
    _set(definition, "", None)


def _set(definition: Definition, fault: str, rests_until: datetime | None) -> None:
    if (definition.fault, definition.rests_until) == (fault, rests_until):
        return
    with connection.cursor() as db:
        db.execute(_CHANGE, [definition.pk, fault, rests_until])
    definition.fault, definition.rests_until = fault, rests_until


_CHANGE = """
    WITH free AS (
        SELECT id FROM health_definition WHERE id = %s OR is_fallback FOR UPDATE SKIP LOCKED
    )
    UPDATE health_definition d SET
        fault = CASE WHEN d.is_fallback THEN d.fault ELSE asked.fault END,
        rests_until = CASE WHEN d.is_fallback THEN d.rests_until ELSE asked.rests_until END,
        placed_day = NULL
    FROM free, (SELECT %s::text AS fault, %s::timestamptz AS rests_until) asked
    WHERE d.id = free.id AND (SELECT count(*) FROM free) = 2
"""
