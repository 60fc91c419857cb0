"""Recurly's objects, one file each; a new one is a file and a line here."""

from collections.abc import Mapping

from tenure.sources.base import Stream
from tenure.sources.recurly.kind import Kind
from tenure.sources.recurly.objects import (
    accounts,
    credit_payments,
    custom_field_definitions,
    invoices,
    plans,
    subscriptions,
    transactions,
)

KINDS: Mapping[Stream, Kind] = {
    kind.stream: kind
    for kind in (
        custom_field_definitions.KIND,
        plans.KIND,
        accounts.KIND,
        subscriptions.KIND,
        invoices.KIND,
        transactions.KIND,
        credit_payments.KIND,
    )
}
