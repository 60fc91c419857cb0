"""A database as it was migrated, again and again, for every test that commits.

Django empties every table by one TRUNCATE, and a fresh clone copies them all: either makes new files
for a hundred tables and all their indexes, a second or two for the thirty rows of a usual test. Here
only what has rows is emptied, row by row. What migrations put there is put back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

# What no test writes: it belongs to the code, not to the data.
LEFT_ALONE = ["django_migrations", "django_content_type", "auth_permission"]
COPIES = "beginning"
TABLES = (
    "SELECT tablename FROM pg_tables"
    " WHERE schemaname = 'public' AND tablename <> ALL(%s) ORDER BY tablename"
)
USED_COUNTERS = (
    "SELECT sequencename, last_value FROM pg_sequences"
    " WHERE schemaname = 'public' AND last_value IS NOT NULL"
)
OTHERS_OUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

Session = psycopg.Connection[tuple[object, ...]]


@dataclass(slots=True)
class Beginning:
    """A database as it once was; copies of the rows it had are kept beside.

    One session does all of it, for one that has just begun knows no table yet; another takes its place
    after a test that ended every one.
    """

    session: Session
    url: str
    tables: tuple[str, ...]
    filled: tuple[str, ...]
    counters: dict[str, int]

    def restore(self) -> None:
        """Take back every row that was committed since. Numbers that were given are not given again."""
        try:
            self._put_back(self.session)
        except psycopg.Error:
            was_ended = self.session.closed
            self.session.close()  # what failed in it must not fail the next test, too
            self.session = _session(self.url)
            if not was_ended:
                raise
            self._put_back(self.session)

    def begin_anew(self) -> None:
        """The same as a database made anew: nobody is connected, and counting begins again."""
        self.session.execute(OTHERS_OUT)
        self._put_back(self.session)
        for name, value in _used_counters(self.session).items():
            before = self.counters.get(name)
            if value != before:
                _set_counter(self.session, name, before)

    def _put_back(self, session: Session) -> None:
        gone = [_about(table, "DELETE FROM {table}") for table in _with_rows(session, self.tables)]
        back = [
            _about(table, "INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {copy}")
            for table in self.filled
        ]
        # Neither foreign keys nor triggers have a say while everything goes.
        free = "SET LOCAL session_replication_role = replica"
        session.execute("; ".join(["BEGIN", free, *gone, *back, "COMMIT"]).encode())


@contextmanager
def the_beginning(url: str) -> Iterator[Beginning]:
    """The database as it is now, to come back to within the block."""
    session = _session(url)
    tables = tuple(str(name) for (name,) in session.execute(TABLES, [LEFT_ALONE]))
    filled = _with_rows(session, tables)
    copies = [_about(table, "CREATE TABLE {copy} AS TABLE {table}") for table in filled]
    session.execute("; ".join([f"CREATE SCHEMA {COPIES}", *copies]).encode())
    beginning = Beginning(session, url, tables, filled, _used_counters(session))
    try:
        yield beginning
    finally:
        beginning.session.close()


def _session(url: str) -> Session:
    return psycopg.connect(url, autocommit=True)


def _with_rows(session: Session, tables: tuple[str, ...]) -> tuple[str, ...]:
    asked = [
        _about(table, f"SELECT {number} WHERE EXISTS (SELECT FROM {{table}})")
        for number, table in enumerate(tables)
    ]
    found = session.execute(" UNION ALL ".join(asked).encode()).fetchall()
    return tuple(tables[int(str(number))] for (number,) in found)


def _used_counters(session: Session) -> dict[str, int]:
    return {str(name): int(str(value)) for name, value in session.execute(USED_COUNTERS)}


def _set_counter(session: Session, name: str, value: int | None) -> None:
    """As it was at the value, or before its first use."""
    session.execute("SELECT setval(%s, %s, %s)", [name, value or 1, value is not None])


def _about(table: str, statement: str) -> str:
    names = {"table": sql.Identifier(table), "copy": sql.Identifier(COPIES, table)}
    return sql.SQL(statement).format(**names).as_string()
