"""Accounts held against the order of definitions: whoever another definition applies to is due.

An account that was touched is scored anyway, by the definition that applies then. Time and the order
itself move accounts too: so every one is held against the order once a local day has begun, and after
definitions were made, moved, switched or given another rule. That is one statement for all accounts.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from tenure.health import faults
from tenure.health.applies import InForce, first_of
from tenure.health.capping import differing
from tenure.health.models import Definition, HealthScore, State
from tenure.metrics.asking import ACCOUNTS, TooCostly, patient
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.rules.sql import bound

PATIENCE_SECONDS = 300  # for every account there is


def ask() -> None:
    """Have every account held against the order with the next tick."""
    Definition.objects.filter(is_fallback=True).update(placed_day=None)


def wanted(now: datetime, settings: Settings) -> bool:
    """Whether a day began, or definitions changed, since accounts were held against the order."""
    fallback = Definition.objects.filter(is_fallback=True).values_list("placed_day", flat=True)
    day = fallback.first()
    return fallback.exists() and (day is None or day < local_day(now, settings.zone))


def place(in_force: Sequence[InForce], now: datetime, settings: Settings) -> int:
    """Make due every account that was not scored by the one of these that applies to it, or by an
    older version of it; how many. One that takes too long to be asked is passed over from now on, and says so."""
    try:
        with patient(PATIENCE_SECONDS):
            return _place(in_force, now, settings)
    except TooCostly:
        left = [one for one in in_force if _in_time(one, now)]
    return _place(left, now, settings)


def _place(in_force: Sequence[InForce], now: datetime, settings: Settings) -> int:
    key = first_of([(one.version.pk, one.where) for one in in_force])
    at = bound(now, "timestamptz")
    statement = _PLACE[0] + at + _PLACE[1] + key + _PLACE[2] + at + ")"
    with transaction.atomic():
        today = local_day(now, settings.zone)
        Definition.objects.filter(is_fallback=True).update(placed_day=today)
        with connection.cursor() as db:
            db.execute(statement.text, statement.values)
            moved = int(db.rowcount)
            return moved + sum(_capped(one, now) for one in in_force if one.caps)


def _capped(one: InForce, now: datetime) -> int:
    """Make due the accounts of a definition for which time let another cap by rule hold, or none."""
    at, version = bound(now, "timestamptz"), bound(one.version.pk, "bigint")
    statement = (
        _CAPPED[0] + at + _CAPPED[1] + version + _CAPPED[2] + at + ") AND " + differing(one.caps)
    )
    with connection.cursor() as db:
        db.execute(statement.text, statement.values)
        return int(db.rowcount)


_CAPPED = (
    "UPDATE health_healthscore h SET next_change_at = ",
    """ FROM customers_account a LEFT JOIN metrics_accountfacts f ON f.account_id = a.id
    WHERE a.id = h.account_id AND a.removed_at IS NULL AND h.version_id = """,
    f" AND h.state <> '{State.ENDED.value}' AND (h.next_change_at IS NULL OR h.next_change_at > ",
)
_PLACE = (
    "UPDATE health_healthscore h SET next_change_at = ",
    " FROM (SELECT a.id, ",
    f""" AS version_id FROM {ACCOUNTS}) placed
    WHERE placed.id = h.account_id AND h.version_id <> placed.version_id AND h.state <> '{State.ENDED.value}'
        AND (h.next_change_at IS NULL OR h.next_change_at > """,
)


def _in_time(one: InForce, now: datetime) -> bool:
    if one.where is None:
        return True
    statement = f"SELECT count(*) FROM {ACCOUNTS} AND " + one.where  # noqa: S608
    try:
        with patient(PATIENCE_SECONDS / 3), connection.cursor() as db:
            db.execute(statement.text, statement.values)
    except TooCostly as error:
        faults.rest(one.version.definition, error.message, now)
        return False
    return True


def make_due(definition_id: int, now: datetime) -> int:
    """Make the accounts that were scored by a definition due; how many."""
    rows = HealthScore.objects.filter(version__definition=definition_id)
    return rows.exclude(state=State.ENDED).update(next_change_at=now)


def waiting(now: datetime) -> int:
    """How many accounts wait to be scored anew."""
    due = HealthScore.objects.filter(next_change_at__lte=now, account__removed_at=None)
    return due.exclude(state=State.ENDED).count()
