"""Every subscription across accounts, with what each is worth a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.customers import read as customers
from tenure.customers.models import Plan, Subscription
from tenure.metrics.lists import filters, past
from tenure.metrics.lists.filters import At, Clause, Filter, Wanted, wanted
from tenure.metrics.lists.found import Page, Sums, count, in_order, keys, summed, whose, with_whose
from tenure.metrics.lists.keyset import Order, Part, order_of
from tenure.metrics.models import SubscriptionFacts
from tenure.metrics.paging import number
from tenure.metrics.subscription_facts import TABLE

_ROWS = "customers_subscription"


def _nobodys(rows: str, live: str) -> Part:
    condition = f"s.account_id IS NULL AND {live}"
    return Part(f"{rows} s", "s.id", "s", condition=condition, measured=False)


def _orders(rows: str, facts: str, live: str) -> Mapping[str, Order]:
    """By a figure: known values, unknown ones, then the subscriptions of nobody known."""

    def by(key: str, column: str, parse: Any) -> Order:
        key_of = f"{facts} f", "f.subscription_id", "f"
        known = Part(*key_of, f"f.{column}", f"f.{column} IS NOT NULL", cased=column == "mrr")
        unknown = Part(*key_of, condition=f"f.{column} IS NULL")
        return Order(key, parse, (known, unknown, _nobodys(rows, live)))

    both = f"{rows} s LEFT JOIN {facts} f ON f.subscription_id = s.id"
    orders = (
        by("mrr", "mrr", number),
        by("renewal", "renews_on", date.fromisoformat),
        by("bill", "bills_on", date.fromisoformat),
        by("started", "started_on", date.fromisoformat),
        by("end", "ends_on", date.fromisoformat),
        Order("id", int, (Part(both, "s.id", "s", condition=live),)),
    )
    return {order.key: order for order in orders}


ORDERS = _orders(_ROWS, TABLE, "s.removed_at IS NULL")
PAST_ORDERS = _orders(past.ROWS, past.FACTS, "TRUE")
DEFAULT = "-mrr"

STATUSES = {
    "active": ("Active", "f.status = 'active'"),
    "trial": ("Trial", "f.status = 'trial'"),
    "cancelling": ("Cancelling", "f.status = 'cancelling'"),
    "paused": ("Paused", "f.status = 'paused'"),
    "future": ("Future", "f.status = 'future'"),
    "expired": ("Expired", "f.status = 'expired'"),
    "failed": ("Failed", "f.status = 'failed'"),
    "live": ("Live", "f.status IN ('active', 'cancelling', 'trial', 'paused')"),
}
# Each with an index by MRR.
_CASES: dict[str, tuple[str, ...]] = {
    name: (condition,) for name, (_, condition) in STATUSES.items() if name != "live"
}
_CASES["live"] = tuple(
    case for name in ("active", "cancelling", "trial", "paused") for case in _CASES[name]
)
RENEWS = {
    "yes": ("Renews by itself", "f.renews_on IS NOT NULL"),
    "no": ("Ends and does not renew", "f.status IN ('active', 'cancelling') AND f.ends_on IS NOT NULL"),
}  # fmt: skip
MARKS = {
    "discounted": ("Discounted", "f.flags @> '{{discounted}}'"),
    "usage": ("With usage add-ons", "f.flags @> '{{usage_excluded}}'"),
    "change": ("With a pending change", "f.flags @> '{{pending_change}}'"),
    "pause": ("With a scheduled pause", "f.flags @> '{{pause_scheduled}}'"),
    "free": ("Free", "f.status = 'active' AND f.mrr = 0"),
    "unknown": ("MRR unknown", "f.subscription_id IS NOT NULL AND f.mrr IS NULL"),
}
OVERDUE = {"yes": ("Billed by an overdue invoice", "f.past_due_days > 0")}


def _words(text: str, _at: At) -> Clause:
    return whose(text, _named(text))


def _named(text: str) -> list[int]:
    """Our ids of the subscriptions whose own id this is, at whatever site."""
    with connection.cursor() as db:
        db.execute(
            f"SELECT id FROM {_ROWS} WHERE site_id = ANY(SELECT id FROM connections_site)"  # noqa: S608
            " AND upstream_id = %s",
            [text],
        )
        return [row[0] for row in db.fetchall()]


def _site(text: str, _at: At) -> Clause:
    return Clause(SITE, {"site": filters.listed("site", text)})


def _state(text: str, at: At) -> Clause:
    rows = f"{past.ROWS} s" if at.then else _ROWS
    within = f"{{key}} IN (SELECT id FROM {rows} WHERE state = ANY(%(state)s))"  # noqa: S608
    return Clause(within, {"state": filters.listed("state", text)})


SITE = "{t}.site_id = ANY(SELECT id FROM connections_site WHERE subdomain = ANY(%(site)s))"

FILTERS: tuple[Filter, ...] = (
    Filter("q", "Search", "words", _words, told="Words of the account, or a subscription's own id."),
    filters.choice("status", "Status", STATUSES, cases=_CASES, measured=True),
    filters.text("plan", "Plan", "{t}.plan_code", "Codes of plans."),
    Filter("site", "Site", "text", _site, told="Subdomains."),
    filters.text("currency", "Currency", "{t}.currency", "ISO 4217 codes."),
    filters.within("renews_within", "Renews within", "f.renews_on", instant=False, measured=True),
    filters.day("renews_from", "Renews from", "f.renews_on", ">=", instant=False, measured=True),
    filters.day("renews_to", "Renews to", "f.renews_on", "<=", instant=False, measured=True),
    filters.within("ends_within", "Ends within", "f.ends_on", instant=False, measured=True),
    filters.within("trial_within", "Trial ends within", "f.trial_ends_on", instant=False, measured=True),
    filters.within("bills_within", "Next bill within", "f.bills_on", instant=False, measured=True),
    filters.amount("mrr_from", "MRR from", "f.mrr", ">=", measured=True),
    filters.amount("mrr_to", "MRR to", "f.mrr", "<=", measured=True),
    filters.choice("renews", "Renewal", RENEWS, measured=True),
    filters.choice("overdue", "Overdue", OVERDUE, measured=True, kept=False),
    filters.choice("mark", "Mark", MARKS, measured=True, kept=False),
    filters.whole("account", "Account", "{t}.account_id = %(account)s"),
    Filter("state", "State at the source", "text", _state, told="The source's own words."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One line: the record as it came, its figures, and its plan, whose interval stands only there.

    ``facts`` is None while it is not measured, and of a subscription of nobody known. Of a past day
    ``known`` says how its MRR is known.
    """

    row: Subscription
    facts: SubscriptionFacts | None
    plan: Plan | None
    known: str | None = None

    @property
    def mrr(self) -> Money | None:
        """What it is worth a month now; None when that is not known."""
        known = self.facts and self.facts.mrr is not None
        return Money(self.facts.mrr, self.row.currency) if known and self.facts else None

    @property
    def monthly(self) -> Money | None:
        """What it would be worth a month if it counted: the price of a trial or a pause."""
        known = self.facts and self.facts.monthly is not None
        return Money(self.facts.monthly, self.row.currency) if known and self.facts else None


def asked_for(given: Mapping[str, Any], at: At) -> Wanted:
    """What these values of FILTERS ask for. Raises UnusableFilter."""
    return wanted(FILTERS, given, at)


def page(
    asked: Wanted, *, sort: str = DEFAULT, cursor: str | None = None, limit: int = 50
) -> Page[SubscriptionRow]:
    """One page of subscriptions, stable while others are added. Raises UnusablePage."""
    order = order_of(sort, PAST_ORDERS if asked.at.then else ORDERS, "Subscriptions")
    ids, following, previous = keys(order, asked, cursor, limit)
    return Page(_rows(ids, asked.at), following, previous)


def capped_count(asked: Wanted, *, cap: int = 10_000) -> int:
    """How many match, counting no further than ``cap``: the answer ``cap`` means or more."""
    orders = PAST_ORDERS if asked.at.then else ORDERS
    parts = [part for part in orders["mrr"].parts[1:] if part.measured or not asked.measured]
    whole = Part(facts_of(asked.at), "f.subscription_id", "f")
    sources = [
        f"{part.source} WHERE {part.condition} AND {asked.condition(part.table, part.key)}"
        for part in (whole, *parts[1:])
    ]
    return count(sources, asked.values, cap)


def sums(asked: Wanted) -> Sums:
    """How many match and their MRR, by currency; what has no known MRR adds nothing to it."""
    return summed(
        f"SELECT f.currency, count(*), coalesce(sum(f.mrr), 0) FROM {facts_of(asked.at)}"  # noqa: S608
        f" WHERE {asked.condition('f', 'f.subscription_id')} GROUP BY 1 ORDER BY 1",
        asked.values,
    )


def facts_of(at: At) -> str:
    """The figures there are, or were then, as ``f``."""
    return f"{past.FACTS} f" if at.then else f"{TABLE} f"


def plans() -> list[tuple[str, str]]:
    """The codes of plans with a name each, for whoever chooses one."""
    named = dict(Plan.objects.order_by("code", "pk").values_list("code", "name"))
    return [(code, name or code) for code, name in named.items()]


def currencies() -> list[str]:
    """The currencies plans have prices in, for whoever chooses one."""
    with connection.cursor() as db:
        db.execute(
            "SELECT DISTINCT price ->> 'currency' FROM customers_plan CROSS JOIN LATERAL"
            " jsonb_array_elements(CASE WHEN jsonb_typeof(prices) = 'array' THEN prices END) price"
            " WHERE jsonb_typeof(price -> 'currency') = 'string'"
        )
        return sorted(code for (code,) in db.fetchall())


def get(pk: int, at: At | None = None) -> SubscriptionRow:
    """One subscription with its figures. Raises Subscription.DoesNotExist."""
    found = _rows([pk], at)
    if not found:
        raise Subscription.DoesNotExist(pk)
    return found[0]


def _rows(ids: Sequence[int], at: At | None) -> list[SubscriptionRow]:
    live = Subscription.objects.filter(pk__in=ids)
    rows = past.rows(ids, at) if at and at.then else with_whose(live, "facts", "created_in")
    found: list[Subscription] = in_order(rows, ids)
    known = customers.plans_of(found)
    return [
        SubscriptionRow(
            row,
            getattr(row, "facts", None),
            known.get((row.site_id, row.plan_upstream_id or "")),
            getattr(row, "known", None),
        )
        for row in found
    ]
