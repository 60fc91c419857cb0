"""What the source says of a value beside the one that stands, and whether a sync would put it there.

A page asks before it lets somebody edit: so nobody is surprised by what Daily Sync takes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenure.customers import attributes, effective, fields
from tenure.customers.accounts import daily_sites
from tenure.customers.attributes import Mapped
from tenure.customers.effective import Effective
from tenure.customers.feeding import Feed, contributions_of, terms_of


@dataclass(frozen=True, slots=True)
class Outlook:
    """``says`` is what the source has now, None for nothing, and ``site`` whose word that is.

    ``follows`` names the site in Daily Sync that puts its word in the place of a value set by hand,
    or would once it has one; None when nothing will replace the value.
    """

    says: Any
    site: str | None
    follows: str | None
    allows_pins: bool

    @property
    def replaces(self) -> bool:
        """Whether the next run replaces a differing value set by hand."""
        return self.follows is not None and self.says is not None


NOBODY = Outlook(says=None, site=None, follows=None, allows_pins=True)


def outlook(account_id: int, name: str) -> Outlook:
    """The outlook of one field of one account; NOBODY for what no source field feeds."""
    return outlooks([account_id], [name]).get(account_id, {}).get(name, NOBODY)


def outlooks(accounts: Sequence[int], names: Sequence[str]) -> dict[int, dict[str, Outlook]]:
    """The outlooks by account and field; what no source field feeds is absent."""
    mapping = [one for one in attributes.mapped(fields.ACCOUNT) if one.name in names]
    if not mapping and "name" not in names:
        return {}
    daily = daily_sites()
    feeding = contributions_of(accounts, mapping)
    return {
        account: _of(feed, mapping, "name" in names, daily)
        for account, feed in feeding.items()
        if feed.parts
    }


def _of(feed: Feed, mapping: Sequence[Mapped], named: bool, daily: set[str]) -> dict[str, Outlook]:
    composed = effective.compose(feed.parts, mapping)
    following = sorted(terms_of(feed, mapping, daily=daily).daily)
    said: Mapping[str, Any] = composed.values | ({"name": composed.name} if named else {})
    names = [one.name for one in mapping] + (["name"] if named else [])
    return {name: _one(name, said.get(name), composed, following, feed) for name in names}


def _one(
    name: str, says: Any, composed: Effective, following: Sequence[str], feed: Feed
) -> Outlook:
    site = composed.sites.get(name) if says is not None else None
    if site is None:
        follows = following[0] if following else None
    else:
        follows = site if site in following else None
    return Outlook(says, site, follows, feed.allows_pins)
