"""Accounts: the record of a new customer, with its address, card and custom fields."""

from datetime import datetime
from random import Random

from tenure.simulator.world.chance import stream
from tenure.simulator.world.custom_fields import account_fields
from tenure.simulator.world.ids import identity
from tenure.simulator.world.moments import wire
from tenure.simulator.world.people import Person, company, domain, email, person
from tenure.simulator.world.places import (
    COUNTRIES,
    City,
    Country,
    address,
    country_for,
    digits,
    tax_rate,
    vat_number,
)
from tenure.simulator.world.profiles import Newcomer, manner_for
from tenure.simulator.world.shapes import Record, mini, record
from tenure.simulator.world.state import Customer, Site


def open_account(site: Site, newcomer: Newcomer, at: datetime) -> Customer:
    """A new account on the site, published, with nothing bought yet."""
    dice = stream(site.seed, site.spec.subdomain, newcomer.key, "account")
    code = newcomer.country
    country = COUNTRIES[code] if code else country_for(site.spec.region, dice)
    city = dice.choice(country.cities)
    inherited = newcomer.parent.manner if newcomer.parent else newcomer.manner
    manner = inherited or manner_for(newcomer.profile, dice)
    account = _record(site, newcomer, country, dice, at)
    account["address"] = address(country, city, dice)
    vat = account["vat_number"] = vat_number(country, dice) if dice.random() < 0.8 else None
    account["shipping_addresses"] = _shipping(site, account, country, city, dice)
    account["tax_exempt"] = dice.random() < 0.03
    if account["tax_exempt"] and country.code == "US":
        account["exemption_certificate"] = digits("EX-######", dice)
    customer = Customer(
        site,
        newcomer.key,
        account,
        mini("account_mini", account),
        country,
        city,
        tax_rate(country, city, vat, exempt=account["tax_exempt"]),
        _currency(site, newcomer, country),
        manner,
        stream(site.seed, site.spec.subdomain, newcomer.key, "life"),
        stream(site.seed, site.spec.subdomain, newcomer.key, "pay"),
        parent=newcomer.parent,
        tenant=newcomer.tenant,
    )
    if manner.net_terms is None or dice.random() < 0.2:
        account["billing_info"] = billing_info(customer, at)
    site.customers.append(customer)
    site.known[account["id"]] = customer
    site.touch("accounts", account, at)
    _acquired(customer, dice, at)
    return customer


def _currency(site: Site, newcomer: Newcomer, country: Country) -> str:
    wanted = newcomer.currency or country.currency
    return wanted if wanted in site.spec.currencies else site.spec.currencies[0]


def _record(site: Site, newcomer: Newcomer, country: Country, dice: Random, at: datetime) -> Record:
    name = newcomer.name or company(country, dice)
    who, host = person(dice), domain(name, newcomer.index)
    parent = newcomer.parent
    account = record(
        "account",
        id=identity(site.seed, site.spec.subdomain, "account", newcomer.key).id,
        state="active",
        hosted_login_token=identity(site.seed, newcomer.key, "login").uuid,
        has_live_subscription=False,
        has_active_subscription=False,
        has_future_subscription=False,
        has_canceled_subscription=False,
        has_paused_subscription=False,
        has_past_due_invoice=False,
        created_at=wire(at),
        code=newcomer.code,
        username=dice.choice((None, None, "", host.removesuffix(".example"))),
        email=email(who, host),
        preferred_locale=country.locale,
        preferred_time_zone=country.zone,
        cc_emails=_copies(host, dice),
        first_name=who.first,
        last_name=who.last,
        company=name[:50],
        parent_account_id=parent.record["id"] if parent else None,
        bill_to="self",
        dunning_campaign_id=site.dunning_campaign_id,
    )
    account["custom_fields"] = account_fields(newcomer, dice, at)
    return account


def _shipping(
    site: Site, account: Record, country: Country, city: City, dice: Random
) -> list[Record]:
    """Where equipment goes: one customer in eight named somebody at another address."""
    if dice.random() >= 0.125:
        return []
    who, place = person(dice), address(country, city, dice)
    made = record(
        "shipping_address",
        id=identity(site.seed, site.spec.subdomain, "shipping", account["id"]).id,
        account_id=account["id"],
        nickname=dice.choice(("Depot", "Head office", "Workshop")),
        first_name=who.first,
        last_name=who.last,
        company=account["company"],
        email=email(who, (account["email"] or "mail.example").rpartition("@")[2]),
        created_at=account["created_at"],
        updated_at=account["created_at"],
    )
    return [made | place]


def _copies(host: str, dice: Random) -> str | None:
    chosen = dice.random()
    if chosen < 0.45:
        return None
    if chosen < 0.55:
        return ""
    return f"accounts-payable@{host}" + (f",{email(person(dice), host)}" if chosen > 0.8 else "")


def billing_info(customer: Customer, at: datetime) -> Record:
    """A payment method of the customer's kind, valid for one to four years."""
    account, dice = customer.record, customer.pay
    ident = customer.identity("billing_info")
    who = Person(account["first_name"] or "Accounts", account["last_name"] or "Payable")
    return record(
        "billing_info",
        id=ident.id,
        account_id=account["id"],
        first_name=who.first[:50],
        last_name=who.last[:50],
        company=account["company"],
        address=account["address"],
        vat_number=account["vat_number"],
        valid=True,
        payment_method=_bank(customer) if customer.manner.slow_bank else _card(dice, at),
        primary_payment_method=True,
        backup_payment_method=False,
        payment_gateway_references=[],
        created_at=wire(at),
        updated_at=wire(at),
        updated_by={"ip": "203.0.113.7", "country": customer.country.code},
    )


def _card(dice: Random, at: datetime) -> Record:
    if dice.random() < 0.05:
        return record("payment_method", object="paypal_billing_agreement")
    kind, first_six = dice.choice(
        (("Visa", "411111"), ("MasterCard", "555555"), ("American Express", "378282"))
    )
    last_four = digits("####", dice)
    return record(
        "payment_method",
        object="credit_card",
        card_type=kind,
        first_six=first_six,
        last_four=last_four,
        last_two=last_four[2:],
        exp_month=dice.randint(1, 12),
        exp_year=at.year + dice.randint(1, 4),
        cc_bin_country="US",
        funding_source=dice.choice(("credit", "debit")),
    )


def _bank(customer: Customer) -> Record:
    last_four = digits("####", customer.pay)
    word = "bank_account_info" if customer.country.code == "US" else "sepadirectdebit"
    return record(
        "payment_method",
        object=word,
        last_four=last_four,
        last_two=last_four[2:],
        name_on_account=customer.record["company"],
        account_type="checking" if word == "bank_account_info" else None,
        routing_number="110000000" if word == "bank_account_info" else None,
    )


def _acquired(customer: Customer, dice: Random, at: datetime) -> None:
    if dice.random() < 0.3:
        return
    channel = dice.choice(("referral", "events", "outbound_sales", "organic_search", "advertising"))
    made = record(
        "acquisition",
        id=customer.identity("acquisition").id,
        account=customer.mini,
        channel=channel,
        subchannel=None,
        campaign="autumn-fair" if channel == "events" else None,
        acquired_at=wire(at),
        created_at=wire(at),
    )
    customer.others.append(("acquisitions", made))
    customer.site.touch("acquisitions", made, at)
