"""An account's balance, added up from its invoices: one line per currency, never across them."""

from collections.abc import Iterable
from decimal import Decimal

from tenure.simulator.store import Record, SiteStore

_MINI = (
    "id object code email first_name last_name company parent_account_id bill_to "
    "dunning_campaign_id"
).split()


def balance(site: SiteStore, account: Record) -> Record:
    """What ``GET /accounts/{id}/balance`` answers; ``amount`` is what is past due."""
    invoices = site.of_account("invoices", account["id"])
    currencies = sorted({invoice["currency"] for invoice in invoices})
    return {
        "object": "account_balance",
        "account": {name: account.get(name) for name in _MINI},
        "past_due": any(invoice["state"] == "past_due" for invoice in invoices),
        "balances": [_line(invoices, currency) for currency in currencies],
    }


def _line(invoices: list[Record], currency: str) -> Record:
    mine = [invoice for invoice in invoices if invoice["currency"] == currency]
    credits_ = [invoice for invoice in mine if invoice["type"] == "credit"]
    prepaid = [invoice for invoice in credits_ if invoice["origin"] == "prepayment"]
    return {
        "currency": currency,
        "amount": _owed(invoice for invoice in mine if invoice["state"] == "past_due"),
        "processing_prepayment_amount": _owed(i for i in prepaid if i["state"] == "processing"),
        "available_credit_amount": _owed(i for i in credits_ if i["state"] == "open"),
    }


def _owed(invoices: Iterable[Record]) -> Decimal:
    return sum((abs(invoice["balance"]) for invoice in invoices), Decimal(0))
