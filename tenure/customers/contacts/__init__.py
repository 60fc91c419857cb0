"""The people at a customer: whom its billing names, and whom our own people add."""

from tenure.customers.contacts.follow import follow

__all__ = ["follow"]
