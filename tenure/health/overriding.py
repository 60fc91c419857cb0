"""Setting a score by hand, freezing it, and ending either: recorded with who, when and why."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from tenure.customers.history import open_set
from tenure.customers.models import Change
from tenure.customers.write import By, ValueRefused
from tenure.health import overrides, scoring
from tenure.health.models import HealthScore, Override, OverrideKind
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.settings import current

KIND = "health"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person sets: a score, a band, or (neither) that the present one stays."""

    reason: str
    until: date | None
    score: str = ""
    band: str = ""


def override(
    account_id: int, wanted: Wanted, by: By, *, now: datetime, settings: Settings | None = None
) -> Override:
    """Put a person's word in place of the score; one that held before ends. Raises ValueRefused."""
    if bool(wanted.score) == bool(wanted.band):
        raise ValueRefused("score", "Give either a score or a band.", "One of the two.")
    if wanted.score:
        values = {"kind": OverrideKind.SCORE, "score": overrides.checked_score(wanted.score)}
    else:
        values = {"kind": OverrideKind.BAND, "band": overrides.checked_band(wanted.band)}
    return _place(account_id, wanted, values, by, now, settings)


def freeze(
    account_id: int, wanted: Wanted, by: By, *, now: datetime, settings: Settings | None = None
) -> Override:
    """Keep the score as it is now, whatever the figures do. Raises ValueRefused without a score."""
    scoring.score([account_id], now, settings=settings)
    held = HealthScore.objects.filter(pk=account_id).first()
    if held is None or held.band == "unknown":
        raise ValueRefused(
            "score",
            "This account has no score that could be kept.",
            "Set one by hand instead, with tenure health override.",
        )
    values = {"kind": OverrideKind.FREEZE, "score": held.score, "band": held.band}
    return _place(account_id, wanted, values, by, now, settings)


def end(
    account_id: int, by: By, *, now: datetime, settings: Settings | None = None
) -> Override | None:
    """Let the computed score speak again; the word that was ended, None when none held."""
    with transaction.atomic():
        held = _held(account_id, now, settings)
        if held:
            _record(account_id, _said(held), None, by, now)
            _end(held, by, now)
            scoring.score([account_id], now, settings=settings)
    return held


def _place(
    account_id: int,
    wanted: Wanted,
    values: dict[str, Any],
    by: By,
    now: datetime,
    settings: Settings | None,
) -> Override:
    today = local_day(now, (settings or current()).zone)
    until = overrides.checked_until(wanted.until, today)
    reason = overrides.checked_reason(wanted.reason)
    with transaction.atomic():
        held = _held(account_id, now, settings)
        if held:
            _end(held, by, now)
        made = Override.objects.create(
            account_id=account_id,
            reason=reason,
            until=until,
            member=by.member,
            made_by=by.signature,
            made_at=now,
            **values,
        )
        because = By(by.origin, by.member, reason, by.name)
        _record(account_id, _said(held) if held else None, _said(made), because, now)
        scoring.score([account_id], now, settings=settings)
    return made


def _held(account_id: int, now: datetime, settings: Settings | None) -> Override | None:
    # Whoever scores or overrides the same account waits for this row.
    HealthScore.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    return overrides.in_force([account_id], local_day(now, (settings or current()).zone)).get(
        account_id
    )


def _end(held: Override, by: By, now: datetime) -> None:
    held.ended_at, held.ended_by = now, by.signature
    held.save(update_fields=["ended_at", "ended_by"])


def _record(account_id: int, old: str | None, new: str | None, by: By, now: datetime) -> None:
    made = open_set(by.origin, now=now, member=by.member, reason=by.reason)
    Change.objects.create(
        change_set=made,
        object_kind=KIND,
        object_id=account_id,
        account_id=account_id,
        changes={"health set by a person": [old, new]},
        at=now,
    )


def _said(one: Override) -> str:
    value = one.band if one.score is None else f"{Decimal(one.score):.1f}"
    verb = "frozen at " if one.kind == OverrideKind.FREEZE else ""
    return f"{verb}{value} until {one.until.isoformat()}"
