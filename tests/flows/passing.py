"""Time that passes for what another process left behind, without anybody waiting for it."""

from django.db import connection

# The clocks of the database that say how old a lease, a worker's last beat and a round of periodic
# jobs are.
HALF_A_MINUTE_LATER = (
    "UPDATE sync_run SET lease_expires_at = lease_expires_at - interval '31 seconds'",
    "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '31 seconds'",
    "DELETE FROM procrastinate_periodic_defers",
)


def half_a_minute_passes() -> None:
    """A killed process's lease has ended, its worker is taken for dead and a new round is due."""
    with connection.cursor() as cursor:
        for statement in HALF_A_MINUTE_LATER:
            cursor.execute(statement)
