"""Taking a run back: the values it replaced, the accounts it made, the links it drew."""

from datetime import datetime

from django.db import transaction

from tenure.core.errors import ConfigurationError
from tenure.customers import revert
from tenure.customers.models import ChangeSet
from tenure.customers.revert import Reverted
from tenure.customers.write import By, Pin
from tenure.sync.models import Run
from tenure.sync.touched import touch


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
