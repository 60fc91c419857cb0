"""What of an imported account differs from what its sources say now. Reads, and writes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenure.connections.models import Site
from tenure.customers import attributes, effective, fields
from tenure.customers.accounts import daily_sites
from tenure.customers.attributes import Mapped
from tenure.customers.effective import Effective
from tenure.customers.feeding import contributions_of, terms_of
from tenure.customers.models import Account, Origin
from tenure.customers.write import plain, value_of


@dataclass(frozen=True, slots=True)
class Drift:
    """One value: what is held, what the source says now, whose word that is, and where the held
    value came from (an entry of ``Account.sources``; empty for one that came with its account)."""

    account_id: int
    identifier: str
    name: str
    field: str
    held: Any
    says: Any
    site: str
    source: Mapping[str, Any]


def differences(accounts: Sequence[Account], sites: Sequence[Site]) -> Iterator[Drift]:
    """What of these accounts differs from what the sites, which import only, say."""
    mapping = attributes.mapped(fields.ACCOUNT)
    daily = daily_sites()
    gone = attributes.vanished_paths(fields.ACCOUNT)
    once = {site.subdomain for site in sites}
    feeds = contributions_of([account.pk for account in accounts], mapping)
    for account in accounts:
        feed = feeds.get(account.pk)
        if feed is None:
            continue
        composed = effective.compose(feed.parts, mapping)
        terms = terms_of(feed, mapping, daily=daily)
        feeding = {part.site for part in feed.parts} & once
        if feeding and not terms.everything_daily:
            lost = {path for site in feeding for path in gone.get(site, ())}
            yield from _differing(account, composed, mapping, feeding, lost)


def _differing(
    account: Account,
    composed: Effective,
    mapping: Sequence[Mapped],
    feeding: set[str],
    gone: set[str],
) -> Iterator[Drift]:
    said = {one.name: composed.values.get(one.name) for one in mapping if one.path not in gone}
    for name in (*said, "name"):
        says = composed.name if name == "name" else said[name]
        held = plain(value_of(account, name))
        entry = account.sources.get(name, {})
        unread = name in composed.unreadable and says is None
        ours = says is None and entry.get("source", Origin.SYNC) != Origin.SYNC
        site = composed.sites.get(name) or entry.get("site") or min(feeding)
        if held == says or unread or ours or site not in feeding:
            continue
        yield Drift(account.pk, account.identifier, account.name, name, held, says, site, entry)
