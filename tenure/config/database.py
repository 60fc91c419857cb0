"""Connections to the database are suited to us as they are opened."""

from typing import Any

from django.db.backends.signals import connection_created

from tenure.core import adapters


def _opened(connection: Any, **_: Any) -> None:
    adapters.suit(connection.connection)


def suit_connections() -> None:
    """From now on every connection that Django opens."""
    connection_created.connect(_opened, dispatch_uid="tenure.config.database")
