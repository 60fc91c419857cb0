"""Questions about alerts: the inbox, one alert with everything around it, rules with their record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet

from tenure.alerts.models import (
    OPEN,
    Alert,
    AlertEvent,
    AlertRule,
    AlertRuleVersion,
    Outcome,
    State,
)
from tenure.core.errors import ConfigurationError
from tenure.core.money import Money
from tenure.metrics.amounts import stored
from tenure.segments.explain import Explanation, explain
from tenure.segments.question import question

ORDERS = {
    "-at_stake": (F("at_stake").desc(nulls_last=True), F("pk").desc()),
    "-opened": (F("opened_at").desc(), F("pk").desc()),
    "opened": (F("opened_at").asc(), F("pk").asc()),
    "-severity": (F("severity_rank").desc(), F("at_stake").desc(nulls_last=True), F("pk").desc()),
}
LAST_CLOSURES = 20
# What a list may be asked for, as states; nothing is any.
STATES: Mapping[str, Sequence[str]] = {
    "open": OPEN,
    **{one.value: (one.value,) for one in State},
    "all": (),
}


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """A rule with what came of it: ``precision`` is the share of closed alerts that were a risk."""

    rule: AlertRule
    open: int
    fired_7d: int
    fired_30d: int
    median_days_to_close: float | None
    precision: float | None
    mostly_no_risk: bool
    outcomes: Mapping[str, int] = field(default_factory=dict)


def inbox(
    *,
    owner_id: int | None = None,
    states: Sequence[str] = (State.NEW, State.ACKNOWLEDGED),
    kind: str = "",
    rule_id: int | None = None,
    account_id: int | None = None,
    severity: str = "",
    unowned: bool = False,
    sort: str = "-at_stake",
) -> QuerySet[Alert]:
    """Alerts as the inbox lists them; ``unowned`` are those of nobody. Raises ConfigurationError for
    an unknown order."""
    if sort not in ORDERS:
        raise ConfigurationError(
            f"Alerts cannot be sorted by “{sort}”.", next_step=f"Use one of {', '.join(ORDERS)}."
        )
    chosen: dict[str, Any] = {
        "owner_id": owner_id,
        "kind": kind or None,
        "alert_rule_id": rule_id,
        "account_id": account_id,
        "severity": severity or None,
    }
    rows = Alert.objects.select_related("account", "owner", "alert_rule")
    rows = rows.filter(**{name: value for name, value in chosen.items() if value is not None})
    if states:
        rows = rows.filter(state__in=states)
    if unowned:
        rows = rows.filter(owner=None)
    return rows.order_by(*ORDERS[sort])


def one(pk: int) -> Alert | None:
    """The alert with its rule, account and owner; None when there is none."""
    found = Alert.objects.select_related("account", "owner", "alert_rule")
    return found.filter(pk=pk).first()


def at_stake(rows: QuerySet[Alert]) -> list[Money]:
    """The MRR that alerts are about, one amount a currency; an account counts once, however many
    alerts it has."""
    amounts: dict[str, Decimal] = {}
    of_accounts = (
        rows.order_by()
        .exclude(at_stake=None)
        .values("account", "at_stake_currency")
        .annotate(most=Max("at_stake"))
    )
    for row in of_accounts:
        code = row["at_stake_currency"]
        amounts[code] = amounts.get(code, Decimal(0)) + row["most"]
    return [Money(stored(amounts[code]), code) for code in sorted(amounts) if code]


def history(alert: Alert) -> list[AlertEvent]:
    """Every step of its life, the first one first."""
    return list(alert.events.select_related("member").order_by("pk"))


def others_open(alert: Alert, *, most: int = 10) -> list[Alert]:
    """The other alerts that are open for its account."""
    rows = inbox(account_id=alert.account_id, states=OPEN).exclude(pk=alert.pk)
    return list(rows[:most])


def same_before(alert: Alert, *, most: int = 10) -> list[Alert]:
    """The alerts its rule opened for its account at other times, the newest first."""
    rows = inbox(account_id=alert.account_id, rule_id=alert.alert_rule_id, states=())
    return list(rows.exclude(pk=alert.pk).order_by("-opened_at", "-pk")[:most])


def open_of(account_id: int, *, limit: int) -> list[Alert]:
    """An account's open alerts, the most severe first."""
    return list(inbox(account_id=account_id, states=OPEN, sort="-severity")[:limit])


def steps_of(account_id: int, *, limit: int, before: datetime | None = None) -> list[AlertEvent]:
    """What happened to an account's alerts, the newest first, from before an instant on."""
    rows = AlertEvent.objects.filter(alert__account=account_id)
    rows = rows.select_related("alert__alert_rule", "member").order_by("-at", "-pk")
    return list((rows.filter(at__lt=before) if before else rows)[:limit])


def rule(pk: int) -> AlertRule | None:
    """The rule of this number; None when there is none."""
    return (
        AlertRule.objects.prefetch_related("scope").select_related("fallback").filter(pk=pk).first()
    )


def rules() -> list[AlertRule]:
    """All rules in the order of names."""
    return list(AlertRule.objects.all())


def versions(rule: AlertRule) -> list[AlertRuleVersion]:
    """Every version of a rule, the newest first."""
    return list(rule.versions.select_related("member").order_by("-number"))


def version(alert: Alert) -> AlertRuleVersion | None:
    """The version of its rule that opened the alert."""
    return AlertRuleVersion.objects.filter(
        alert_rule=alert.alert_rule_id, number=alert.version
    ).first()


def open_counts(
    account_ids: Sequence[int], *, at: datetime | None = None
) -> "QuerySet[Alert, tuple[int, int]]":
    """Each of these accounts that has open alerts, or had right before an instant, with how many; the
    others are not among them."""
    rows = Alert.objects.filter(account_id__in=list(account_ids)).order_by()
    if at:
        rows = rows.filter(Q(ended_at=None) | Q(ended_at__gte=at), opened_at__lt=at)
    else:
        rows = rows.filter(state__in=OPEN)
    return rows.values_list("account").annotate(count=Count("pk"))


def now_of(alert: Alert, now: datetime) -> Explanation | None:
    """What the alert's rule sees of its account now; None when the rule can no longer be asked."""
    try:
        return explain(question(alert.alert_rule.rule, now), alert.account_id)
    except ConfigurationError:
        return None


def rule_named(name: str) -> AlertRule:
    """The rule of this name, in any case. Raises ConfigurationError that lists what there is."""
    found = AlertRule.objects.filter(name__iexact=name.strip()).first()
    if found:
        return found
    known = ", ".join(AlertRule.objects.values_list("name", flat=True)[:20]) or "none yet"
    raise ConfigurationError(
        f"There is no alert rule {name!r}.", next_step=f"There are these: {known}."
    )


def records(now: datetime) -> list[RuleRecord]:
    """Every rule with its record, in the order of names."""
    return [
        _record(rule, now)
        for rule in AlertRule.objects.select_related("created_by", "fallback").prefetch_related(
            "scope"
        )
    ]


def _record(rule: AlertRule, now: datetime) -> RuleRecord:
    week, month = now - timedelta(days=7), now - timedelta(days=30)
    counts = rule.alerts.aggregate(
        open=Count("pk", filter=Q(state__in=OPEN)),
        week=Count("pk", filter=Q(opened_at__gt=week)),
        month=Count("pk", filter=Q(opened_at__gt=month)),
    )
    closed = list(
        rule.alerts.filter(state=State.CLOSED)
        .order_by("-ended_at")
        .values_list("opened_at", "ended_at", "outcome")[:200]
    )
    days = [(ended - opened) / timedelta(days=1) for opened, ended, _ in closed if ended]
    wrong = {Outcome.NO_RISK, Outcome.WRONG_DATA}
    right = sum(outcome not in wrong for *_, outcome in closed)
    latest = [outcome for *_, outcome in closed[:LAST_CLOSURES]]
    misses = sum(outcome in wrong for outcome in latest)
    return RuleRecord(
        rule,
        counts["open"],
        counts["week"],
        counts["month"],
        round(median(days), 1) if days else None,
        right / len(closed) if closed else None,
        len(latest) >= LAST_CLOSURES and misses * 2 > len(latest),
        Counter(outcome for *_, outcome in closed),
    )
