"""``/healthz`` and ``/readyz``: what a supervisor or load balancer asks, without a login."""

from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]


class Probes:
    """Answers the two probes before anything else looks at the request.

    First in line because a probe addresses this process by its own IP, which is no allowed host.
    """

    def __init__(self, rest: Answer) -> None:
        self._rest = rest
        self._migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match request.path_info:
            case "/healthz":
                return _said(200, "alive")
            case "/readyz":
                return self._readiness()
            case _:
                return self._rest(request)

    def _readiness(self) -> HttpResponse:
        """200 when the database answers and has this version's tables, otherwise 503 and why."""
        try:
            # Tables do not go back under a running process, and reading every migration is slow.
            self._migrated = self._migrated or _is_migrated()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            return _said(503, "The database does not answer. Run tenure doctor.")
        finally:
            connection.close_if_unusable_or_obsolete()
        if not self._migrated:
            return _said(503, "The database lacks tables of this version. Run tenure migrate.")
        return _said(200, "ready")


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _said(status: int, words: str) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(f"{words}\n", "text/plain; charset=utf-8", status, headers=headers)
