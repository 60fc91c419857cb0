"""Judging alert rules: where each holds now, which alerts open, and which resolve by themselves.

Runs for the accounts that were touched, and for all of a rule when its day begins or it is changed.
Nothing here sends anything: an alert that opens is a row, and ``notify`` reads rows.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from tenure.alerts import snoozing
from tenure.alerts.firing import fire
from tenure.alerts.models import OPEN, Alert, AlertRule, Watch
from tenure.alerts.resolving import settle
from tenure.metrics.days import local_day
from tenure.metrics.settings import current
from tenure.rules.catalogue import Catalogue
from tenure.rules.context import Context
from tenure.rules.errors import RuleRefused
from tenure.rules.sql import Sql, bound
from tenure.rules.sql import ids as listed
from tenure.segments.catalogue import catalogue, context
from tenure.segments.inside import inside
from tenure.segments.question import ACCOUNTS, Question, question

CHUNK = 10_000


def judge(account_ids: Iterable[int], now: datetime) -> int:
    """Judge every enabled rule for these accounts; the answer counts alerts opened and resolved."""
    ids = sorted(set(account_ids))
    rules = list(AlertRule.objects.filter(enabled=True).prefetch_related("scope"))
    if not rules or not ids:
        return 0
    known, when = catalogue(), context(now)
    return sum(
        _judge(rule, ids[start : start + CHUNK], known, when)
        for start in range(0, len(ids), CHUNK)
        for rule in rules
    )


def judge_all(now: datetime, rules: Collection[AlertRule] | None = None) -> int:
    """Judge these rules, or every enabled one, for every account."""
    chosen = AlertRule.objects.filter(enabled=True).prefetch_related("scope")
    if rules is not None:
        chosen = chosen.filter(pk__in=[rule.pk for rule in rules])
    listed = list(chosen)
    if not listed:
        return 0
    known, when = catalogue(), context(now)
    moved = sum(_judge(rule, None, known, when) for rule in listed)
    AlertRule.objects.filter(pk__in=[rule.pk for rule in listed]).update(judged_day=when.today)
    return moved


def begin_day(now: datetime) -> int:
    """Judge every account once a local day has begun: conditions speak of days."""
    today = local_day(now, current().zone)
    waiting = AlertRule.objects.filter(Q(judged_day=None) | Q(judged_day__lt=today), enabled=True)
    return judge_all(now, list(waiting))


def ripen(now: datetime) -> int:
    """Open and resolve what only waited for time to pass: conditions that now held long enough, calm
    that lasted, snoozes that ended."""
    woken = snoozing.end(now)
    late = Watch.objects.filter(fired=False, alert_rule__enabled=True)
    rules = set(late.values_list("alert_rule_id", flat=True))
    calm = Alert.objects.filter(state__in=OPEN, calm_since__isnull=False)
    rules |= set(calm.values_list("alert_rule_id", flat=True))
    chosen = list(AlertRule.objects.filter(pk__in=rules, enabled=True).prefetch_related("scope"))
    if not chosen:
        return woken
    known, when = catalogue(), context(now)
    return woken + sum(_move_on(rule, known, when) for rule in chosen)


def _move_on(rule: AlertRule, known: Catalogue, when: Context) -> int:
    """Open and resolve of one rule what is due, without looking anew where it holds."""
    asked = _asked(rule, known, when)
    if asked is None:
        return 0
    with transaction.atomic():
        _alone(rule)
        return fire(rule, asked, None) + settle(rule, asked, None)


def _judge(rule: AlertRule, ids: Sequence[int] | None, known: Catalogue, when: Context) -> int:
    asked = _asked(rule, known, when)
    if asked is None:
        return 0
    with transaction.atomic():
        _alone(rule)
        watch(rule, asked, ids)
        moved = fire(rule, asked, ids) + settle(rule, asked, ids)
        moved += snoozing.changed(rule, asked, ids)
        AlertRule.objects.filter(pk=rule.pk).update(judged_at=when.now, fault="")
    return moved


def _asked(rule: AlertRule, known: Catalogue, when: Context) -> Question | None:
    """The rule's condition, ready to be asked; None, and the reason kept, when it or its resolve
    condition can no longer be asked: one rule's fault must not hold up a sync."""
    try:
        if rule.resolve.strip():
            question(rule.resolve, when.now, known=known, when=when)
        return question(rule.rule, when.now, known=known, when=when)
    except RuleRefused as error:
        AlertRule.objects.filter(pk=rule.pk).exclude(fault=str(error)).update(fault=str(error))
        return None


def _alone(rule: AlertRule) -> None:
    """Two judgements of one rule wait for each other."""
    with connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(hashtext('tenure.alerts'), %s)", [rule.pk])


def condition(rule: AlertRule, asked: Question) -> Sql:
    """The rule's condition within its scope: the segments it is limited to, if any."""
    return within(asked, [segment.pk for segment in rule.scope.all()])


def within(asked: Question, scope: Sequence[int]) -> Sql:
    """A condition for the members of these segments; for everyone when none is named."""
    if not scope:
        return "(" + asked.sql + ")"
    return "(" + asked.sql + ") AND " + inside(scope)


def watch(rule: AlertRule, asked: Question, ids: Sequence[int] | None) -> None:
    """Note since when the condition holds where it holds, and forget where it holds no longer."""
    one, now = bound(rule.pk, "bigint"), bound(asked.context.now, "timestamptz")
    chosen = Sql("") if ids is None else " AND a.id = ANY(" + listed(ids) + ")"
    theirs = Sql("") if ids is None else " AND w.account_id = ANY(" + listed(ids) + ")"
    # A full join is never made row by row against row, however wrong the guess of how many there are.
    statement = (
        f"WITH holds AS MATERIALIZED (SELECT a.id FROM {ACCOUNTS}"
        + chosen
        + " AND "
        + condition(rule, asked)
        + "), moved AS MATERIALIZED (SELECT holds.id AS come, w.account_id AS gone FROM holds"
        + " FULL JOIN (SELECT w.account_id FROM alerts_watch w WHERE w.alert_rule_id = "
        + one
        + theirs
        + ") w ON w.account_id = holds.id WHERE holds.id IS NULL OR w.account_id IS NULL)"
        + ", forgotten AS (DELETE FROM alerts_watch w WHERE w.alert_rule_id = "
        + one
        + " AND w.account_id = ANY(ARRAY(SELECT gone FROM moved WHERE gone IS NOT NULL)))"
        + " INSERT INTO alerts_watch (alert_rule_id, account_id, since, fired) SELECT "
        + one
        + ", come, "
        + now
        + ", false FROM moved WHERE come IS NOT NULL"
        + " ON CONFLICT (alert_rule_id, account_id) DO NOTHING"
    )
    with connection.cursor() as db:
        db.execute(statement.text, statement.values)


def baseline(rule: AlertRule, now: datetime) -> int:
    """Take what holds already as known: only what becomes true from now on will fire. The answer
    counts the accounts."""
    asked = question(rule.rule, now)
    with transaction.atomic():
        _alone(rule)
        watch(rule, asked, None)
        return Watch.objects.filter(alert_rule=rule, fired=False).update(fired=True)
