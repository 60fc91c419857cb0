"""Which account each record claims, and which of them nobody can name.

Under a rule on accounts the billing accounts claim; under a rule on subscriptions each subscription
does. Records that just arrived and stored rows are read alike, so what was read before can be gone
through again without a request.
"""

from collections.abc import Iterable

from tenure.connections.models import Site
from tenure.customers.making import Claim
from tenure.customers.models import BillingAccount, Subscription
from tenure.identity import rules
from tenure.identity.resolve import IdentifierRule, identify
from tenure.sources import records

Row = records.BillingAccount | BillingAccount
SubscriptionRow = records.Subscription | Subscription


def claims_of(
    site: Site, rows: Iterable[Row], rule: IdentifierRule | None = None
) -> dict[str, Claim]:
    """The claims of these billing accounts by upstream id, under ``rule`` or the one in force. The
    unidentified are absent; while a site is staged, or subscriptions name the accounts, all are."""
    rule = rule or rules.in_force()
    return {} if rule.on_subscriptions else _claims(site, rows, rule)


def claims_of_subscriptions(
    site: Site, rows: Iterable[SubscriptionRow], rule: IdentifierRule | None = None
) -> dict[str, Claim]:
    """The claims of these subscriptions by upstream id; none under a rule on accounts."""
    rule = rule or rules.in_force()
    return _claims(site, rows, rule) if rule.on_subscriptions else {}


def _claims(
    site: Site, rows: Iterable[Row | SubscriptionRow], rule: IdentifierRule
) -> dict[str, Claim]:
    if site.staged:
        return {}
    found = {row.upstream_id: identify(rule, row, site.pk) for row in rows}
    return {upstream_id: claim for upstream_id, claim in found.items() if isinstance(claim, Claim)}
