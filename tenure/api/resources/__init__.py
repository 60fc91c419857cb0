"""The resources of the API, one file each: what may be done with it, and its shapes."""

from tenure.api.resource import Resource
from tenure.api.resources import (
    accounts,
    alert_rules,
    alerts,
    attributes,
    billing_accounts,
    bulk_attributes,  # noqa: F401  # an operation of attributes
    channels,
    conflicts,
    connecting,
    contacts,
    deliveries,
    drift,
    health,
    identifier,
    invoices,
    members,
    mutes,
    notes,
    plans,
    quarantine,
    rates,
    revenue,
    routes,
    rules,
    runs,
    segments,
    sites,
    subscriptions,
    tasks,
    tokens,
    unidentified,
    workspace,
)
from tenure.api.resources.accounts import (  # operations of accounts
    bulk,  # noqa: F401
    comparing,  # noqa: F401
    editing,  # noqa: F401
    explaining,  # noqa: F401
    merging,  # noqa: F401
    reading,  # noqa: F401
)
from tenure.api.resources.accounts import health as health_of_accounts  # noqa: F401
from tenure.api.resources.health import (  # operations of health
    bands,  # noqa: F401
    definitions,  # noqa: F401
    trying,  # noqa: F401
)

# In the order in which the page that explains them shows them.
RESOURCES: tuple[Resource, ...] = (
    accounts.resource,
    contacts.resource,
    attributes.resource,
    billing_accounts.resource,
    subscriptions.resource,
    invoices.resource,
    revenue.resource,
    health.resource,
    segments.resource,
    alerts.resource,
    alert_rules.resource,
    mutes.resource,
    tasks.resource,
    notes.resource,
    rules.resource,
    channels.resource,
    routes.resource,
    deliveries.resource,
    sites.resource,
    connecting.keys,
    plans.resource,
    runs.resource,
    quarantine.resource,
    conflicts.resource,
    drift.resource,
    unidentified.resource,
    identifier.resource,
    rates.resource,
    workspace.resource,
    tokens.resource,
    members.resource,
)
