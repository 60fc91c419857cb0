"""How often a token may be used: so many requests a minute, counted in the database, so that it is one
count however many web processes there are."""

from dataclasses import dataclass

from django.db import connection

from tenure.access.models import Token

_COUNT = """
    INSERT INTO access_tokenrate AS r (token_id, since, requests)
    VALUES (%s, clock_timestamp(), 1)
    ON CONFLICT (token_id) DO UPDATE SET
        requests = CASE WHEN r.since <= clock_timestamp() - interval '1 minute'
            THEN 1 ELSE r.requests + 1 END,
        since = CASE WHEN r.since <= clock_timestamp() - interval '1 minute'
            THEN clock_timestamp() ELSE r.since END
    RETURNING requests,
        ceil(extract(epoch FROM since + interval '1 minute' - clock_timestamp()))::int
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a token stands in its minute: requests made, of how many, and seconds until it is over."""

    made: int
    most: int
    seconds_left: int

    @property
    def left(self) -> int:
        """How many more are answered in this minute."""
        return max(0, self.most - self.made)

    @property
    def is_over(self) -> bool:
        """Whether this very request is one too many."""
        return self.made > self.most


def count(token: Token, *, most: int) -> Standing:
    """Count one request of this token. In a transaction of its own, before the request's begins."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [token.pk])
        made, seconds = cursor.fetchone()
    return Standing(made, most, max(1, seconds))
