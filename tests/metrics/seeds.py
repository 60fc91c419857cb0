"""A reader of the sample tables that dbt_recurly publishes (Apache-2.0): its CSV files as the records
our source reads. The files are not part of this project; a directory is named."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Row = Mapping[str, str]
TIMES = frozenset(
    "created_at updated_at activated_at canceled_at expires_at current_period_started_at"
    " current_period_ends_at current_term_started_at current_term_ends_at trial_started_at trial_ends_at"
    " paused_at due_at closed_at collected_at voided_at".split()
)
NUMBERS = frozenset(
    "quantity net_terms remaining_billing_cycles total_billing_cycles renewal_billing_cycles"
    " remaining_pause_cycles".split()
)
FLAGS = {"true": True, "false": False}


def accounts_of(directory: Path) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The newest version of each subscription, invoice and transaction, by the account it is of."""
    plans = {row["id"]: row for row in newest(rows(directory, "plan_history"))}
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in newest(rows(directory, "subscription_history")):
        plan = plans.get(row["plan_id"])
        found[row["account_id"]]["subscriptions"].append(
            {**record(row), "plan": plan_of(plan) if plan else None}
        )
    for row in newest(rows(directory, "invoice_history")):
        found[row["account_id"]]["invoices"].append(record(row))
    for row in newest(rows(directory, "transaction")):
        invoice = {"invoice": {"id": row["invoice_id"]}} if row["invoice_id"] else {}
        found[row["account_id"]]["transactions"].append({**record(row), **invoice})
    return {account: dict(kinds) for account, kinds in found.items()}


def rows(directory: Path, table: str) -> list[Row]:
    """One table as it is published."""
    with (directory / f"{table}_data.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def newest(found: Iterable[Row]) -> list[Row]:
    """Of several versions of one record the last."""
    by_id: dict[str, Row] = {}
    for row in found:
        known = by_id.get(row["id"])
        stamp = "updated_at" if "updated_at" in row else "created_at"
        if known is None or known[stamp] <= row[stamp]:
            by_id[row["id"]] = row
    return list(by_id.values())


def record(row: Row) -> dict[str, Any]:
    """A row in the vendor's own shape: an empty cell is null, times have their zone."""
    made: dict[str, Any] = {}
    for name, text in row.items():
        if name in ("account_id", "plan_id", "invoice_id", "_fivetran_synced", "object"):
            continue
        if not text:
            made[name] = None
        elif name in TIMES:
            made[name] = text.replace(" ", "T") + "Z"
        elif name in NUMBERS:
            made[name] = int(text)
        else:
            made[name] = FLAGS.get(text, text)
    return made


def plan_of(row: Row) -> dict[str, Any]:
    """A plan with its interval, as an example carries it."""
    length = int(row["interval_length"])
    return {
        "code": row["code"],
        "name": row["name"],
        "interval_unit": row["interval_unit"],
        "interval_length": length,
    }
