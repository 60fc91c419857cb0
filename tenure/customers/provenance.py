"""Where a value of an account came from, for everybody who shows one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenure.customers.models import Account, BillingAccount
from tenure.customers.models.history import Origin


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of one value: from which site or by whom, when, and whether it is pinned."""

    source: str
    site: str | None
    set_by: str | None
    set_at: str | None
    pinned: bool


def of_attribute(account: Account, name: str, payers: Sequence[BillingAccount]) -> Provenance:
    """Where the attribute's value came from. ``payers`` are what bills the account, best first.

    A value nobody has changed since the sync that made the account has no entry of its own.
    """
    kept: dict[str, Any] = account.sources.get(name) or _from_the_start(account, payers)
    return Provenance(
        source=kept.get("source") or Origin.SYNC.value,
        site=kept.get("site"),
        set_by=kept.get("set_by"),
        set_at=kept.get("set_at"),
        pinned=bool(kept.get("pin")),
    )


def _from_the_start(account: Account, payers: Sequence[BillingAccount]) -> dict[str, Any]:
    site = payers[0].site.subdomain if payers else None
    return {"source": Origin.SYNC.value, "site": site, "set_at": account.created_at.isoformat()}
