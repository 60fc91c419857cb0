"""What upstream holds, compared with what we hold: the promise of convergence (P1)."""

from typing import Any

from tenure.connections.models import Site
from tenure.customers import tables
from tenure.customers.tables import Table
from tenure.simulator.server import Served

COMPARED: dict[str, tuple[Table, tuple[str, ...]]] = {
    "accounts": (tables.BILLING_ACCOUNTS, ("code", "state", "email")),
    "subscriptions": (tables.SUBSCRIPTIONS, ("state", "quantity", "unit_amount")),
    "invoices": (tables.INVOICES, ("state", "number", "total", "balance", "paid")),
    "transactions": (tables.TRANSACTIONS, ("status", "amount")),
    "credit_payments": (tables.CREDIT_PAYMENTS, ("action", "amount")),
    "line_items": (tables.LINES, ("amount", "origin")),
    "plans": (tables.PLANS, ("code", "interval_length")),
}


def upstream(served: Served, subdomain: str, kind: str) -> dict[str, dict[str, Any]]:
    """The site's records of a kind by id, as they are served."""

    def read(simulator: Any) -> dict[str, dict[str, Any]]:
        return {r["id"]: dict(r) for r in simulator.world.sites[subdomain].table(kind)}

    return served.call(read)


def differences(served: Served, site: Site) -> list[str]:
    """One line for each record that is missing, extra or different here; [] when converged."""
    found: list[str] = []
    for kind, (table, fields) in COMPARED.items():
        theirs = upstream(served, site.subdomain, kind)
        if kind == "line_items":  # pending ones are on no invoice yet
            theirs = {i: r for i, r in theirs.items() if r["state"] == "invoiced"}
        rows = table.model.objects.filter(site=site, removed_at=None)
        ours = {row.upstream_id: row for row in rows}
        found += [f"{kind} {i} is missing" for i in theirs.keys() - ours.keys()]
        found += [f"{kind} {i} is extra" for i in ours.keys() - theirs.keys()]
        for i in theirs.keys() & ours.keys():
            found += [
                f"{kind} {i}: {f} is {getattr(ours[i], f)!r}, upstream {theirs[i][f]!r}"
                for f in fields
                if (theirs[i][f] or None) != (getattr(ours[i], f) or None)
            ]
    return found
