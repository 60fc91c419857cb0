"""Which account each billing account claims, and which of them nobody can name."""

from collections.abc import Iterable

from tenure.connections.models import Site
from tenure.customers.accounts import Claim
from tenure.customers.models import BillingAccount
from tenure.identity import rules
from tenure.identity.resolve import identify
from tenure.sources import records

Row = records.BillingAccount | BillingAccount


def claims_of(site: Site, rows: Iterable[Row]) -> dict[str, Claim]:
    """The claims of these billing accounts by upstream id. The unidentified are absent, and while a
    site is staged nobody claims anything."""
    if site.staged:
        return {}
    rule = rules.in_force()
    found = {row.upstream_id: identify(rule, row, site.pk) for row in rows}
    return {upstream_id: claim for upstream_id, claim in found.items() if isinstance(claim, Claim)}
