"""Records a scripted change may create: an account, a subscription, a one-off invoice or charge."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tenure.simulator.store import Record
from tenure.simulator.world.accounts import open_account
from tenure.simulator.world.actions import exact, sold_plan
from tenure.simulator.world.billing import issue
from tenure.simulator.world.custom_fields import pair
from tenure.simulator.world.dunning import collect
from tenure.simulator.world.lines import Draft, pending_line
from tenure.simulator.world.places import COUNTRIES
from tenure.simulator.world.prices import minor
from tenure.simulator.world.profiles import SMALL, Newcomer
from tenure.simulator.world.state import Customer, Manner, Site
from tenure.simulator.world.subscribing import Terms, subscribe

Spec = Mapping[str, Any]


def _account(site: Site, spec: Spec, at: datetime) -> Record:
    """``code`` is required; ``company``, ``email``, ``country``, ``currency``, ``custom_fields`` may be
    given. With ``plan`` (and ``quantity``) the account starts with a subscription.
    """
    code = spec.get("code")
    if not code or not isinstance(code, str):
        raise ValueError("A new account needs a code.")
    if site.store.find("accounts", "code", code):
        raise ValueError(f"{site.spec.subdomain} has an account with code {code!r} already.")
    country = spec.get("country", "IE" if site.spec.region == "eu" else "US")
    if country not in COUNTRIES:
        raise ValueError(f"Country {country!r} is not one of {', '.join(COUNTRIES)}.")
    newcomer = Newcomer(0, f"made/{code}", code, SMALL, None, spec.get("company"), country)
    newcomer.currency = spec.get("currency")
    # A scripted customer does nothing of its own accord, and pays in time until told otherwise.
    newcomer.manner = Manner(0.0, 1.0, 0.0, net_terms=spec.get("net_terms"))
    customer = open_account(site, newcomer, at)
    account = customer.record
    account["custom_fields"] = [pair(n, str(v)) for n, v in spec.get("custom_fields", {}).items()]
    if "email" in spec:
        account["email"] = customer.mini["email"] = spec["email"]
    if "plan" in spec:
        _start(customer, spec, at)
    return account


def _start(customer: Customer, spec: Spec, at: datetime) -> Record:
    plan = sold_plan(customer.site, spec.get("plan"))
    quantity = spec.get("quantity", 1)
    if not isinstance(quantity, int) or quantity < 0:
        raise ValueError(f"quantity is a whole number from 0 up, not {quantity!r}.")
    terms = Terms(trial=bool(spec.get("trial")), auto_renew=bool(spec.get("auto_renew", True)))
    if "unit_amount" in spec:
        terms.bespoke = minor(exact(spec["unit_amount"], "unit_amount"), customer.currency)
    terms.custom_fields = [pair(n, str(v)) for n, v in spec.get("subscription_fields", {}).items()]
    return subscribe(customer, plan.offer.code, quantity, at, terms).record


def _customer(site: Site, spec: Spec) -> Customer:
    wanted = spec.get("account")
    for customer in site.customers:
        if wanted in (customer.record["id"], customer.record["code"]):
            return customer
    raise ValueError(f"{site.spec.subdomain} has no account with id or code {wanted!r}.")


def _subscription(site: Site, spec: Spec, at: datetime) -> Record:
    """``account`` (id or code) and ``plan``; ``quantity``, ``trial``, ``unit_amount`` may be given."""
    return _start(_customer(site, spec), spec, at)


def _invoice(site: Site, spec: Spec, at: datetime) -> Record:
    """``account`` and ``amount`` before tax; ``description``. ``collect: false`` leaves it open."""
    customer = _customer(site, spec).payer
    bill = issue(
        customer,
        [_charge(customer, spec)],
        origin="purchase",
        at=at,
        currency=customer.currency,
    )
    if spec.get("collect", True):
        collect(bill, at)
    return bill.record


def _line_item(site: Site, spec: Spec, at: datetime) -> Record:
    """As an invoice, but it waits for the account's next renewal."""
    customer = _customer(site, spec).payer
    return pending_line(_charge(customer, spec), customer, customer.currency, at)


def _charge(customer: Customer, spec: Spec) -> Draft:
    amount = minor(exact(spec.get("amount"), "amount"), customer.currency)
    return Draft("one_time", str(spec.get("description", "One-off charge")), 1, amount)


CREATIONS: dict[str, Callable[[Site, Spec, datetime], Record]] = {
    "account": _account,
    "subscription": _subscription,
    "invoice": _invoice,
    "line_item": _line_item,
}
