"""Opening alerts: once for a rule, an account and a cause, with everything said of the moment frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import Exists, OuterRef

from tenure.alerts import mutes
from tenure.alerts.chosen import of_accounts
from tenure.alerts.message import rendered
from tenure.alerts.models import OPEN, Alert, AlertEvent, AlertRule, Severity, State, Watch
from tenure.alerts.staleness import how_old, speaks_of_days
from tenure.customers.models import Account
from tenure.metrics.models import AccountFacts
from tenure.rules.context import Context
from tenure.segments.explain import Explanation, explain_all
from tenure.segments.question import Question

AT_ONCE = 500  # alerts of one rule opened in one transaction; the rest follow with the next tick
THRESHOLDS = (Decimal(200), Decimal(1000), Decimal(5000))
GRAVE = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
RANKS = {one: rank for rank, one in enumerate(GRAVE, 1)}


@dataclass(frozen=True, slots=True)
class Stake:
    """The MRR that an alert is about: converted, or the largest amount in one currency."""

    amount: Decimal | None
    currency: str


def fire(rule: AlertRule, asked: Question, ids: Sequence[int] | None) -> int:
    """Open the alerts whose conditions have held long enough; counts them. In a transaction."""
    _same_episode(rule, ids)
    waiting = _waiting(rule, asked.context, ids)
    if not waiting:
        return 0
    accounts = Account.objects.select_related("owner").in_bulk([w.account_id for w in waiting])
    stakes = stakes_of(accounts)
    old = how_old(accounts) if speaks_of_days(asked.meant) else {}
    seen = explain_all(asked, accounts)
    opened = Alert.objects.bulk_create(
        [
            _alert(rule, asked, one, accounts[one.account_id], seen, stakes, old)
            for one in waiting
            if one.account_id in accounts
        ],
        ignore_conflicts=True,  # the same cause twice is one alert (P3)
    )
    Watch.objects.filter(pk__in=[one.pk for one in waiting]).update(fired=True)
    return _begun(rule, [alert.account_id for alert in opened], asked.context.now)


def _same_episode(rule: AlertRule, ids: Sequence[int] | None) -> None:
    """A condition that flickered while its alert was open is the same trouble, not another."""
    still = Alert.objects.filter(alert_rule=rule, account=OuterRef("account"), state__in=OPEN)
    again = Watch.objects.filter(Exists(still), alert_rule=rule, fired=False)
    of_accounts(again, ids).update(fired=True)


def stakes_of(accounts: Mapping[int, Account]) -> dict[int, Stake]:
    """The MRR at stake for each account."""
    found = {}
    for facts in AccountFacts.objects.filter(pk__in=list(accounts)):
        if facts.mrr_converted is not None:
            found[facts.pk] = Stake(facts.mrr_converted, facts.converted_currency)
        else:
            found[facts.pk] = Stake(facts.mrr_sort, facts.main_currency)
    return found


def severity_of(rule: AlertRule, stake: Stake) -> Severity:
    """The rule's own severity, or the one its thresholds give to the MRR at stake."""
    if rule.severity != Severity.AUTO:
        return Severity(rule.severity)
    limits = [Decimal(str(one)) for one in rule.thresholds] or list(THRESHOLDS)
    amount = stake.amount or Decimal(0)
    return GRAVE[sum(amount >= limit for limit in limits)]


def possible_severities(severity: str, thresholds: Sequence[Decimal]) -> list[Severity]:
    """The severities that alerts of a rule may have: its own, or those its thresholds leave room for."""
    if severity != Severity.AUTO:
        return [Severity(severity)]
    limits = [Decimal(0), *(thresholds or THRESHOLDS)]
    rising = [low < high for low, high in pairwise(limits)]
    return [one for one, room in zip(GRAVE, [*rising, True], strict=True) if room]


def _waiting(rule: AlertRule, when: Context, ids: Sequence[int] | None) -> list[Watch]:
    """Conditions that have held long enough and may open an alert: none ended within the
    cool-down, and nobody muted it."""
    alerts = Alert.objects.filter(alert_rule=rule, account=OuterRef("account"))
    now = when.now
    quiet_since = now - timedelta(days=rule.cooldown_days)
    busy = alerts.filter(ended_at__gt=quiet_since)
    muted = mutes.on(when.today).filter(alert_rule=rule, account=OuterRef("account"))
    found = Watch.objects.filter(
        ~Exists(busy),
        ~Exists(muted),
        alert_rule=rule,
        fired=False,
        since__lte=now - timedelta(days=rule.for_days),
    )
    return list(of_accounts(found, ids).order_by("since", "pk")[:AT_ONCE])


def _alert(
    rule: AlertRule,
    asked: Question,
    one: Watch,
    account: Account,
    seen: Mapping[int, Explanation],
    stakes: Mapping[int, Stake],
    old: Mapping[int, str],
) -> Alert:
    stake = stakes.get(account.pk, Stake(None, ""))
    lines = seen[account.pk].lines
    severity = severity_of(rule, stake)
    owner = account.owner or rule.fallback
    about = _about(account, stake)

    def said(template: str) -> str:
        return rendered(template, lines, about, asked.catalogue)

    return Alert(
        alert_rule=rule,
        version=rule.version,
        account=account,
        kind=rule.kind,
        severity=severity,
        severity_rank=RANKS[severity],
        cause=one.since.isoformat(),
        reason=said(rule.message),
        to_do=said(rule.task),
        to_note=said(rule.note),
        evidence=[line.as_json() for line in lines],
        at_stake=stake.amount,
        at_stake_currency=stake.currency,
        owner=owner,
        stale=old.get(account.pk, ""),
        opened_at=asked.context.now,
    )


def _about(account: Account, stake: Stake) -> Mapping[str, str]:
    """What every text may say, whatever its rule compares."""
    amount = "unknown" if stake.amount is None else f"{stake.amount:,.2f} {stake.currency}"
    return {
        "name": account.name,
        "identifier": account.identifier,
        "owner": str(account.owner) if account.owner else "nobody",
        "at_stake": amount,
    }


def _begun(rule: AlertRule, account_ids: Sequence[int], now: datetime) -> int:
    """Write the first line of each new alert's history; counts them."""
    new = Alert.objects.filter(
        alert_rule=rule, account_id__in=account_ids, opened_at=now, state=State.NEW, events=None
    )
    events = [AlertEvent(alert=alert, action="open", state=State.NEW, at=now) for alert in new]
    return len(AlertEvent.objects.bulk_create(events))
