"""Where a value of an account came from, for everybody who shows one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.customers.models import Account, BillingAccount, Subscription
from tenure.customers.models.history import Origin


@dataclass(frozen=True, slots=True)
class Held:
    """A value the source has and a pin keeps out. ``kept`` once somebody said that this is right."""

    value: Any
    kept: bool


@dataclass(frozen=True, slots=True)
class Pinned:
    """Why, by whom, since when and until when a value is held; ``until`` None is for good."""

    reason: str
    by: str
    at: datetime | None
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether its end has not come yet."""
        return self.until is None or self.until > now


@dataclass(frozen=True, slots=True)
class Back:
    """Who brought a value back that had been replaced, when, and in which change set."""

    by: str
    at: datetime
    change_set: int | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of one value: from which site or by whom, when, in which change set; its pin. One
    that was replaced and brought back keeps the origin it had."""

    source: str
    site: str | None
    set_by: str | None
    set_at: str | None
    pinned: bool
    change_set: int | None = None
    pin: Pinned | None = None
    held: Held | None = None
    back: Back | None = None


def of_attribute(account: Account, name: str, payers: Sequence[BillingAccount]) -> Provenance:
    """Where the attribute's value came from. ``payers`` are what bills the account, best first.

    A value nobody has changed since the sync that made the account has no entry of its own.
    """
    start = _from_the_start(account, payers[0].site.subdomain if payers else None)
    return of_entry(account.sources.get(name) or {}, start)


def of_agreed(row: Subscription, name: str) -> Provenance:
    """Where the value of a subscription's attribute came from: its first one came with the row."""
    made = row.created_in
    start = {
        "source": Origin.SYNC.value,
        "site": row.site.subdomain,
        "set_at": made.created_at.isoformat() if made else None,
        "change_set": row.created_in_id,
    }
    return of_entry(row.sources.get(name) or {}, start)


def of_entry(entry: Mapping[str, Any], start: Mapping[str, Any]) -> Provenance:
    """The same from an entry of ``Account.sources``; ``start`` is what holds without one."""
    # A pin on a value that came with the account has no more to tell of it than the pin.
    kept = entry if entry.get("source") else {**start, **entry}
    return Provenance(
        source=kept.get("source") or Origin.SYNC.value,
        site=kept.get("site"),
        set_by=kept.get("set_by"),
        set_at=kept.get("set_at"),
        pinned=bool(kept.get("pin")),
        change_set=kept.get("change_set"),
        pin=_pin(kept.get("pin")),
        held=_held(kept),
        back=_back(kept.get("back")),
    )


def policy_of(origin: Provenance, payers: Sequence[BillingAccount]) -> str | None:
    """The mode of the site that says this value, or would: what a sync may do to it. None when no
    site bills the account."""
    modes = {payer.site.subdomain: payer.site.accounts_mode for payer in payers}
    if origin.site in modes:
        return modes[origin.site]
    return payers[0].site.accounts_mode if payers else None


def _from_the_start(account: Account, site: str | None) -> dict[str, Any]:
    return {
        "source": Origin.SYNC.value,
        "site": site,
        "set_at": account.created_at.isoformat(),
        "change_set": account.created_in_id,
    }


def _pin(pin: Mapping[str, Any] | None) -> Pinned | None:
    if not pin:
        return None
    until, at = pin.get("until"), pin.get("at")
    return Pinned(
        reason=pin.get("reason") or "",
        by=pin.get("by") or "",
        at=datetime.fromisoformat(at) if at else None,
        until=datetime.fromisoformat(until) if until else None,
    )


def _back(back: Mapping[str, Any] | None) -> Back | None:
    if not back:
        return None
    at = datetime.fromisoformat(back["at"])
    return Back(back.get("by") or "", at, back.get("change_set"))


def _held(entry: Mapping[str, Any]) -> Held | None:
    if not entry.get("pin") or "incoming" not in entry:
        return None
    value = entry["incoming"]
    return Held(value, "kept" in entry["pin"] and entry["pin"]["kept"] == value)
