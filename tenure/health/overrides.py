"""A person's word in place of the computed score: which holds, what it says, and when it ends."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tenure.customers.write import ValueRefused
from tenure.health.models import Band, Override, OverrideKind, State
from tenure.health.score import LONGEST_OVERRIDE_DAYS, Definition
from tenure.metrics.days import midnight

BANDS = (Band.GREEN, Band.AMBER, Band.RED)


def in_force(account_ids: Collection[int], today: date) -> dict[int, Override]:
    """The word that holds on this local day, by account; accounts without one are absent."""
    rows = Override.objects.raw(_IN_FORCE, [list(account_ids), today])
    return {row.account_id: row for row in rows}


# One array instead of a thousand values: the text of the statement stays the same and short.
_IN_FORCE = """
    SELECT * FROM health_override
    WHERE account_id = ANY(%s) AND until >= %s AND ended_at IS NULL ORDER BY made_at, id
"""


def of_account(account_id: int, limit: int = 20, *, at: datetime | None = None) -> list[Override]:
    """What people set for this account, the newest first; with ``at`` as it stood at that instant."""
    rows = Override.objects.filter(account_id=account_id).select_related("member")
    if at:
        rows = rows.filter(made_at__lte=at)
    found = list(rows.order_by("-made_at", "-pk")[:limit])
    for one in found:
        if at and one.ended_at and one.ended_at > at:
            one.ended_at, one.ended_by = None, ""
    return found


def word(override: Override, definition: Definition) -> tuple[State, str | None, str]:
    """The state, score and band that people see while it holds."""
    if override.kind == OverrideKind.FREEZE:
        score = None if override.score is None else str(override.score)
        return State.FROZEN, score, override.band
    if override.kind == OverrideKind.BAND or override.score is None:
        return State.OVERRIDDEN, None, override.band
    return State.OVERRIDDEN, str(override.score), definition.band(override.score)


def ends_at(override: Override, zone: ZoneInfo) -> datetime:
    """The midnight after its last local day."""
    return midnight(override.until + timedelta(days=1), zone)


def checked_reason(reason: str) -> str:
    """The reason as it is kept. Raises ValueRefused without one."""
    kept = reason.replace("\x00", "").strip()
    if not kept:
        raise ValueRefused(
            "reason",
            "A reason is missing: whoever sees the score later needs to know why it was set.",
            "Say in a few words what you know that the figures do not.",
        )
    return kept[:2_000]


def checked_until(until: date | None, today: date) -> date:
    """The last day as it is kept. Raises ValueRefused for none, the past, or too far ahead."""
    longest = today + timedelta(days=LONGEST_OVERRIDE_DAYS)
    if until is None or not today <= until <= longest:
        raise ValueRefused(
            "until",
            f"The last day must lie between today, {today.isoformat()}, and"
            f" {longest.isoformat()}: what a person sets holds for {LONGEST_OVERRIDE_DAYS} days at"
            " most, and then the computed score returns by itself.",
            "Choose a day in that time; it can be set anew later.",
        )
    return until


def checked_score(given: str) -> Decimal:
    """A score from 0 to 100 with one decimal. Raises ValueRefused."""
    try:
        score = Decimal(given.strip())
    except ArithmeticError:
        raise ValueRefused("score", f"“{given[:40]}” is not a number.", "As in 82.5.") from None
    if not score.is_finite() or not 0 <= score <= 100 or score != round(score, 1):
        raise ValueRefused("score", f"“{given[:40]}” is not a score.", "From 0 to 100, as in 82.5.")
    return score


def checked_band(given: str) -> str:
    """Green, amber or red. Raises ValueRefused."""
    if given not in BANDS:
        raise ValueRefused("band", f"There is no band “{given[:40]}”.", "Green, amber or red.")
    return given
