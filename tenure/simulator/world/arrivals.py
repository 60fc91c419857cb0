"""How customers come: when, to which site, under which code, and what they buy first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from tenure.simulator.world.accounts import open_account
from tenure.simulator.world.chance import stream, weighted
from tenure.simulator.world.coupons import redeem
from tenure.simulator.world.custom_fields import pair, tenant_of
from tenure.simulator.world.life import begin_life
from tenure.simulator.world.moments import DAY, at_business
from tenure.simulator.world.oddities import ODDITIES, buy_oddly
from tenure.simulator.world.people import ascii_slug, company
from tenure.simulator.world.places import COUNTRIES
from tenure.simulator.world.prices import list_price
from tenure.simulator.world.profiles import CHAIN, LARGE, Newcomer, Profile, profile_for
from tenure.simulator.world.state import Customer, Held, Site
from tenure.simulator.world.stopping import cancel
from tenure.simulator.world.subscribing import Terms, subscribe

# A third of the customers signed in the first tenth of the time; the others came evenly.
EARLY_SHARE, EARLY_TIME = 0.35, 0.1
# Every sixteenth customer also has an account on another site, with the same tenant id.
SHARED_EVERY, SHARED = 16, 5


class Arrivals:
    """The stream of new customers to all sites; it never ends.

    ``accounts`` customers come between ``start`` and ``until``; after that they keep coming at the
    pace of the later ones. Customer number i is the same whatever the pace.
    """

    def __init__(
        self, sites: Sequence[Site], *, seed: int, accounts: int, start: datetime, until: datetime
    ) -> None:
        self._sites = sites
        self._seed = seed
        self._start = start
        self._span = until - start
        self._accounts = max(1, accounts)

    def begin(self) -> None:
        """Plan the first arrival; each plans the next."""
        self._plan(0)

    def moment(self, index: int) -> datetime:
        """When customer number ``index`` comes into view."""
        place = index / self._accounts
        if place < EARLY_SHARE:
            share = place / EARLY_SHARE * EARLY_TIME
        else:
            share = EARLY_TIME + (place - EARLY_SHARE) / (1 - EARLY_SHARE) * (1 - EARLY_TIME)
        return self._start + timedelta(seconds=int(self._span.total_seconds() * share))

    def _plan(self, index: int) -> None:
        self._sites[0].plan(self.moment(index), self._arrive, index)

    def _arrive(self, at: datetime, index: int) -> None:
        dice = stream(self._seed, "arrival", index)
        site = self._site_for(index, dice)
        newcomer = self._newcomer(index, dice)
        site.plan(at_business(at, dice.randrange(36000)), sign_up, site, newcomer)
        others = [other for other in self._sites if other is not site]
        if others and index % SHARED_EVERY == SHARED:
            later = at_business(at + timedelta(days=dice.randint(3, 60)), dice.randrange(36000))
            others[0].plan(later, sign_up, others[0], replace(newcomer, key=f"{index}b"))
        self._plan(index + 1)

    def _site_for(self, index: int, dice: Random) -> Site:
        site = weighted(dice, [(s.spec.share, s) for s in self._sites])
        return self._sites[index % 80 - 33] if self._takes_common_code(index) else site

    def _takes_common_code(self, index: int) -> bool:
        return len(self._sites) > 1 and index % 80 in (33, 34)

    def _newcomer(self, index: int, dice: Random) -> Newcomer:
        early = index < self._accounts * EARLY_SHARE / 2
        # Every ninetieth carries its neighbour's tenant id: a slip of the merchant's own staff.
        tenant = tenant_of(index - 1 if index % 90 == 41 else index, self._seed)
        newcomer = Newcomer(index, str(index), "", profile_for(index, dice, early=early), tenant)
        if self._takes_common_code(index):
            newcomer.code = f"orion-{index // 80 + 1}"
        if index % SHARED_EVERY == SHARED:
            newcomer.name = f"{company(COUNTRIES['IE'], dice).rpartition(' ')[0]} Group"[:50]
        return newcomer


def sign_up(at: datetime, site: Site, newcomer: Newcomer) -> Customer:
    """Open the account, buy the first subscriptions, and let the customer live on."""
    index = newcomer.index
    oddity = ODDITIES.get(index)
    if oddity:
        newcomer.name, newcomer.country = oddity.name, oddity.country
        newcomer.profile = oddity.profile or newcomer.profile
    dice = stream(site.seed, site.spec.subdomain, newcomer.key, "purchase")
    newcomer.code = newcomer.code or account_code(site, newcomer)
    customer = open_account(site, newcomer, at)
    if oddity:
        buy_oddly(customer, oddity, at)
    if not customer.held:
        _buy(customer, newcomer, at)
    if index % 50 == 7:
        _children(customer, newcomer, at)
    if dice.random() < 0.14:
        redeem(
            dice.choice(("PARTNER-10", "WELCOME-25", "SPRING-50", "THANKS-100")), customer, None, at
        )
    begin_life(customer, at)
    return customer


def account_code(site: Site, newcomer: Newcomer) -> str:
    """The merchant's code: a number with a prefix in the US, a name in the EU, sometimes an e-mail."""
    index = newcomer.index
    if index % 40 == 21:
        return f"billing+{index}@{ascii_slug(site.spec.subdomain)}.example"
    if site.spec.region == "us":
        return f"BW-{20000 + index * 7}"
    name = newcomer.name or company(COUNTRIES["IE"], stream(site.seed, newcomer.key, "code"))
    return f"{ascii_slug(name)[:30].strip('-') or 'customer'}-{newcomer.key}"


def _buy(customer: Customer, newcomer: Newcomer, at: datetime) -> None:
    dice, profile = customer.life, newcomer.profile
    for number in range(dice.randint(*profile.subscriptions)):
        terms = _terms(customer, newcomer, profile, number, at)
        held = subscribe(
            customer,
            weighted(dice, profile.plans),
            dice.randint(*profile.seats),
            at,
            terms,
        )
        if terms.trial and held.in_trial(at) and dice.random() < 0.3:
            leaves = at_business(at + DAY * dice.randint(2, 10), dice.randrange(36000))
            customer.site.plan(leaves, _gives_up_trial, held)
        if dice.random() < 0.05:
            redeem(dice.choice(("NONPROFIT", "LOYAL-20", "YEAR-ONE")), customer, held, at)


def _gives_up_trial(at: datetime, held: Held) -> None:
    if held.state == "active" and held.in_trial(at):
        cancel(held, at)


def _terms(
    customer: Customer, newcomer: Newcomer, profile: Profile, number: int, at: datetime
) -> Terms:
    dice = customer.life
    terms = Terms(trial=dice.random() < 0.7, auto_renew=dice.random() > 0.05)
    if profile is LARGE:
        dollars = Decimal(dice.randint(15, 42) * 10)
        terms = Terms(bespoke=list_price(dollars, customer.currency), cycles=dice.choice((1, 1, 3)))
        terms.po_number = f"PO-{dice.randint(10000, 99999)}"
    if profile is CHAIN:
        terms.trial = False
    if dice.random() < 0.04:
        terms.starts = at + DAY * dice.randint(5, 40)
        terms.trial = False
    if profile.name == "reseller":
        terms.custom_fields = [
            pair("environment", dice.choice(("production", "production", "staging"))),
            pair("tenant_id", f"{newcomer.tenant}-{number + 1:02d}"),
        ]
    return terms


def _children(parent: Customer, newcomer: Newcomer, at: datetime) -> None:
    for number in range(parent.life.randint(2, 4)):
        child = Newcomer(
            newcomer.index,
            f"{newcomer.key}.{number + 1}",
            f"{parent.record['code'][:40]}.{number + 1}",
            newcomer.profile,
            f"{newcomer.tenant}.{number + 1}",
            country=parent.country.code,
            currency=parent.currency,
            parent=parent,
        )
        customer = open_account(parent.site, child, at)
        if number != 1:
            customer.record["bill_to"] = customer.mini["bill_to"] = "parent"
        _buy(customer, child, at)
        begin_life(customer, at)
