"""What lists of billing objects share: which site, whose, in which state."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, Field

from tenure.api import finding
from tenure.api.listing import AS_OF, Listing, moment
from tenure.api.problems import not_found
from tenure.customers import lists


class Billing(Listing):
    """Which billing objects."""

    site: str | None = Field(None, max_length=120, description="Only of this site.")
    account: str | None = Field(
        None, max_length=finding.LONGEST, description="Only of this account, by its identifier."
    )
    state: str | None = Field(None, max_length=60, description="Only in this state.")


class OneRecord(BaseModel):
    """At which time."""

    as_of: str | None = AS_OF


def chosen(how: Billing) -> dict[str, Any]:
    """The choice as ``customers.lists`` takes it. Raises Problem for a site or account there is not."""
    return {
        "site": finding.site(how.site).pk if how.site is not None else None,
        "account": finding.account(how.account).pk if how.account is not None else None,
        "state": how.state,
    }


def one_of(
    rows: Callable[..., lists.Rows], site: str, upstream_id: str, as_of: str | None = None
) -> Any:
    """The billing object of this site and id, now or as it was known then. Raises Problem when there
    is none."""
    at = moment(as_of)
    chosen = {"at": at.instant} if at else {}
    everything = rows(site=None, account=None, state=None, **chosen)
    found = lists.named(everything, finding.site(site).pk, upstream_id)
    if found is None and at:
        raise not_found(
            f"{upstream_id[:80]!r} of {site[:120]} was not known at the end of {at.day}.",
            "Leave as_of out, or choose a later day.",
        )
    if found is None:
        raise not_found(f"{site[:120]} has nothing with the id {upstream_id[:80]!r} here.")
    return found
