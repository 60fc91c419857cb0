"""The few customers every real data set has: unusual names, empty fields, enormous or endless bills."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tenure.simulator.world.billing import issue
from tenure.simulator.world.dunning import collect
from tenure.simulator.world.lines import Draft
from tenure.simulator.world.prices import minor
from tenure.simulator.world.profiles import FREE, LARGE, MIDDLE, SMALL, Profile
from tenure.simulator.world.state import Customer
from tenure.simulator.world.subscribing import Terms, subscribe


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd about a customer. ``outlets`` weekly subscriptions make some 80 invoices a year
    each; ``contract`` is the yearly price of one enterprise subscription and
    ``project`` a one-off charge, both in the customer's own currency.
    """

    name: str | None = None
    country: str | None = None
    profile: Profile | None = None
    outlets: int = 0
    contract: str | None = None
    project: str | None = None
    blank: bool = False
    nameless: bool = False


ODDITIES = {
    2: Oddity("Österreichisch-Ungarische Donaudampfschifffahrt AG", "DE", MIDDLE),
    4: Oddity("株式会社みなと設備サービス", "JP", MIDDLE),
    6: Oddity("شركة الخليج للصيانة", "KW", SMALL),
    8: Oddity("Sunny Side 🌞 Cleaning Co.", "US", SMALL),
    10: Oddity(None, "US", SMALL, blank=True),
    13: Oddity('Hartfield & Daughters <Lifts> "24/7" O\'Clock', "GB", MIDDLE),
    16: Oddity("Corner Lantern Kiosks Inc.", "US", SMALL, outlets=8),
    19: Oddity(
        "Continental Grid Operations Corp.", "US", LARGE, contract="240000", project="1250000"
    ),
    22: Oddity("北海電力メンテナンス株式会社", "JP", LARGE, contract="9800000", project="48000000"),
    25: Oddity("Gulf Pearl Cooling W.L.L.", "KW", LARGE, contract="9875.125"),
    28: Oddity(None, "GB", FREE, nameless=True),
    31: Oddity("Łódzkie Zakłady Cieplne Sp. z o.o.", "PL", MIDDLE),
}


def buy_oddly(customer: Customer, oddity: Oddity, at: datetime) -> None:
    """Apply what concerns the account and the first purchase; buys nothing for a mere odd name."""
    if oddity.blank or oddity.nameless:
        _clear(customer, "" if oddity.blank else None, at)
    if oddity.outlets:
        # Trouble with its cards would end the endless series of invoices it stands for.
        customer.manner.decline = 0.0
    for _ in range(oddity.outlets):
        subscribe(customer, "outlet-weekly", customer.life.randint(1, 6), at)
    if oddity.contract:
        price = minor(Decimal(oddity.contract), customer.currency)
        subscribe(
            customer, "enterprise-annual", 1, at, Terms(bespoke=price, po_number="4500018233")
        )
    if oddity.project:
        draft = Draft(
            "one_time",
            "Implementation project, all regions",
            1,
            minor(Decimal(oddity.project), customer.currency),
        )
        bill = issue(customer, [draft], origin="purchase", at=at, currency=customer.currency)
        collect(bill, at)


def _clear(customer: Customer, value: str | None, at: datetime) -> None:
    account = customer.record
    for name in ("first_name", "last_name", "company", "email", "username", "cc_emails"):
        account[name] = value
        if name in customer.mini:
            customer.mini[name] = value
    if value == "" and account["address"]:
        # Billing info keeps the same object: an empty form was saved in both places.
        account["address"].update({name: "" for name in account["address"] if name != "country"})
    account["vat_number"] = value
    customer.site.touch("accounts", account, at)
