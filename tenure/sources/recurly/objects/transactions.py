"""Transactions: attempts to move money, with or without an invoice."""

from tenure.sources.base import Stream
from tenure.sources.recurly.kind import Kind
from tenure.sources.recurly.payments import attempts, transaction

KIND = Kind(Stream.TRANSACTIONS, "/transactions", attempts, transaction)
