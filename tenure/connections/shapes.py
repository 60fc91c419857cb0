"""A site as scripts see one, by command or API: never its key."""

from datetime import datetime
from typing import Any

from tenure.connections.models import Site
from tenure.connections.read import is_connected
from tenure.core.clock import stamp


def site(one: Site, good_run: int | None = None, good_at: datetime | None = None) -> dict[str, Any]:
    """A site; ``good_run`` is its newest complete run. Webhooks come later; their places are kept."""
    good = {"id": good_run, "finished_at": stamp(good_at)} if good_run else None
    return {
        "subdomain": one.subdomain,
        "site_id": one.site_id,
        "region": one.region,
        "mode": one.mode,
        "accounts": one.accounts_mode,
        "subscriptions": one.subscriptions_mode,
        "schedule": one.schedule,
        "state": one.state,
        "state_reason": one.state_reason or None,
        "connected": is_connected(one),
        "staged": one.staged,
        "allows_pins": one.allows_pins,
        "last_good_run": good,
        "webhook_url": None,
        "webhook_verified_at": None,
        "key_last4": one.key_last4,
    }
