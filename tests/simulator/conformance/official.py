"""Reads a whole site with Recurly's official client in strict mode and prints what it saw as JSON.

A program of its own, because strict mode is decided by the environment when the client is imported:
``python official.py PORT KEY``. The client knows no other host than Recurly's, so its connection is
replaced.
"""

import http.client
import json
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ["RECURLY_STRICT_MODE"] = "TRUE"

import recurly

SITE_LISTS = {
    "accounts": "list_accounts",
    "acquisitions": "list_account_acquisition",
    "add_ons": "list_add_ons",
    "coupons": "list_coupons",
    "credit_payments": "list_credit_payments",
    "custom_field_definitions": "list_custom_field_definitions",
    "invoices": "list_invoices",
    "items": "list_items",
    "line_items": "list_line_items",
    "measured_units": "list_measured_unit",
    "plans": "list_plans",
    "sites": "list_sites",
    "subscriptions": "list_subscriptions",
    "transactions": "list_transactions",
}
UNPAGED = {
    "dunning_campaigns": "list_dunning_campaigns",
    "external_products": "list_external_products",
    "external_subscriptions": "list_external_subscriptions",
    "invoice_templates": "list_invoice_templates",
    "business_entities": "list_business_entities",
    "gift_cards": "list_gift_cards",
}
ACCOUNT_LISTS = (
    "list_billing_infos list_account_coupon_redemptions list_active_coupon_redemptions "
    "list_account_credit_payments list_account_external_account list_account_invoices "
    "list_account_line_items list_account_notes list_shipping_addresses "
    "list_account_subscriptions list_account_transactions list_child_accounts list_entitlements"
).split()
SUBSCRIPTION_LISTS = (
    "list_subscription_invoices list_subscription_line_items list_subscription_coupon_redemptions"
).split()
INVOICE_LISTS = (
    "list_invoice_line_items list_invoice_coupon_redemptions list_related_invoices".split()
)
SINGLES = {
    "accounts": ("get_account", "code"),
    "add_ons": ("get_add_on", ""),
    "coupons": ("get_coupon", "code"),
    "credit_payments": ("get_credit_payment", "uuid"),
    "custom_field_definitions": ("get_custom_field_definition", ""),
    "invoices": ("get_invoice", "number"),
    "items": ("get_item", "code"),
    "line_items": ("get_line_item", ""),
    "measured_units": ("get_measured_unit", "name"),
    "plans": ("get_plan", "code"),
    "sites": ("get_site", "subdomain"),
    "subscriptions": ("get_subscription", "uuid"),
    "transactions": ("get_transaction", "uuid"),
}


def client_at(port: int, key: str) -> Any:
    client = recurly.Client(key)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client._BaseClient__conn = connection
    return client


def ids_of(pager: Any) -> list[str]:
    return [record.id for record in pager.items()]


def singles(client: Any, kind: str, records: list[Any]) -> int:
    """How many objects came back as themselves, by id and by their other name."""
    method, field = SINGLES[kind]
    good = 0
    for record in records[:5]:
        names = [record.id] + ([f"{field}-{getattr(record, field)}"] if field else [])
        good += all(getattr(client, method)(name).id == record.id for name in names)
    return good


def below(client: Any, methods: list[str], parents: list[Any]) -> dict[str, int]:
    """For each list below a parent, how many records the first parents have in all."""
    return {m: sum(len(ids_of(getattr(client, m)(p.id))) for p in parents[:15]) for m in methods}


def refusals(port: int, key: str) -> dict[str, str]:
    """Which of its own errors the client makes of ours."""
    client, stranger = client_at(port, key), client_at(port, "nobody")
    asked: dict[str, Callable[[], Any]] = {
        "unknown object": lambda: client.get_account("code-nobody"),
        "bad parameter": lambda: ids_of(client.list_accounts(params={"limit": 201})),
        "unknown key": lambda: stranger.get_site("x"),
    }
    names = {}
    for what, ask in asked.items():
        try:
            ask()
            names[what] = "nothing"
        except recurly.ApiError as error:
            names[what] = type(error).__name__
    return names


def main(port: int, key: str) -> dict[str, Any]:
    client = client_at(port, key)
    seen: dict[str, Any] = {"strict": recurly.STRICT_MODE, "ids": {}, "counts": {}, "singles": {}}
    kept: dict[str, list[Any]] = {}
    for kind, method in SITE_LISTS.items():
        pager = getattr(client, method)(params={"limit": 50, "order": "asc", "sort": "updated_at"})
        kept[kind] = list(pager.items())
        seen["ids"][kind] = [record.id for record in kept[kind]]
        seen["counts"][kind] = getattr(client, method)().count()
    for kind, method in UNPAGED.items():
        seen["ids"][kind] = ids_of(getattr(client, method)())
    seen["singles"] = {kind: singles(client, kind, kept[kind]) for kind in SINGLES}
    seen["below"] = {
        **below(client, ACCOUNT_LISTS, kept["accounts"]),
        **below(client, SUBSCRIPTION_LISTS, kept["subscriptions"]),
        **below(client, INVOICE_LISTS, kept["invoices"]),
        **below(client, ["list_plan_add_ons"], kept["plans"]),
    }
    seen["balances"] = [client.get_account_balance(a.id).object for a in kept["accounts"][:5]]
    picked = seen["ids"]["accounts"][:3]
    seen["picked"] = ids_of(client.list_accounts(params={"ids": picked})) == sorted(picked)
    seen["refusals"] = refusals(port, key)
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), sys.argv[2])))
