"""Groups of accounts that a rule describes: who is in, since when, and why."""
