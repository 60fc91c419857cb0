"""A run as a person watches it: how far, how fast, how much longer, in numbers that are real."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenure.sync.models import Run, StreamRun, StreamState

LABELS = {
    "custom_field_definitions": "Custom fields",
    "plans": "Plans",
    "accounts": "Accounts",
    "subscriptions": "Subscriptions",
    "invoices": "Invoices",
    "transactions": "Transactions",
    "credit_payments": "Credit payments",
    "coupon_redemptions": "Coupons of accounts",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One stream as drawn. ``of`` is None until upstream said how much there is."""

    row: StreamRun
    label: str
    of: int | None
    share: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole run. ``remaining`` is an estimate, None when there is nothing to base one on."""

    run: Run
    lines: Sequence[Line]
    read: int
    expected: int | None
    share: int
    lasted: timedelta | None
    per_second: float | None
    remaining: timedelta | None
    changed: int
    quarantined: int

    @property
    def words(self) -> str:
        """The progress in one sentence, for the live region."""
        run = self.run
        if run.is_active and self.expected:
            return f"{self.read:,} of about {self.expected:,} records read, {self.share} per cent."
        if run.is_active:
            return f"{self.read:,} records read." if self.read else "Waiting for the worker."
        return f"Run {run.pk} of {run.site.subdomain}: {run.get_state_display().lower()}, {self.read:,} records read."


def progress(run: Run, now: datetime) -> Progress:
    """The progress of a run whose site and streams are loaded. ``now`` is by a real clock."""
    lines = [_line(row) for row in run.streams.all()]
    read = sum(line.row.read for line in lines)
    expected = sum(max(line.of or 0, line.row.read) for line in lines) or None
    lasted = (run.finished_at or now) - run.started_at if run.started_at else None
    pace = read / lasted.total_seconds() if lasted and lasted.total_seconds() >= 1 else None
    left = (expected - read) / pace if pace and expected and run.is_active else None
    return Progress(
        run=run,
        lines=lines,
        read=read,
        expected=expected,
        share=_share(read, expected, done=not run.is_active and run.state == "complete"),
        lasted=lasted,
        per_second=pace,
        remaining=timedelta(seconds=left) if left else None,
        changed=sum(line.row.created + line.row.updated + line.row.removed for line in lines),
        quarantined=sum(line.row.quarantined for line in lines),
    )


def _line(row: StreamRun) -> Line:
    done = row.state == StreamState.DONE
    return Line(
        row,
        LABELS.get(row.stream, row.stream),
        row.expected,
        _share(row.read, row.expected, done=done),
    )


def _share(read: int, expected: int | None, *, done: bool) -> int:
    """Per cent read; a hundred only when it is done, because a growing site is never quite read."""
    if done:
        return 100
    return min(99, read * 100 // expected) if expected else 0
