"""The demo's own steps in the database, each through the same doors as pages and commands."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse

from tenure.access import write as access
from tenure.access.models import Member, Role
from tenure.alerts import write as alerts
from tenure.alerts.models import AlertRule
from tenure.alerts.suggested import accept
from tenure.connections import read as connections
from tenure.connections import write as connect
from tenure.core.clock import Clock
from tenure.core.money import Money
from tenure.core.secrets import Secret
from tenure.customers import write as customers
from tenure.customers.models import Touched
from tenure.customers.write import By
from tenure.metrics import ratebook
from tenure.metrics.account_rows import AccountRow
from tenure.metrics.read import accounts_page
from tenure.segments import write as segments
from tenure.segments.models import Segment
from tenure.sync import read as sync
from tenure.sync.models import Trigger
from tenure.sync.write import request_run

RATES_FROM = date(2020, 1, 1)
RATES = {"EUR": "1.08", "GBP": "1.27", "JPY": "0.0067", "KWD": "3.25"}


# Each begins as the suggestions of the pages do.
SEGMENTS = {
    "Large customers": "mrr > 5000",
    "Renewing soon": "next_renewal_date in next 60 days",
    "Overdue": "past_due > 0",
}
SWITCHED_ON = ("overdue-month", "overdue-invoices", "renewal-at-risk", "payments-failing")
OWNED = 25


class Business:
    """The demo's deployment as it stands."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def have_member(self, email: str, password: Secret) -> None:
        """Add the person who looks at the demo, unless they are there from an earlier start."""
        if not Member.objects.filter(email__iexact=email).exists():
            access.add_member(email, role=Role.ADMINISTRATOR, password=password, name="Demo")

    def have_site(
        self, source: str, subdomain: str, region: str, key: Secret, schedule: str
    ) -> None:
        """Connect a site and ask for its first sync, unless an earlier start did."""
        if any(site.subdomain == subdomain for site in connections.sites()):
            return
        now = self._clock.now()
        site = connect.add_site(source, subdomain, region, key, schedule=schedule, now=now)
        request_run(site, Trigger.FIRST)

    def have_rates(self) -> None:
        """Enter a rate for each currency the made-up customers pay in, unless somebody entered one."""
        if ratebook.live().exists():
            return
        entries = [
            ratebook.Entry(source, "USD", RATES_FROM, Decimal(rate))
            for source, rate in RATES.items()
        ]
        ratebook.enter(entries, By(name="the demo"), self._clock.now())

    def have_habits(self, email: str) -> None:
        """What a team has after its first week: owners, segments, a few rules that are on.

        Nothing where an earlier start, or the person who looks around, made any of it.
        """
        if Segment.objects.exists() or AlertRule.objects.exists():
            return
        now = self._clock.now()
        demo = Member.objects.get(email__iexact=email)
        customers.edit(_worth_owning(), {"owner": email}, By(name="the demo"), now=now)
        for name, rule in SEGMENTS.items():
            segments.save(segments.Draft(name, rule, owner=demo), now=now, member=demo)
        for key in SWITCHED_ON:
            switched = accept(key, now=now, member=demo)
            alerts.enable(switched, now=now, existing=True, member=demo)

    def progress(self) -> list[dict[str, Any]]:
        """How far the newest run of each site is."""
        found = []
        for site in connections.sites():
            for run in sync.runs(site, limit=1):
                read, expected = sync.progress(run)
                found.append({"site": site.subdomain, "read": read, "expected": expected})
        return found

    def is_loaded(self) -> bool:
        """True when each site has been read to its end once, or its first sync has ended badly."""
        sites = connections.sites()
        done = sync.last_good([site.pk for site in sites])
        return all(
            site.pk in done or (sync.runs(site, limit=1) and not sync.active_run(site))
            for site in sites
        )

    def troubles(self) -> list[str]:
        """A sentence for each site that has never been read to its end."""
        sites = connections.sites()
        done = sync.last_good([site.pk for site in sites])
        newest = [run for site in sites for run in sync.runs(site, limit=1) if site.pk not in done]
        return [f"{run.site.subdomain}: {run.reason} {run.next_step}".strip() for run in newest]

    def has_figures(self) -> bool:
        """True when no account waits for its numbers."""
        return not Touched.objects.exists()

    def sights(self) -> list[dict[str, str]]:
        """Three accounts worth a look, each with the page that shows why."""
        by_mrr = accounts_page(sort="-mrr", limit=200).rows
        owing = accounts_page(sort="-past_due", limit=200).rows
        shared = _first([row for row in by_mrr if len(row.sites) > 1])
        # Amounts of different currencies do not compare, so the most is said in the commonest.
        money, owed = _commonest(r.mrr for r in by_mrr), _commonest(r.past_due for r in owing)
        found = [
            _sight(f"Owes the most {owed}", _most(owing, "past_due", owed), "account_invoices"),
            _sight("One customer, billed by two sites", shared, "account")
            or _sight(f"Pays the most {money}", _most(by_mrr, "mrr", money), "account"),
            _sight(
                "Renews next",
                _first(accounts_page(sort="next_renewal", limit=1).rows),
                "account_subscriptions",
            ),
        ]
        return [sight for sight in found if sight]


def _worth_owning() -> set[int]:
    """The accounts a first owner would take: those that pay the most, and those that owe the most."""
    return {
        row.id
        for order in ("-mrr", "-past_due")
        for row in accounts_page(sort=order, limit=OWNED).rows
    }


def _amounts(amounts: Iterable[Money]) -> str:
    return ", ".join(str(money) for money in amounts)


def _commonest(amounts: Iterable[Iterable[Money]]) -> str:
    """The currency most of these accounts have an amount in; empty when none has any."""
    counted = Counter(money.currency for each in amounts for money in each if money)
    return counted.most_common(1)[0][0] if counted else ""


def _most(rows: Iterable[AccountRow], figure: str, currency: str) -> AccountRow | None:
    """The account with the largest amount of this figure in this currency."""

    def amount(row: AccountRow) -> Decimal:
        return sum((m.amount for m in getattr(row, figure) if m.currency == currency), Decimal(0))

    return max(rows, key=amount, default=None)


def _first(rows: Any) -> AccountRow | None:
    return next(iter(rows), None)


def _sight(why: str, row: AccountRow | None, page: str) -> dict[str, str] | None:
    if row is None:
        return None
    details = {
        "account_invoices": f"{_amounts(row.past_due)} past due",
        "account": f"{_amounts(row.mrr)} a month, {' and '.join(row.sites)}",
        "account_subscriptions": f"on {row.next_renewal_date}",
    }
    return {
        "why": why,
        "who": row.name,
        "detail": details[page],
        "path": reverse(page, args=[row.id]),
    }
