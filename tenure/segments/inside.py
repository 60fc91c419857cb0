"""The condition on an account ``a`` that it is a member of one of some segments."""

from collections.abc import Iterable

from tenure.rules.sql import Sql, bound


def inside(segment_ids: Iterable[int]) -> Sql:
    """True for the stored members of these segments."""
    return (
        "EXISTS (SELECT 1 FROM segments_membership m WHERE m.account_id = a.id"
        " AND m.segment_id = ANY(" + bound(list(segment_ids), "bigint[]") + "))"
    )
