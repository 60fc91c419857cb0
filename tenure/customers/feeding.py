"""What feeds an account: the billing accounts its values are composed of, and what their sites may do."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.customers import effective, fields, payers
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import Naming, Terms
from tenure.customers.effective import Contribution, Effective
from tenure.customers.models import BillingAccount
from tenure.sources import records

Row = records.BillingAccount | BillingAccount  # as it just arrived, or as it is stored
Joining = Mapping[int, Collection[str]]  # billing accounts, by upstream id, that join an account
NOTHING = Effective(name="", state="", values={})


def contribution(site: Site, row: Any, read: fields.Read) -> Contribution:
    return Contribution(
        site=site.subdomain,
        priority=site.priority,
        created_at=row.created_at,
        upstream_id=row.upstream_id,
        state=row.state,
        fields=read(row),
    )


@dataclass(slots=True)
class Feed:
    """What feeds one account: its contributions, and which of their sites allow pins."""

    parts: list[Contribution] = field(default_factory=list)
    allows_pins: bool = True


def contributions_of(
    ids: Sequence[int],
    mapping: Sequence[Mapped],
    *,
    arriving: Mapping[tuple[int, str], Row] = MappingProxyType({}),
) -> dict[int, Feed]:
    """What feeds each of these accounts: the billing accounts recognised as it, and those with a
    subscription that names it. A site in Link only attaches its billing and gives no value.
    ``arriving`` records, by site and upstream id, stand in for the stored rows they are about to
    replace."""
    found: dict[int, Feed] = defaultdict(Feed)
    paths = effective.paths_of(mapping)
    read = fields.reader(paths)
    feeding = payers.feeding(ids)
    # Whole rows would cost several times as much: a replay comes here for every account.
    columns = {*_FEEDING, *(fields.column_of(path) for path in paths)}
    stored = BillingAccount.objects.filter(pk__in={row for _, row in feeding})
    rows = {row.pk: row for row in stored.values_list(*sorted(columns), named=True)}
    sites: dict[int, Site] = {}
    for account_id, row_id in feeding:
        row = rows[row_id]
        if row.site__accounts_mode == Mode.LINK:
            continue
        feed = found[account_id]
        site = sites.get(row.site_id) or sites.setdefault(row.site_id, _site_of(row))
        newest = arriving.get((row.site_id, row.upstream_id), row)
        feed.parts.append(contribution(site, newest, read))
        feed.allows_pins &= site.allows_pins
    return found


_OF_SITE = ("subdomain", "priority", "allows_pins")
_FEEDING = (
    *("pk", "site_id", "site__accounts_mode", "upstream_id", "created_at", "state"),
    *(f"site__{name}" for name in _OF_SITE),
)


def _site_of(row: Any) -> Site:
    return Site(pk=row.site_id, **{name: getattr(row, f"site__{name}") for name in _OF_SITE})


def terms_of(
    feed: Feed,
    mapping: Sequence[Mapped],
    *,
    daily: Collection[str],
    gone: Mapping[str, Collection[str]] = MappingProxyType({}),
    filling: Collection[str] = (),
    importing: Collection[str] = (),
    spares_hand: bool = False,
    change_set: int | None = None,
) -> Terms:
    """What the sites of a feed may do to its account. ``gone`` is as ``vanished_paths`` returns."""
    sites = {part.site for part in feed.parts}
    return Terms(
        mapping=mapping,
        daily=sites & set(daily),
        everything_daily=sites <= set(daily),
        allows_pins=feed.allows_pins,
        gone={path for site in sites for path in gone.get(site, ())},
        filling=filling,
        importing=sites & set(importing),
        spares_hand=spares_hand,
        change_set=change_set,
    )


def filler(feed: Feed, terms: Terms, joining: Joining | None, account_id: int) -> Effective | None:
    """What an account takes its first values from: the billing accounts that an import brings it, by
    upstream id, whatever was imported before. None, and ``joining`` None, for everything that feeds
    it."""
    if not terms.filling or joining is None:
        return None
    mine = joining.get(account_id, ())
    parts = [p for p in feed.parts if p.site in terms.importing and p.upstream_id in mine]
    return effective.compose(parts, terms.mapping) if parts else NOTHING


def naming(feed: Feed, terms: Terms, joining: Joining | None, account_id: int) -> Naming | None:
    """What an import calls an account that others' billing was known of before; None where all of it
    is the import's own. ``joining`` has what the import brings, None for all of its site's."""
    mine = None if joining is None else joining.get(account_id, ())
    brought: list[Contribution] = []
    before: list[Contribution] = []
    for part in feed.parts:
        ours = part.site in terms.importing and (mine is None or part.upstream_id in mine)
        (brought if ours else before).append(part)
    if not brought or not before:
        return None
    called = effective.compose(brought, ())
    known = effective.compose(before, ())
    codes = {str(part.fields.get("code", "")) for part in before}
    return Naming(
        name=called.name if called.named else None,
        site=called.sites["name"],
        stand_ins=codes - {known.name} if known.named else codes,
    )
