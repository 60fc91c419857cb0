"""What one caller may take: requests a minute, and the database's time for one reading request."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.http import HttpResponse

from tenure.access import rates
from tenure.access.models import Token
from tenure.access.rates import Standing
from tenure.api import problems

# What counts over everything that is stored may take longer than a list; see its own description.
SLOW_SECONDS = 180


def counted(token: Token) -> Standing:
    """Count this request for its token."""
    return rates.count(token, most=settings.TENURE_API_RATE)


def too_many(token: Token, standing: Standing) -> HttpResponse:
    """429, and when to go on."""
    return problems.document(
        429,
        f"The token “{token.name}” has made its {standing.most:,} requests of this minute.",
        next_step=f"Go on in {standing.seconds_left} seconds. Bulk requests take up to 5,000 rows each,"
        " and lists answer 200 a page.",
        headers={"Retry-After": str(standing.seconds_left)},
    )


def told(answer: HttpResponse, standing: Standing) -> None:
    """Say how the token stands in the answer's headers."""
    answer["RateLimit-Limit"] = str(standing.most)
    answer["RateLimit-Remaining"] = str(standing.left)
    answer["RateLimit-Reset"] = str(standing.seconds_left)


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Let the database work no longer than this on any one statement of the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{seconds}s"])
    try:
        yield
    finally:
        # In a transaction that failed, its end takes the setting back.
        if connection.is_usable() if not connection.in_atomic_block else not _has_failed():
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")


def _has_failed() -> bool:
    raw = connection.connection
    return raw is None or raw.info.transaction_status.name == "INERROR"
