"""The classic rules as they are suggested, each with what it is to bring about. That a large amount due is
poor financial health is a cap: ``tests/health/test_capping.py``."""

from typing import Any

import pytest

from tenure.access.models import Member
from tenure.alerts.models import Alert, Kind
from tenure.alerts.suggested import accept
from tenure.alerts.write import enable
from tenure.notify.collect import collect
from tenure.notify.deliver import deliver
from tenure.tasks.models import Task
from tenure.tasks.write import from_alerts
from tests.alerts.conftest import move_
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.notify.receivers import Smtp

pytestmark = pytest.mark.django_db


def money(key: str, amount: str) -> dict[str, Any]:
    short = {"total_paid": "paid", "total_due": "due"}.get(key, key)
    return {key: {"USD": amount}, f"{short}_converted": amount}


@pytest.mark.parametrize(
    ("key", "beyond", "not_yet", "kind", "reason"),
    [
        (
            "paid-large", money("total_paid", "50000.01"), money("total_paid", "50000"),
            Kind.UPSELL, "Beyond has paid 50,000.01 USD.",
        ),
        (
            "due-large", money("total_due", "50000.01"), money("total_due", "50000"),
            Kind.RISK, "Beyond owes 50,000.01 USD.",
        ),
        (
            "billed-small", money("billed", "49999.99"), money("billed", "50000"),
            Kind.RISK, "Beyond was billed 49,999.99 USD in all.",
        ),
        (
            "overdue-large", money("past_due", "50000.01"), money("past_due", "50000"),
            Kind.RISK, "Beyond is overdue with 50,000.01 USD.",
        ),
        (
            "overdue-invoices", {"past_due_count": 3}, {"past_due_count": 2},
            Kind.RISK, "Beyond has 3 overdue invoices.",
        ),
    ],
)  # fmt: skip
def test_a_classic_rule_opens_its_alert_tells_the_owner_by_mail_and_makes_its_task(
    ann: Member,
    smtp: Smtp,
    key: str,
    beyond: dict[str, Any],
    not_yet: dict[str, Any],
    kind: str,
    reason: str,
) -> None:
    for name, figures in (("Beyond", beyond), ("Just not", not_yet)):
        move_(rows.an_account(name, owner=ann), NOW, **figures)
    rule = accept(key, now=NOW)
    assert not Alert.objects.exists()
    enable(rule, now=NOW, existing=True)
    alert = Alert.objects.get()
    assert (alert.reason, alert.kind, alert.owner) == (reason, kind, ann)
    collect(NOW)
    deliver(NOW)
    assert smtp.recipients == [ann.email]
    assert reason in str(smtp.mails[0].get_payload())
    from_alerts(NOW)
    tasks = list(Task.objects.values_list("title", "owner"))
    wanted = [("Call Beyond about the overdue invoices.", ann.pk)]
    assert tasks == (wanted if key == "overdue-large" else [])
