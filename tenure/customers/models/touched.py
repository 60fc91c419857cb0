"""Accounts that something was changed of, until everything computed from them has caught up."""

from django.db import models


class Touched(models.Model):
    """An account whose numbers, and what rules say of it, must be worked out again.

    Written with the change, removed with the refresh, so a crash in between loses nothing.
    """

    account_id = models.BigIntegerField(primary_key=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"account {self.account_id}"
