"""Fifty alert rules over a hundred thousand accounts, of which a sync has touched a thousand.

The rules are of every kind: figures and related rows, days, changes against earlier versions, conditions
that must last, limits to segments, resolve conditions apart from the opposite. They are switched on, so
that where they hold is known; then a thousand accounts from all over the base are touched, bills of some
fall due or are paid, prices of others move, and the stages run as a worker runs them.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks import seeding
from benchmarks.database import filled_database, processor_seconds
from benchmarks.seeding import NOW

TOUCHED, ROUNDS, BAR_SECONDS, RULES = 1_000, 4, 5, 50
PAST_DAYS = 90
# Condition over a number from 1 to 9, days it must last, resolve condition, segments it is limited to.
KINDS: tuple[tuple[str, int, str, tuple[str, ...]], ...] = (
    ("past_due > {n}000", 0, "past_due < {n}00", ()),
    ("past_due_count >= {n}", 0, "past_due_count = 0", ()),
    ("oldest_past_due_days >= {n}0", 0, "", ("Strategic",)),
    ("mrr fell by {n} % in 30 days", 0, "", ()),
    ("mrr rose by {n}0 % in 30 days and mrr > 100", 0, "", ("Small",)),
    ("health = red and mrr > {n}00", 3, "health != red", ()),
    ("health_score < {n}0 for 7 days", 0, "health_score > {n}5", ()),
    ("next_renewal_date in next {n}0 days and past_due_count > 0", 0, "", ()),
    ("any invoice (state = past_due and balance > {n}00)", 0, "", ()),
    ("any subscription (trial_ends in next {n} days)", 0, "", ()),
    ("count invoices (state = past_due) >= {n} and mrr > 50", 0, "", ("Strategic", "Small")),
    ("last_paid_date more than {n}0 days ago and mrr > 0", 7, "", ()),
    ("subscription_status changed in {n} days", 0, "", ()),
)
BACK_TESTED = ("past_due > 1000", "mrr fell by 20 % in 30 days", "past_due_count > 1 and mrr > 500")


@dataclass(frozen=True, slots=True)
class Took:
    """What one turn of a stage took."""

    seconds: float
    processor: float
    statements: int


def main(words: Sequence[str]) -> int:
    """Print the tables; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(prog="./run bench alerts", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--home", help="a folder to keep the filled database in, for the next time")
    parser.add_argument("--back-test", action="store_true", help="of three rules over 90 days, too")
    options = parser.parse_args(words)

    def fill() -> None:
        seeding.fill(options.accounts, history=True)
        began = time.monotonic()
        _switch_on()
        print(f"{RULES} rules switched on, each judged for every account, in {time.monotonic() - began:.0f} s")  # fmt: skip

    with filled_database(options.home, fill):
        slowest = _measure(options.accounts)
        if options.back_test:
            _look_back()
    kept = slowest <= BAR_SECONDS
    print(f"\nBar: {RULES} rules after {TOUCHED:,} touched accounts in {BAR_SECONDS} s: {'kept' if kept else 'missed'}")  # fmt: skip
    return int(not kept)


def _switch_on() -> None:
    from tenure.alerts.write import Draft, enable, save  # noqa: PLC0415 - after Django is set up
    from tenure.segments.models import Segment  # noqa: PLC0415

    for number in range(RULES):
        rule, days, resolve, scope = KINDS[number % len(KINDS)]
        n = 1 + number // len(KINDS) * 2
        draft = Draft(
            f"Rule {number + 1}",
            rule.format(n=n),
            "{name} of {owner}, {at_stake} at stake.",
            scope=list(Segment.objects.filter(name__in=scope)),
            for_days=days,
            resolve=resolve.format(n=n),
            settle_days=number % 2,
            cooldown_days=0,
        )
        enable(save(draft, now=NOW), now=NOW, existing=False)


def _measure(accounts: int) -> float:
    from tenure import flow  # noqa: PLC0415 - after Django is set up
    from tenure.alerts.models import Alert  # noqa: PLC0415

    ids = seeding.spread(accounts, TOUCHED)
    found: dict[str, list[Took]] = {}
    slowest, opened = 0.0, []
    print(f"Load {os.getloadavg()[0]:.0f}, {accounts:,} accounts.\n")
    for turn in range(2 * ROUNDS):
        at = _later()
        _change(ids, at, late=turn % 2 == 0)
        before = Alert.objects.count()
        if turn < ROUNDS:
            for what, work in _stages(ids, at):
                _note(found, what, work)
        else:
            slowest = max(slowest, _note(found, "every stage, as a worker does", lambda at=at: _caught_up(flow, ids, at)))  # fmt: skip
        opened.append(Alert.objects.count() - before)
    print(f"| {TOUCHED:,} touched among {accounts:,} | median | slowest of {ROUNDS} | processor, ours and the database's | statements |\n|---|---|---|---|---|")  # fmt: skip
    for what, took in found.items():
        seconds = [one.seconds for one in took]
        print(f"| {what} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s | {max(one.processor for one in took):.2f} s | {max(one.statements for one in took)} |")  # fmt: skip
    print(f"\nAlerts opened by turn: {', '.join(map(str, opened))}.")
    return slowest


def _stages(ids: Sequence[int], at: datetime) -> Sequence[tuple[str, Callable[[], Any]]]:
    from tenure.alerts import judge  # noqa: PLC0415 - after Django is set up
    from tenure.health import scoring  # noqa: PLC0415
    from tenure.metrics import refresh  # noqa: PLC0415
    from tenure.segments import members  # noqa: PLC0415

    return (
        ("figures", lambda: refresh.measure(ids, at)),
        ("scores", lambda: scoring.score(ids, at)),
        (f"{len(seeding.SEGMENTS)} segments", lambda: members.place(ids, at)),
        (f"{RULES} alert rules", lambda: judge.judge(ids, at)),
    )


def _note(found: dict[str, list[Took]], what: str, work: Callable[[], Any]) -> float:
    used = processor_seconds()
    with _counted() as statements:
        began = time.monotonic()
        work()
        took = time.monotonic() - began
    used = processor_seconds() - used
    found.setdefault(what, []).append(Took(took, used, len(statements)))
    return took


@contextmanager
def _counted() -> Iterator[list[str]]:
    from django.db import connection  # noqa: PLC0415 - after Django is set up

    statements: list[str] = []

    def note(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        yield statements


def _caught_up(flow: Any, ids: Sequence[int], at: datetime) -> None:
    from tenure.customers import touched  # noqa: PLC0415 - after Django is set up

    touched.touch(set(ids), at)
    while flow._refresh_touched(at):
        pass


def _later() -> datetime:
    """A moment after everything that is stored, on the same day: a kept home is measured again."""
    from tenure.alerts.models import AlertRule  # noqa: PLC0415 - after Django is set up

    newest = AlertRule.objects.order_by("-judged_at").values_list("judged_at", flat=True)[0]
    return max(newest or NOW, NOW) + timedelta(seconds=20)


def _change(ids: Sequence[int], at: datetime, *, late: bool) -> None:
    """What a sync might bring: all of them are touched; one in ten owes a bill, and one in five a
    tenth less revenue; then they have paid, and the price is as before."""
    from django.db import connection  # noqa: PLC0415 - after Django is set up

    with connection.cursor() as db:
        db.execute(
            "UPDATE customers_subscription SET unit_amount = unit_amount * CASE WHEN %s THEN 0.9 ELSE 1 / 0.9 END,"
            " updated_at = %s WHERE account_id = ANY(%s)",
            [late, at, list(ids[::5])],
        )
        db.execute(
            "UPDATE customers_invoice SET state = CASE WHEN %(late)s THEN 'past_due' ELSE 'paid' END,"
            " paid = CASE WHEN %(late)s THEN 0 ELSE total END, balance = CASE WHEN %(late)s THEN total ELSE 0 END,"
            " closed_at = CASE WHEN %(late)s THEN NULL ELSE %(at)s::timestamptz END, due_at = %(at)s::timestamptz - interval '40 days',"
            " updated_at = %(at)s WHERE account_id = ANY(%(some)s) AND upstream_id LIKE '%%-1'",
            {"late": late, "at": at, "some": list(ids[::10])},
        )


def _look_back() -> None:
    from tenure.alerts.backtest import backtest  # noqa: PLC0415 - after Django is set up

    print(f"\n| back-test over {PAST_DAYS} days | firings | took |\n|---|---|---|")
    for rule in BACK_TESTED:
        began = time.monotonic()
        seen = backtest(rule, (NOW - timedelta(days=PAST_DAYS)).date(), now=NOW)
        print(
            f"| `{rule}` | {len(seen.firings):,} | {time.monotonic() - began:.1f} s |", flush=True
        )
