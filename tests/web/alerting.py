"""Rules that are on and the alerts they opened, for pages and the browser."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tenure.alerts.models import Alert, AlertRule
from tenure.alerts.write import Draft, enable, save
from tenure.customers.models import Account
from tenure.metrics.refresh import measure
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer

LATE = Draft("Late payers", "past_due_count > 0", "{name} has {past_due_count} overdue invoices.")


def a_rule(
    *, now: datetime = NOW, existing: bool = True, on: bool = True, **values: Any
) -> AlertRule:
    """A rule about overdue invoices that is on, with alerts for whom it holds already."""
    fields = {name: getattr(LATE, name) for name in Draft.__dataclass_fields__} | values
    saved = save(Draft(**fields), now=now)
    return enable(saved, now=now, existing=existing) if on else saved


def an_alert(name: str = "Northwind Robotics", **values: Any) -> Alert:
    """An account with an overdue invoice, and the alert about it."""
    a_customer(name)
    a_rule(**values)
    return Alert.objects.get(account__name=name)


def debtors(count: int, now: datetime = NOW) -> list[Account]:
    """So many accounts with one overdue invoice each, none with the same MRR."""
    made: list[Account] = []
    plan = rows.a_plan(rows.a_site("debtors"))
    for number in range(1, count + 1):
        account = rows.an_account(f"Debtor {number:02}")
        amount = Decimal(100 * number)
        common = {
            "site": plan.site,
            "account_upstream_id": rows.a_billing_account(account, site=plan.site).upstream_id,
        }
        rows.a_subscription(
            account, plan, **common, unit_amount=amount, subtotal=amount, quantity=1
        )
        rows.an_invoice(
            account,
            **common,
            number=f"9{number:03}",
            state="past_due",
            total=Decimal(50),
            balance=Decimal(50),
            created_at=now - timedelta(days=40),
            due_at=now - timedelta(days=20),
        )
        made.append(account)
    measure([one.pk for one in made], now)
    return made
