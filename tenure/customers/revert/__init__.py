"""Taking back a change set, a run's or anybody's: what it changed is put back as a new change set.

What comes back: values, names, owners, states and identifiers of accounts, which billing account is
whose, the making of accounts (they are hidden, not deleted), contacts, attributes of subscriptions.
What somebody changed since stays, and is listed as such; billing facts follow their source and are
touched only where a person had accepted them one by one. Taking back what took something back
restores it (docs/decisions/0007).
"""

from tenure.customers.revert.lines import KINDS, Counts, Line
from tenure.customers.revert.taking import (
    START,
    Cursor,
    Reverted,
    RevertedAlready,
    count,
    preview,
    revert,
    reverted_by,
)

__all__ = [
    "KINDS",
    "START",
    "Counts",
    "Cursor",
    "Line",
    "Reverted",
    "RevertedAlready",
    "count",
    "preview",
    "revert",
    "reverted_by",
]
