"""Accounts: listing, reading, changing, pinning, and many at once."""

from tenure.api.resource import Resource

resource = Resource("accounts")
