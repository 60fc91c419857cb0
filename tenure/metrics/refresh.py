"""Measuring accounts: read what changed, compute every figure anew, write the rows that differ.

Cost follows the accounts asked for, not the base: four statements a chunk, with invoices and
payments summed inside the database.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from tenure.core.chunks import chunks
from tenure.customers.models import Account
from tenure.metrics import mrr_steps, points, subscription_facts
from tenure.metrics.days import local_day
from tenure.metrics.facts import Exchange, columns_of
from tenure.metrics.inputs import Settings
from tenure.metrics.ledger_sql import Books, books
from tenure.metrics.models import AccountFacts, SubscriptionFacts
from tenure.metrics.rates import in_force
from tenure.metrics.receivables import of_ledgers
from tenure.metrics.rollup import account_rollup
from tenure.metrics.settings import current
from tenure.metrics.stored import subscriptions_of
from tenure.metrics.write import close, save

CHUNK = 1_000


def measure(
    account_ids: Iterable[int],
    now: datetime,
    *,
    zone: str | None = None,
    settings: Settings | None = None,
) -> int:
    """Bring the facts of these accounts up to date at ``now``; the answer counts rows that changed.

    By the workspace's settings unless said otherwise; ``zone`` replaces theirs alone. Each chunk is a transaction of its own unless the caller is in one. Two measurements of one
    account wait for each other, so the later reading is the one that stays.
    """
    chosen = settings or current(zone)
    written = 0
    for chunk in chunks(sorted(set(account_ids)), CHUNK):
        with transaction.atomic():
            alone(chunk)
            written += _measure(chunk, now, chosen)
    return written


def due(now: datetime, *, limit: int = 10_000) -> list[int]:
    """Accounts whose facts a date alone may have changed by now, the longest waiting first."""
    overdue = AccountFacts.objects.filter(next_change_at__lte=now).order_by("next_change_at")
    return list(overdue.values_list("account_id", flat=True)[:limit])


def unmeasured(*, limit: int = 10_000) -> list[int]:
    """Accounts that have no facts yet."""
    missing = Account.objects.filter(facts=None, removed_at=None).order_by("pk")
    return list(missing.values_list("pk", flat=True)[:limit])


def _measure(account_ids: Sequence[int], now: datetime, settings: Settings) -> int:
    account_ids = _living(account_ids, now)
    subscriptions = subscriptions_of(account_ids)
    accounts = books(account_ids, now, settings)
    exchange = exchange_at(now, settings)
    rows, rollups = [], {}
    for account_id in account_ids:
        account = accounts.get(account_id) or Books()
        rollup = account_rollup(
            subscriptions.get(account_id, ()), now, settings, past_due_days=account.past_due_days
        )
        rollups[account_id] = rollup
        receivables = of_ledgers(account.ledgers.values(), now, settings)
        rows.append(columns_of(account_id, rollup, receivables, now, exchange))
    subscription_facts.save(rollups, now, settings)
    mrr_steps.make(points.record(rollups, now, settings))
    return save(rows)


def exchange_at(now: datetime, settings: Settings) -> Exchange:
    """The workspace's currency with the rates in force on the day of ``now``."""
    day = local_day(now, settings.zone)
    return Exchange(settings.currency, day, in_force(day, settings))


def _living(account_ids: Sequence[int], now: datetime) -> list[int]:
    """Those that are not hidden; what a hidden account had as figures is past."""
    hidden = Account.objects.filter(pk__in=account_ids).exclude(removed_at=None)
    gone = set(hidden.values_list("pk", flat=True))
    if gone:
        close(gone, now)
        SubscriptionFacts.objects.filter(account_id__in=gone).delete()
    return [pk for pk in account_ids if pk not in gone]


def alone(account_ids: Collection[int]) -> None:
    """Wait until nobody else measures these accounts, and keep others waiting until the end.

    Rows are locked in the order of their ids, so two chunks never wait for each other. Accounts that
    have no facts yet are held by their rows in brief, which every account has.
    """
    ids = list(account_ids)
    with connection.cursor() as db:
        for rows in (_UNMEASURED, _MEASURED):
            db.execute(f"SELECT count(*) FROM ({rows} {_IN_ORDER}) locked", [ids])  # noqa: S608


_IN_ORDER = "ORDER BY account_id FOR NO KEY UPDATE"
_UNMEASURED = (
    "SELECT 1 FROM metrics_accountbrief WHERE account_id = ANY(%s) AND live AND NOT measured"
)
_MEASURED = "SELECT 1 FROM metrics_accountfacts WHERE account_id = ANY(%s)"
