"""Taking a run back, or what a person changed: and the numbers follow."""

from datetime import datetime

from django.db import transaction

from tenure.access.models import Member
from tenure.core.errors import ConfigurationError
from tenure.customers import revert, undo
from tenure.customers.models import ChangeSet
from tenure.customers.revert import Reverted
from tenure.customers.touched import touch
from tenure.customers.undo import Undone
from tenure.customers.write import By, Pin
from tenure.sync.models import Run


def change_set_of(run: Run) -> ChangeSet:
    """What the run did. Raises ConfigurationError while it goes on, or when it did nothing."""
    if run.is_active:
        raise ConfigurationError(
            f"Run {run.pk} of {run.site.subdomain} is still going on.",
            next_step="Wait for its end, or stop it; then take it back.",
        )
    if run.change_set is None:
        raise ConfigurationError(
            f"Run {run.pk} of {run.site.subdomain} changed nothing.",
            next_step="There is nothing to take back.",
        )
    return run.change_set


def revert_run(run: Run, by: By, now: datetime, *, pin: Pin | None = None) -> Reverted:
    """Put back what the run replaced, and see that the numbers follow. Raises ConfigurationError."""
    change_set = change_set_of(run)
    with transaction.atomic():
        done = revert.revert(change_set, by, now, pin=pin)
        touch(done.accounts, now)
    return done


def undo_last(member: Member, now: datetime) -> Undone:
    """Take back the member's newest change, and see that the numbers follow."""
    with transaction.atomic():
        done = undo.undo_last(member, now)
        touch(set(done.accounts), now)
    return done


def undo_one(change_set: ChangeSet, by: By, now: datetime) -> Undone:
    """Take back what a person changed, and see that the numbers follow."""
    with transaction.atomic():
        done = undo.undo(change_set, by, now)
        touch(set(done.accounts), now)
    return done
