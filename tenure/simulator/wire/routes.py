"""What a path means at one site: a list, one object, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenure.simulator.store import Record, SiteStore
from tenure.simulator.table import Table
from tenure.simulator.wire.balance import balance
from tenure.simulator.wire.catalogue import BELOW, ROOTS, SITES, USAGE, Listing
from tenure.simulator.wire.refusal import no_such_path, not_found
from tenure.simulator.wire.singles import KINDS, is_site, one_of_table, single


@dataclass(frozen=True, slots=True)
class Collection:
    """A list, and which records of the table it is about (all of them when ``within`` is None)."""

    listing: Listing
    table: Table
    within: set[str] | None = None


@dataclass(frozen=True, slots=True)
class One:
    """A single record."""

    record: Record


Target = Collection | One


def route(site: SiteStore, segments: tuple[str, ...]) -> Target:
    """What the path, split and decoded, names. Raises Refused (404)."""
    match segments:
        case ("sites",):
            return Collection(SITES, Table([site.site]))
        case ("sites", name):
            return One(_own(site, name).site)
        case ("sites", name, *rest):
            return _inside(_own(site, name), tuple(rest))
        case _:
            return _inside(site, segments)


def _own(site: SiteStore, name: str) -> SiteStore:
    # A key sees its own site only; another one's name is as unknown to it as a made-up one.
    if not is_site(site, name):
        raise not_found("Site", name)
    return site


def _inside(site: SiteStore, segments: tuple[str, ...]) -> Target:
    match segments:
        case (kind,) if kind in ROOTS:
            return Collection(ROOTS[kind], site.table(kind))
        case (kind, name) if kind in KINDS:
            return One(single(site, kind, name))
        case (kind, name, word) if (kind, word) in BELOW:
            return _below(site, single(site, kind, name), BELOW[kind, word])
        case (kind, name, word) if (kind, word) in PARTS:
            return One(PARTS[kind, word](site, single(site, kind, name)))
        case ("accounts", name, "coupon_redemptions", "active"):
            return _active_redemptions(site, single(site, "accounts", name))
        case (kind, name, word, child) if (kind, word) in BELOW:
            found = _below(site, single(site, kind, name), BELOW[kind, word])
            listed = found.listing.kind
            return One(one_of_table(found.table, listed, child, found.within))
        case ("subscriptions", name, "add_ons", add_on, "usage"):
            return _usage(site, single(site, "subscriptions", name), add_on)
        case _:
            raise no_such_path("/" + "/".join(segments))


def _below(site: SiteStore, parent: Record, listing: Listing) -> Collection:
    if listing.made:
        return Collection(listing, Table(listing.made(site, parent)))
    table = site.table(listing.kind)
    return Collection(listing, table, table.ids_where(listing.link, parent["id"]))


def _active_redemptions(site: SiteStore, account: Record) -> Collection:
    listing = Listing("coupon_redemptions", allowed=frozenset())
    held = site.of_account("coupon_redemptions", account["id"])
    return Collection(listing, Table(record for record in held if record["state"] == "active"))


def _usage(site: SiteStore, subscription: Record, name: str) -> Collection:
    """Usage says neither whose nor of what it is, so each pair has a kind of its own."""
    for held in subscription["add_ons"]:
        add_on = held["add_on"]
        if name in (add_on["id"], f"code-{add_on['code']}"):
            return Collection(USAGE, site.table(usage_kind(subscription["id"], add_on["id"])))
    raise not_found("AddOn", name)


def usage_kind(subscription_id: str, add_on_id: str) -> str:
    """The kind that holds the usage of one add-on of one subscription."""
    return f"usage:{subscription_id}:{add_on_id}"


def _part(field: str, word: str) -> Callable[[SiteStore, Record], Record]:
    """An object that stands in a property of its parent; 404 while the property is null."""

    def read(_site: SiteStore, parent: Record) -> Record:
        part = parent.get(field)
        if not isinstance(part, dict):
            raise not_found(word, parent["id"])
        return part

    return read


def _acquisition(site: SiteStore, account: Record) -> Record:
    for record in site.of_account("acquisitions", account["id"]):
        return record
    raise not_found("AccountAcquisition", account["id"])


PARTS: Mapping[tuple[str, str], Callable[[SiteStore, Record], Record]] = {
    ("accounts", "acquisition"): _acquisition,
    ("accounts", "balance"): balance,
    ("accounts", "billing_info"): _part("billing_info", "BillingInfo"),
    ("subscriptions", "change"): _part("pending_change", "SubscriptionChange"),
}
